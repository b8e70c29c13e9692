"""An explanation drawn on the twelve leads: red speaks for the label, blue against it, grey on top is Grad-CAM."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import gaussian_filter1d

from classify.prepare import DURATION_S

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from classify.explain import Explanation

_SMOOTH_S = 0.04  # single samples of a gradient flicker; a wave of the ECG lasts longer
_BRIGHTEST = 99.0  # percentile of the attribution that gets the full colour
_INK, _GRID = "#1d2433", "#f3dfe2"


def draw(explanation: Explanation) -> Figure:
    """One row for each printed lead over ten seconds, at one scale, with what it adds to the logit at its right."""
    from matplotlib.figure import Figure

    record = explanation.record
    printed = [k for k in range(len(record.leads)) if np.isfinite(record.signal_mv[k]).any()]
    step_mv = _row_step_mv(record.signal_mv[printed])
    figure = Figure(figsize=(11, 1.0 + 0.42 * len(printed)))
    axes = figure.subplots()
    heat = gaussian_filter1d(explanation.attribution, _SMOOTH_S * record.fs_hz, axis=1)
    brightest = float(np.percentile(np.abs(heat[printed]), _BRIGHTEST)) or 1.0
    adds = explanation.per_lead()
    for row, k in enumerate(printed):
        zero = -row * step_mv
        _paint(axes, heat[k] / brightest, zero, step_mv)
        values = record.signal_mv[k] - np.nanmedian(record.signal_mv[k])
        time_s = np.arange(values.size) / record.fs_hz
        axes.plot(time_s, zero + np.clip(values, -0.9 * step_mv, 0.9 * step_mv), color=_INK, lw=0.7)
        axes.text(-0.12, zero, record.leads[k], ha="right", va="center", fontsize=9, color=_INK)
        axes.text(10.1, zero, f"{adds[record.leads[k]]:+.2f}", va="center", fontsize=8, color="#667085")
    _attention(axes, explanation.cam, 0.62 * step_mv, step_mv)
    _frame(axes, step_mv, len(printed))
    return figure


def _row_step_mv(signal_mv: np.ndarray) -> float:
    """Room for most of what most leads do; taller waves are cut off."""
    reach = np.nanpercentile(signal_mv, 99.5, axis=1) - np.nanpercentile(signal_mv, 0.5, axis=1)
    return float(np.clip(np.nanpercentile(reach, 75), 0.3, 4.0))


def _paint(axes: Axes, heat: np.ndarray, zero: float, step_mv: float) -> None:
    extent = (0.0, DURATION_S, zero - step_mv / 2, zero + step_mv / 2)
    axes.imshow(heat[None], cmap="RdBu_r", vmin=-1.6, vmax=1.6, extent=extent, aspect="auto", interpolation="bilinear")


def _attention(axes: Axes, cam: np.ndarray | None, zero: float, step_mv: float) -> None:
    words = "Grad-CAM" if cam is not None else "Grad-CAM: nothing in time speaks for it"
    if cam is not None:
        extent = (0.0, DURATION_S, zero, zero + 0.3 * step_mv)
        axes.imshow(cam[None], cmap="Greys", vmin=0, vmax=1.2, extent=extent, aspect="auto")
    axes.text(0, zero + 0.36 * step_mv, words, fontsize=8, color="#667085", va="bottom")


def _frame(axes: Axes, step_mv: float, rows: int) -> None:
    for second in np.arange(0, DURATION_S + 0.1, 0.2):
        axes.axvline(second, color=_GRID, lw=0.4, zorder=-1)
    axes.set(xlim=(0, DURATION_S), ylim=(-(rows - 0.4) * step_mv, 1.3 * step_mv), yticks=[])
    axes.set_xticks(np.arange(0, DURATION_S + 1), [f"{second:.0f} s" for second in np.arange(0, DURATION_S + 1)])
    axes.tick_params(labelsize=8, colors="#667085", length=0)
    axes.text(10.1, 0.62 * step_mv, "adds", fontsize=8, color="#667085")
    for spine in axes.spines.values():
        spine.set_visible(False)
