"""How close a digitized record is to the truth: signal-to-noise ratios, correlation, error and heart rate.

Everything printed counts: what was not read counts as 0 mV, so leaving out a lead or a page never helps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from digitize.evaluation.alignment import PrintedLead, offset_mv, printed_leads
from ecg.record import Record
from ecg.signal import beats

RATIO_LIMIT = 1e10  # a flawless page counts as 100 dB
KAGGLE_SHIFT_S = 0.2  # PhysioNet digitization contest on Kaggle, 2025
CHALLENGE_SHIFT_S, CHALLENGE_SHIFT_MV = 0.5, 1.0  # George B. Moody PhysioNet Challenge, 2024
MISSING_BELOW = 0.5  # a lead of which less than this share was read counts as missing


@dataclass(frozen=True)
class LeadScore:
    """The measures of one printed lead: truth and error squared and summed (mV²), the share of it that was read."""

    name: str
    samples: int
    power: float
    error: float
    share_read: float
    challenge2024_db: float
    pearson: float

    @property
    def rmse_uv(self) -> float:
        return float(1000 * np.sqrt(self.error / self.samples))


@dataclass(frozen=True)
class PageScore:
    """The measures of one page over all its printed leads."""

    ratio: float
    challenge2024_db: float
    pearson: float
    rmse_uv: float
    heart_rate_error_bpm: float
    leads: tuple[LeadScore, ...]

    @property
    def snr_db(self) -> float:
        return to_db(self.ratio)

    @property
    def missing(self) -> tuple[str, ...]:
        """The leads that count as not read."""
        return tuple(lead.name for lead in self.leads if lead.share_read < MISSING_BELOW)


def score_page(truth: Record, predicted: Record | None) -> PageScore:
    """All measures of one page; None stands for a page that was refused.

    `truth` holds NaN where nothing is printed. Raises ValueError when it holds nothing at all.
    """
    scores = [_score_lead(lead) for lead in printed_leads(truth, predicted)]
    error = sum(s.error for s in scores)
    return PageScore(
        ratio=_ratio(sum(s.power for s in scores), error),
        challenge2024_db=float(np.mean([s.challenge2024_db for s in scores])),
        pearson=_mean_of_known([s.pearson for s in scores]),
        rmse_uv=float(1000 * np.sqrt(error / sum(s.samples for s in scores))),
        heart_rate_error_bpm=_heart_rate_error(truth, predicted),
        leads=tuple(scores),
    )


def page_ratio(truth: Record, predicted: Record | None) -> float:
    """Squared truth (not centred) over squared error, both summed over all printed leads; at most `RATIO_LIMIT`.

    Each lead is first shifted in time (at most 0.2 s, by cross-correlation) and then up or down; what is not finite
    in the prediction then counts as 0 mV.
    """
    aligned = [_aligned(lead) for lead in printed_leads(truth, predicted)]
    return _ratio(sum(_squares(t) for t, _ in aligned), sum(_squares(t - np.nan_to_num(r)) for t, r in aligned))


def _aligned(lead: PrintedLead) -> tuple[np.ndarray, np.ndarray]:
    """(truth, prediction) after the shifts in time and height; NaN where nothing was read."""
    truth, read = lead.shifted(KAGGLE_SHIFT_S)
    return truth, read + offset_mv(truth, read)


def _score_lead(lead: PrintedLead) -> LeadScore:
    truth, read = _aligned(lead)
    filled = np.nan_to_num(read)
    return LeadScore(
        name=lead.name,
        samples=truth.size,
        power=_squares(truth),
        error=_squares(truth - filled),
        share_read=float(np.isfinite(read).mean()),
        challenge2024_db=_challenge_db(*lead.shifted(CHALLENGE_SHIFT_S)),
        pearson=_pearson(truth, filled),
    )


def snr_kaggle_db(ratios: Sequence[float]) -> float:
    """10 log10 of the mean of the pages' ratios; easy pages weigh most."""
    return to_db(float(np.mean(ratios)))


def snr_mean_db(ratios: Sequence[float]) -> float:
    """The mean over the pages of 10 log10 of their ratios: the headline."""
    return float(np.mean([to_db(ratio) for ratio in ratios]))


