"""Pages of other simulators with their signals: where the curves lie, by their truth or by the shipped digitizer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from digitize.pipeline import Digitizer
from ecg.files import InputError, JsonMapping
from ecg.geometry import PageGeometry
from ecg.layout import Layout, LeadBox
from ecg.leads import STANDARD, canonical, is_known
from ecg.page import Page, Trace
from ecg.reading import Reading
from ecg.record import Record

_MM_PER_S, _MM_PER_MV = 25.0, 10.0  # how ecg-image-kit draws
_HALF_ROW_MM = 15.0
_ROW_MM = 3.0  # leads whose zero lines are nearer stand in one row
_STRIP_S = 6.0  # a longer stretch is a rhythm strip
_OFF_PX = 3.0  # the kit rounds its points to pixels; a wrong signal is off by tens
_ALIKE = 0.9  # least correlation of what was read with the signal that is said to be printed
_READ_FS_HZ = 500.0
_REACH = 30  # samples by which a column's start may have been misread


def placed_reading(page: Page, record: Record, signal: Path) -> Reading:
    """Layout and geometry as the shipped digitizer finds them, and on them the curves of the signal that is given.

    Raises InputError for a page that is refused, and for one on which another signal is read.
    """
    found = _digitizer()(page)
    given, seen = record.resample(_READ_FS_HZ).select().signal_mv, found.record.select().signal_mv
    n = min(given.shape[1], seen.shape[1])
    given, seen = given[:, :n], seen[:, :n]
    both = np.isfinite(given) & np.isfinite(seen)
    r = np.corrcoef(given[both], seen[both])[0, 1] if both.sum() > _READ_FS_HZ else np.nan
    if not r >= _ALIKE:
        raise InputError(
            f"{page.source}: what is read from it is not the signal of {signal} (correlation {r:.2f}); are they a pair?"
        )
    boxes = [_on_ink(given, found, trace, box) for trace, box in zip(found.traces, found.layout.boxes, strict=True)]
    layout = replace(found.layout, boxes=tuple(boxes))
    return Reading(record, page, found.geometry, layout, drawn_traces(record, found.geometry, layout))


def _on_ink(given: np.ndarray, found: Reading, trace: Trace, box: LeadBox) -> LeadBox:
    """The box moved to where the signal that is given [lead, sample] lies on the ink that was followed."""
    layout, lead = found.layout, box.lead.removeprefix("-")
    times_s = np.arange(round(box.t0_s * _READ_FS_HZ), round(box.t1_s * _READ_FS_HZ)) / _READ_FS_HZ
    seen = np.interp(times_s, *trace.to_signal(found.geometry, layout, box))
    signal = given[STANDARD.index(lead)] * (-1 if box.lead.startswith("-") else 1)
    best = (np.inf, 0.0, 0.0)  # spread of what remains in mV, how much later in s, how much higher in mV
    for lag in range(-_REACH, _REACH + 1):
        at = np.round(times_s * _READ_FS_HZ).astype(int) - lag
        off = seen - np.where((at >= 0) & (at < len(signal)), signal[np.clip(at, 0, len(signal) - 1)], np.nan)
        off = off[np.isfinite(off)]
        if off.size > _READ_FS_HZ / 2:
            best = min(best, (float(off.std()), lag / _READ_FS_HZ, float(np.median(off))))
    dx_mm, dy_mm = best[1] * layout.mm_per_s, -best[2] * layout.mm_per_mv * box.gain
    x0, y0, x1, y1 = box.box_mm
    return replace(box, box_mm=(x0 + dx_mm, y0 + dy_mm, x1 + dx_mm, y1 + dy_mm))


def kit_reading(page: Page, record: Record, data: JsonMapping, source: Path) -> Reading:
    """Layout and geometry by the plotted pixels that ecg-image-kit's JSON holds, for the signal of the WFDB record.

    Each lead's points are its samples in turn, so that the map from (time, mV) to px is a linear fit. Raises InputError
    where that leaves more than the rounding of pixels.
    """
    leads = [lead for lead in data["leads"] if is_known(lead["lead_name"]) and len(lead["plotted_pixels"]) > 1]
    fs_hz = float(data.get("sampling_frequency", record.fs_hz))
    spans = [(int(lead["start_sample"]) / fs_hz, int(lead["end_sample"]) / fs_hz) for lead in leads]
    if not leads:
        raise InputError(f"{source}: no lead with plotted_pixels; let ecg-image-kit store them (--store_config 2)")
    points, along = [], []
    for lead, (t0_s, t1_s) in zip(leads, spans, strict=True):
        px = np.asarray(lead["plotted_pixels"], np.float64)[:, ::-1]  # it writes (row, column)
        time_s = t0_s + np.arange(len(px)) / len(px) * (t1_s - t0_s)
        values = record[lead["lead_name"]]
        mv = np.interp(time_s, record.time_s, np.nan_to_num(values))
        points.append(px)
        along.append(np.stack([(time_s - t0_s) * _MM_PER_S, -mv * _MM_PER_MV], axis=1))
    matrix, starts = _affine(points, along)
    off = max(np.abs(a @ matrix + s - p).mean() for a, s, p in zip(along, starts, points, strict=True))
    if not off < _OFF_PX:
        raise InputError(f"{source}: its points lie {off:.0f} px off the signal of the record; are they a pair?")
    geometry = PageGeometry(np.array([[*matrix[:, 0], 0.0], [*matrix[:, 1], 0.0], [0.0, 0.0, 1.0]]))
    first_s, places_mm = min(t0 for t0, _ in spans), _in_rows(geometry.to_mm(starts))
    boxes = [
        _box(lead["lead_name"], place, t0 - first_s, t1 - first_s)
        for lead, place, (t0, t1) in zip(leads, places_mm, spans, strict=True)
    ]
    layout = Layout("ecg-image-kit", tuple(boxes), _MM_PER_S, _MM_PER_MV)
    shown = record.crop(record.start_s + first_s, layout.duration_s)
    shown = Record(shown.signal_mv, shown.fs_hz, shown.leads)
    return Reading(shown, page, geometry, layout, drawn_traces(shown, geometry, layout))


def drawn_traces(record: Record, geometry: PageGeometry, layout: Layout) -> tuple[Trace, ...]:
    """The curves of a signal where a layout prints it, one for each box."""
    return tuple(_drawn(record, geometry, layout, box) for box in layout.boxes)


def _drawn(record: Record, geometry: PageGeometry, layout: Layout, box: LeadBox) -> Trace:
    lead, sign = box.lead.removeprefix("-"), -1 if box.lead.startswith("-") else 1
    if lead not in record.leads:
        return Trace(box.lead, np.empty(0), np.empty(0), np.empty(0))
    inside = (record.time_s >= box.t0_s - 1e-9) & (record.time_s < box.t1_s - 1e-9)
    time_s, mv = record.time_s[inside], sign * record[lead][inside]
    x_mm = box.box_mm[0] + (time_s - box.t0_s) * layout.mm_per_s
    y_mm = box.baseline_mm - np.nan_to_num(mv) * layout.mm_per_mv * box.gain
    px = geometry.to_px(np.stack([x_mm, y_mm], axis=-1))
    return Trace(box.lead, px[:, 0], np.where(np.isfinite(mv), px[:, 1], np.nan), np.ones(len(px)))


def _affine(points: Sequence[np.ndarray], along: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """(matrix [2, 2], start of each lead [lead, 2]) with px = along @ matrix + start, by least squares."""
    centred = [(p - p.mean(0), a - a.mean(0)) for p, a in zip(points, along, strict=True)]
    px, mm = (np.concatenate(each) for each in zip(*centred, strict=True))
    matrix = np.linalg.lstsq(mm, px, rcond=None)[0]
    return matrix, np.array([p.mean(0) - a.mean(0) @ matrix for p, a in zip(points, along, strict=True)])


def _in_rows(places_mm: np.ndarray) -> np.ndarray:
    """Places [lead, xy] whose heights nearly agree, at their common height."""
    out = places_mm.copy()
    order = np.argsort(places_mm[:, 1])
    for row in np.split(order, np.flatnonzero(np.diff(places_mm[order, 1]) > _ROW_MM) + 1):
        out[row, 1] = places_mm[row, 1].mean()
    return out


def _box(name: str, start_mm: np.ndarray, t0_s: float, t1_s: float) -> LeadBox:
    x_mm, y_mm = start_mm.tolist()
    place = (x_mm, y_mm - _HALF_ROW_MM, x_mm + (t1_s - t0_s) * _MM_PER_S, y_mm + _HALF_ROW_MM)
    return LeadBox(canonical(name), place, t0_s, t1_s, t1_s - t0_s > _STRIP_S)


@lru_cache(maxsize=1)
def _digitizer() -> Digitizer:
    return Digitizer.load()
