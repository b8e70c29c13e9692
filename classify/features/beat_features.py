"""What tells a beat from the usual beats of its own recording: its intervals and its shape, as numbers without unit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_NEIGHBOURS = 5  # intervals on either side
_QRS_S = 0.12  # on either side of the R peak


def rr_features(beats_s: Sequence[float] | np.ndarray) -> np.ndarray:
    """Per beat: RR before, after and of the ten around it over the mean of the recording; the RR before the last one
    over those around.

    After de Chazal et al., 2004, each as a ratio, so that a slow heart and a quick one look alike. `beats_s` are the
    times of all beats; float [beat, 4], NaN where there is no such interval.
    """
    rr_s = np.diff(np.asarray(beats_s, float))
    before_s, after_s = np.concatenate([[np.nan], rr_s]), np.concatenate([rr_s, [np.nan]])
    around_s = np.array(
        [_mean(before_s[max(0, k - _NEIGHBOURS + 1) : k + _NEIGHBOURS + 1]) for k in range(len(before_s))]
    )
    earlier_s = np.concatenate([[np.nan], before_s[:-1]])
    record_s = _mean(rr_s)
    return np.stack([before_s / record_s, after_s / record_s, around_s / record_s, earlier_s / around_s], axis=1)


def shape_features(signal: np.ndarray, fs_hz: float, beats_s: Sequence[float] | np.ndarray) -> np.ndarray:
    """Per beat and lead: correlation of its QRS with the recording's median QRS, and log2 of their sizes' ratio.

    `signal` is [lead, sample] from time 0 on; float [beat, 2 * lead], first all correlations, then all sizes; NaN for a
    beat with a gap in that lead, and for a lead that is not there.
    """
    reach = round(_QRS_S * fs_hz)
    padded = np.pad(signal.astype(np.float32), ((0, 0), (reach, reach)), mode="edge")
    first = np.clip(np.round(np.asarray(beats_s) * fs_hz).astype(int), 0, signal.shape[1] - 1)
    qrs = padded[:, first[:, None] + np.arange(2 * reach)]
    qrs -= qrs.mean(-1, keepdims=True)
    usual = _median_of_known(qrs)
    size, usual_size = np.linalg.norm(qrs, axis=-1), np.linalg.norm(usual, axis=-1)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        likeness = np.einsum("lbs,ls->lb", qrs, usual) / (size * usual_size)
        ratio = np.log2(size / usual_size)
    found = np.concatenate([likeness, ratio]).T
    return np.where(np.isfinite(found), found, np.nan)


def _median_of_known(qrs: np.ndarray) -> np.ndarray:
    """The median [lead, sample] of the beats [lead, beat, sample] without a gap; NaN for a lead that has none."""
    usual = np.full((len(qrs), qrs.shape[-1]), np.nan, qrs.dtype)
    for row, beats in zip(usual, qrs, strict=True):
        known = beats[np.isfinite(beats).all(-1)]
        if len(known):
            row[:] = np.median(known, axis=0)
    return usual


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")