def snr_percentile_db(ratios: Sequence[float], percent: float = 5.0) -> float:
    """The decibels that all but `percent` of the pages reach."""
    return float(np.percentile([to_db(ratio) for ratio in ratios], percent))


def to_db(ratio: float) -> float:
    return float(10 * np.log10(ratio)) if ratio > 0 else float("-inf")


def aggregate(scores: Sequence[PageScore]) -> dict[str, float]:
    """The table's figures over pages (refused ones scored against None); NaN where there are no pages."""
    if not scores:
        return dict.fromkeys(_AGGREGATES, float("nan"))
    return {name: figure(scores) for name, figure in _AGGREGATES.items()}


def bootstrap(scores: Sequence[PageScore], rounds: int = 500, seed: int = 0) -> dict[str, tuple[float, float]]:
    """95 % intervals of `aggregate` when the pages are drawn anew."""
    rng = np.random.default_rng(seed)
    draws = [aggregate([scores[i] for i in rng.integers(0, len(scores), len(scores))]) for _ in range(rounds)]
    return {name: _interval([draw[name] for draw in draws]) for name in _AGGREGATES}


_AGGREGATES: Mapping[str, Callable[[Sequence[PageScore]], float]] = {
    "snr_mean_db": lambda scores: snr_mean_db([s.ratio for s in scores]),
    "snr_p5_db": lambda scores: snr_percentile_db([s.ratio for s in scores]),
    "snr_kaggle_db": lambda scores: snr_kaggle_db([s.ratio for s in scores]),
    "snr_challenge2024_db": lambda scores: float(np.mean([s.challenge2024_db for s in scores])),
    "pearson": lambda scores: _mean_of_known([s.pearson for s in scores]),
    "rmse_uv": lambda scores: float(np.mean([s.rmse_uv for s in scores])),
    "heart_rate_error_bpm": lambda scores: _mean_of_known([s.heart_rate_error_bpm for s in scores]),
    "failure_rate": lambda scores: float(np.mean([bool(s.missing) for s in scores])),
}


def _challenge_db(truth: np.ndarray, read: np.ndarray) -> float:
    """dB over what was read times the share that was read; a lead worse than 0 mV counts as a missing one: 0."""
    both = np.isfinite(read)
    if not both.any():
        return 0.0
    error = truth - read - np.clip(offset_mv(truth, read), -CHALLENGE_SHIFT_MV, CHALLENGE_SHIFT_MV)
    ratio = _ratio(_squares(truth[both]), _squares(error[both]))
    return max(0.0, to_db(ratio)) * float(both.mean())


def _squares(values: np.ndarray) -> float:
    return float(np.sum(values**2))


def _ratio(power: float, error: float) -> float:
    if error <= power / RATIO_LIMIT:
        return RATIO_LIMIT
    return power / error


def _pearson(truth: np.ndarray, read: np.ndarray) -> float:
    """NaN where the truth is flat (nothing to correlate with); 0 where only the prediction is."""
    a, b = truth - truth.mean(), read - read.mean()
    if not a.any():
        return float("nan")
    scale = np.sqrt(np.sum(a**2) * np.sum(b**2))
    return float(np.sum(a * b) / scale) if scale > 0 else 0.0


def heart_rate_bpm(record: Record) -> float:
    """The heart rate from all leads together; NaN with fewer than two beats."""
    return beats.heart_rate_bpm(beats.r_peaks(record), record.fs_hz)


def _heart_rate_error(truth: Record, predicted: Record | None) -> float:
    """In beats per minute; a rate that cannot be read counts as 0, and NaN where the truth has none."""
    read = float("nan") if predicted is None else heart_rate_bpm(predicted)
    return abs(heart_rate_bpm(truth) - (read if np.isfinite(read) else 0.0))


def _mean_of_known(values: Sequence[float]) -> float:
    known = [value for value in values if np.isfinite(value)]
    return float(np.mean(known)) if known else float("nan")


def _interval(values: Sequence[float]) -> tuple[float, float]:
    known = [value for value in values if np.isfinite(value)]
    return (float(np.percentile(known, 2.5)), float(np.percentile(known, 97.5))) if known else (np.nan, np.nan)
