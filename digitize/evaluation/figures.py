"""What `visualize` draws, one function for each view."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from digitize.evaluation.alignment import offset_mv, printed_leads
from digitize.evaluation.metrics import KAGGLE_SHIFT_S, score_page, to_db
from digitize.evaluation.network_probe import NetworkCall
from digitize.grid.rectify import flatten
from ecg.geometry import PageGeometry
from ecg.reading import Reading
from ecg.record import Record

_PX_PER_MM = 6.0
_MARGIN_MM = 5.0
_ROW_MV = 2.0  # between the zero lines of two leads drawn anew
_GRID_MM = 5.0
_TIMES = 5  # errors are drawn so many times as high


def draw_page(axes: Axes, reading: Reading) -> None:
    axes.imshow(np.asarray(reading.picture()))
    axes.set_title("what was read, over the page")
    axes.set_axis_off()


def draw_grid(axes: Axes, reading: Reading) -> None:
    """Every 5 mm line as the geometry has it, over the page's own pixels."""
    axes.imshow(reading.page.pixels, alpha=0.6)
    x0, y0, x1, y1 = np.array(reading.layout.extent_mm) + np.array([-1, -1, 1, 1]) * _MARGIN_MM
    for x in np.arange(np.ceil(x0 / _GRID_MM), x1 / _GRID_MM) * _GRID_MM:
        _line_mm(axes, reading.geometry, np.stack([np.full(40, x), np.linspace(y0, y1, 40)], axis=-1))
    for y in np.arange(np.ceil(y0 / _GRID_MM), y1 / _GRID_MM) * _GRID_MM:
        _line_mm(axes, reading.geometry, np.stack([np.linspace(x0, x1, 40), np.full(40, y)], axis=-1))
    width, height = reading.page.size_px
    axes.set_xlim(-0.5, width - 0.5)
    axes.set_ylim(height - 0.5, -0.5)
    error = reading.geometry.error_mm
    axes.set_title("the grid found: a line every 5 mm" + (f", usually within {error:.2f} mm" if error == error else ""))
    axes.set_axis_off()


def _line_mm(axes: Axes, geometry: PageGeometry, points_mm: np.ndarray) -> None:
    axes.plot(*geometry.to_px(points_mm).T, color="tab:blue", linewidth=0.4)


def straighten(reading: Reading, px_per_mm: float = _PX_PER_MM) -> tuple[np.ndarray, tuple[float, float, float, float]]:
    """The printed area at an even scale (uint8 RGB) and its place on the paper in mm (x0, y0, x1, y1)."""
    x0, y0, x1, y1 = (np.array(reading.layout.extent_mm) + np.array([-1, -1, 1, 1]) * _MARGIN_MM).tolist()
    return flatten(reading.page.pixels, reading.geometry, (x0, y0, x1, y1), px_per_mm), (x0, y0, x1, y1)


def draw_straight(axes: Axes, reading: Reading) -> None:
    straight, (x0, y0, x1, y1) = straighten(reading)
    axes.imshow(straight, extent=(x0, x1, y1, y0), interpolation="antialiased")
    for box in reading.layout.boxes:
        left, _, right, _ = box.box_mm
        axes.plot([left, right], [box.baseline_mm] * 2, color="tab:blue", linewidth=0.6)
        axes.annotate(box.lead, (left, box.baseline_mm), color="tab:blue", fontsize=8, va="bottom")
    axes.set_xticks(np.arange(np.ceil(x0 / 25) * 25, x1, 25))
    axes.set_yticks(np.arange(np.ceil(y0 / 25) * 25, y1, 25))
    axes.grid(color="tab:blue", linewidth=0.7, alpha=0.9)
    axes.set_title("the page made straight; lines every 25 mm must lie along the paper's own")
    axes.set_xlabel("mm")


