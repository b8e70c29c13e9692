"""An explanation drawn on the twelve leads: red supports the label, blue opposes it, grey on top is Grad-CAM."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.ndimage import gaussian_filter1d

from classify.explanation.explanation import Explanation
from classify.signal.preprocessing import DURATION_S
from ecg.record import Record

_SMOOTH_S = 0.04  # single samples of a gradient flicker; a wave of the ECG lasts longer
_FULL_COLOUR_PERCENTILE = 99.0  # of the attribution
_INK, _SOFT, _GRID = "#1d2433", "#667085", "#f3dfe2"
_LABEL = {"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 1.0}


def draw(explanation: Explanation) -> Figure:
    """The printed leads at one scale over ten seconds, each with what it adds to the logit.

    Leads that are printed one after the other share a row, as on their page.
    """
    record, adds = explanation.record, explanation.per_lead()
    spans = _spans(record)
    rows = _packed(spans)
    step_mv = _row_step_mv(record.signal_mv[list(spans)])
    count = max(rows.values()) + 1
    figure = Figure(figsize=(11, 1.0 + (0.42 if count > 6 else 0.7) * count))
    axes = figure.subplots()
    heat = gaussian_filter1d(explanation.attribution, _SMOOTH_S * record.fs_hz, axis=1)
    full_colour = float(np.percentile(np.abs(heat[list(spans)]), _FULL_COLOUR_PERCENTILE)) or 1.0
    for k, (first, last) in spans.items():
        zero, start_s = -rows[k] * step_mv, first / record.fs_hz
        _paint(axes, heat[k, first:last] / full_colour, (start_s, last / record.fs_hz), zero, step_mv)
        values = record.signal_mv[k, first:last] - np.nanmedian(record.signal_mv[k])
        time_s = start_s + np.arange(values.size) / record.fs_hz
        axes.plot(time_s, zero + np.clip(values, -0.9 * step_mv, 0.9 * step_mv), color=_INK, lw=0.7)
        words = f"{record.leads[k]} {adds[record.leads[k]]:+.2f}"
        axes.text(start_s + 0.04, zero + 0.34 * step_mv, words, fontsize=7.5, color=_INK, va="center", bbox=_LABEL)
    _draw_cam(axes, explanation, 0.62 * step_mv, step_mv)
    _frame(axes, step_mv, count)
    return figure


def _spans(record: Record) -> dict[int, tuple[int, int]]:
    """(first, past last) sample of every lead that is printed."""
    found = {}
    for k, values in enumerate(record.signal_mv):
        there = np.flatnonzero(np.isfinite(values))
        if there.size:
            found[k] = (int(there[0]), int(there[-1]) + 1)
    return found


def _packed(spans: Mapping[int, tuple[int, int]]) -> dict[int, int]:
    """A row for every lead: the first in which nothing else is printed at its time."""
    rows: list[list[tuple[int, int]]] = []
    chosen = {}
    for k, (first, last) in spans.items():
        free = (n for n, row in enumerate(rows) if all(last <= a or b <= first for a, b in row))
        number = next(free, len(rows))
        if number == len(rows):
            rows.append([])
        rows[number].append((first, last))
        chosen[k] = number
    return chosen


def _row_step_mv(signal_mv: np.ndarray) -> float:
    """Room for most of what most leads do; taller waves are cut off."""
    reach = np.nanpercentile(signal_mv, 99.5, axis=1) - np.nanpercentile(signal_mv, 0.5, axis=1)
    return float(np.clip(np.nanpercentile(reach, 75), 0.3, 4.0))


def _paint(axes: Axes, heat: np.ndarray, span_s: tuple[float, float], zero: float, step_mv: float) -> None:
    extent = (*span_s, zero - step_mv / 2, zero + step_mv / 2)
    axes.imshow(heat[None], cmap="RdBu_r", vmin=-1.6, vmax=1.6, extent=extent, aspect="auto", interpolation="bilinear")


def _draw_cam(axes: Axes, explanation: Explanation, zero: float, step_mv: float) -> None:
    cam, (with_map, networks) = explanation.cam, explanation.cam_of
    words = "Grad-CAM" if cam is not None else "Grad-CAM: nothing in time supports it"
    if with_map < networks:
        words += f" ({networks - with_map} of {networks} networks without a convolution left out)"
    if cam is not None:
        extent = (0.0, DURATION_S, zero, zero + 0.3 * step_mv)
        axes.imshow(cam[None], cmap="Greys", vmin=0, vmax=1.2, extent=extent, aspect="auto")
    axes.text(0, zero + 0.36 * step_mv, words, fontsize=8, color=_SOFT, va="bottom")


def _frame(axes: Axes, step_mv: float, rows: int) -> None:
    for second in np.arange(0, DURATION_S + 0.1, 0.2):
        axes.axvline(second, color=_GRID, lw=0.4, zorder=-1)
    axes.set(xlim=(0, DURATION_S), ylim=(-(rows - 0.4) * step_mv, 1.3 * step_mv), yticks=[])
    axes.set_xticks(np.arange(0, DURATION_S + 1), [f"{second:.0f} s" for second in np.arange(0, DURATION_S + 1)])
    axes.tick_params(labelsize=8, colors=_SOFT, length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