def draw_leads(axes: Axes, record: Record, truth: Record | None = None) -> None:
    """The leads below each other on a grid of 0.2 s by 0.5 mV, gaps where nothing was printed; with the truth behind
    them and the error below where that is known, each lead laid over it first.
    """
    offsets = -_ROW_MV * np.arange(len(record.leads))
    for lead, offset in zip(record.leads, offsets, strict=True):
        axes.plot(record.time_s, record[lead] + offset, color="black", linewidth=0.8)
    axes.set_yticks(offsets, record.leads)
    axes.set_yticks(np.arange(offsets[-1] - _ROW_MV, _ROW_MV + 0.1, 0.5), minor=True)
    axes.set_xticks(np.arange(0, record.duration_s + 0.1, 1.0))
    axes.set_xticks(np.arange(0, record.duration_s + 0.1, 0.2), minor=True)
    axes.grid(which="both", color="#f0a0a0", linewidth=0.5)
    axes.set_xlim(record.start_s, record.start_s + record.duration_s)
    axes.set_ylim(offsets[-1] - _ROW_MV, _ROW_MV)
    axes.set_xlabel("s")
    axes.set_title("the signal; one square is 0.2 s by 0.5 mV")
    if truth is not None:
        _draw_errors(axes, record, truth)


def _draw_errors(axes: Axes, record: Record, truth: Record) -> None:
    """The truth in green, and in red the error after each lead's shift in time and height, drawn larger."""
    score = score_page(truth, record)
    for lead, own in zip(printed_leads(truth, record), score.leads, strict=True):
        offset = -_ROW_MV * record.leads.index(lead.name)
        time_s = truth.time_s[np.flatnonzero(np.isfinite(truth[lead.name]))]
        wanted, read = lead.shifted(KAGGLE_SHIFT_S)
        error = read + offset_mv(wanted, read) - wanted
        axes.plot(time_s, wanted + offset, color="tab:green", linewidth=0.8, zorder=1)
        axes.plot(time_s, _TIMES * error + offset - _ROW_MV / 2, color="tab:red", linewidth=0.6)
        figure = f"{to_db(own.power / max(own.error, 1e-12)):.1f} dB, {own.rmse_uv:.0f} µV"
        axes.annotate(figure, (time_s[0], offset - 0.4 * _ROW_MV), color="tab:red", fontsize=8)
    axes.set_title(f"the signal (black), the truth (green), {_TIMES} x the error (red): {score.snr_db:.1f} dB")


def draw_heads(ink: Axes, crossings: Axes, baseline: Axes, seen: NetworkCall) -> None:
    """What the page pass saw: the leads it takes each pixel for, grid crossings and zero lines over the picture."""
    kind = np.ma.masked_equal(seen.outputs["seg"].argmax(0), 0)
    for axes, words in ((ink, "leads, pulses and words"), (crossings, "grid crossings"), (baseline, "zero lines")):
        axes.imshow(seen.image)
        axes.set_title(f"page pass: {words}")
        axes.set_axis_off()
    ink.imshow(kind, cmap="tab20", alpha=0.9, interpolation="nearest", vmin=1, vmax=20)
    for axes, name in ((crossings, "grid"), (baseline, "baseline")):
        axes.imshow(_sigmoid(seen.outputs[name][0]), cmap="magma", alpha=0.75, vmin=0, vmax=1)


def draw_row(strip: Axes, distributions: Axes, seen: NetworkCall, number: int) -> None:
    """A row as the row pass saw it, and for every column its distribution over the height with its mean."""
    share = _softmax(seen.outputs["signal"][0])
    rows, columns = share.shape
    extent = (-0.5, seen.image.shape[1] - 0.5, rows - 0.5, -0.5)
    strip.imshow(seen.image, aspect="auto", extent=extent)
    strip.set_title(f"row {number}, as the row pass saw it")
    distributions.imshow(np.log10(share + 1e-4), aspect="auto", extent=extent, cmap="magma", vmin=-4, vmax=0)
    x = (np.arange(columns) + 0.5) * seen.image.shape[1] / columns - 0.5
    there = _sigmoid(seen.outputs["signal_valid"][0])
    peak = np.where(there > 0.5, share.argmax(0), np.nan)
    distributions.plot(x, peak, color="cyan", linewidth=0.4)
    distributions.plot(x, (rows - 1) * (1 - there), color="lime", linewidth=0.6)
    distributions.set_title(
        "its distributions over the height (log), their peak (blue), whether a trace is there (green)"
    )
    for axes in (strip, distributions):
        axes.set_axis_off()


def _softmax(logits: np.ndarray) -> np.ndarray:
    """Shares along the first axis."""
    share = np.exp(logits - logits.max(0))
    return share / share.sum(0)


def _sigmoid(logits: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-logits))
