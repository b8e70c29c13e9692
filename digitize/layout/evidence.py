"""What stands where on the paper: rows of traces, their ink, the words beside them, the calibration pulses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import cv2
import numpy as np

from digitize.errors import UnknownLayout
from digitize.grid.page_view import PageView
from digitize.layout.printed_numbers import printed_gain_pair, printed_number
from digitize.layout.printed_words import PrintedWord
from digitize.layout.pulse_map import pulse_pitch_mm, pulse_width_mm
from digitize.layout.zero_lines import PX_PER_MM, STEP_MM, find_rows, reach_mm
from digitize.nets.inputs import PULSE
from ecg.geometry import PageGeometry, project
from ecg.paper import PULSE_S


@dataclass(frozen=True)
class EvidenceLimits:
    """What belongs to a page's traces; set on simulated pages and on scans of machines' pages."""

    name_above_mm: float = 16.0  # a lead's name stands so far above its zero line at most
    name_below_mm: float = 11.0  # a lead's name stands so far below its zero line at most
    room_mm: tuple[float, float] = (25.0, 12.0)  # beside and above the traces, for pulses and names
    max_spread_mm: float = 900.0  # traces that spread further were seen on a grid that was misread
    min_ink_px: int = 50  # of the page network's map, less than which are no traces
    far_rows: float = 1.6  # two rows this many usual distances apart may have another between them
    min_pulse: float = 0.3  # of the pulses' map, from which on a row shows one; a single row of several tells no speed
    min_inked: float = 0.4  # share of a row's usual ink that another row between two has at least


_LIMITS = EvidenceLimits()


def is_beside_line(below_mm: np.ndarray | float) -> np.ndarray | bool:
    """Whether something so far below a zero line stands where lead names do."""
    return (below_mm > -_LIMITS.name_above_mm) & (below_mm < _LIMITS.name_below_mm)


@dataclass(frozen=True, eq=False)
class Evidence:
    """What was seen: the rows' zero lines, `ink` [row, x] (any trace near the row, 0..1), and the words.

    The rows stand from the top, or in a template's order. `flat` [y, x] is all ink on the paper; x and y run in steps
    of 1/2 mm from `x0_mm` and `y0_mm`.
    `pulse_width_mm` is 5 or 10, NaN where no calibration pulse was seen well; `pulse_pitch_mm` tells how far apart
    pulses stand along the rows, NaN where there are not several.
    """

    baselines_mm: np.ndarray
    ink: np.ndarray
    words: tuple[PrintedWord, ...]
    flat: np.ndarray
    x0_mm: float
    y0_mm: float
    pulse_width_mm: float = float("nan")
    pulse_pitch_mm: float = float("nan")

    def names(self) -> list[PrintedWord]:
        """The words that are lead names, along the rows."""
        left, right = self.x0_mm, self.x0_mm + self.ink.shape[1] * STEP_MM
        top, bottom = self.baselines_mm.min() - _LIMITS.name_above_mm, self.baselines_mm.max() + _LIMITS.name_below_mm
        return [w for w in self.words if w.is_lead and left < w.x_mm < right and top < w.y_mm < bottom]

    def only(self, rows: Sequence[int]) -> Evidence:
        """The same with some of the rows."""
        return replace(self, baselines_mm=self.baselines_mm[list(rows)], ink=self.ink[list(rows)])

    def with_missing_row(self) -> Iterator[Evidence]:
        """The same with one row more: above, below, or where two rows stand too far apart."""
        lines = self.baselines_mm
        if len(lines) < 2:
            return
        apart = np.diff(lines)
        wide = [(a + b) / 2 for a, b in pairwise(lines) if b - a > _LIMITS.far_rows * apart.min()]
        reach = round(PX_PER_MM * float(np.median(apart)) / 3)
        for guess in (lines[0] - np.median(apart), lines[-1] + np.median(apart), *wide):
            top = max(0, round((guess - self.y0_mm) * PX_PER_MM) - reach)
            band = self.flat[top : top + 2 * reach]
            if band.size and band.max(0).mean() > _LIMITS.min_inked * np.median(self.ink.mean(1)):
                line = self.y0_mm + (top + int(np.argmax(band.sum(1))) + 0.5) / PX_PER_MM
                if np.abs(lines - line).min() > apart.min() / 2:
                    at = int(np.searchsorted(lines, line))
                    ink = np.insert(self.ink, at, band.max(0), axis=0)
                    yield replace(self, baselines_mm=np.insert(lines, at, line), ink=ink)

    def printed_number(self, unit: str) -> float | None:
        """The number that is printed with a unit (mm/s, mm/mV), None where none can clearly be read."""
        return printed_number(self.words, unit)

    def pulse_mm_per_s(self) -> float | None:
        """The speed that the pulses' width shows; None where no pulse was seen well."""
        return self.pulse_width_mm / PULSE_S if np.isfinite(self.pulse_width_mm) else None

    def seen_mm_per_s(self) -> float | None:
        """The speed that the print or else the pulses show; None where neither does."""
        return self.printed_number("mm/s") or self.pulse_mm_per_s()

    def chest_gain(self) -> float:
        """The chest leads' share of the gain: half where the print says so, beside the gain of the limb leads."""
        gains = printed_gain_pair(self.words)
        return gains[1] / gains[0] if gains else 1.0

    def reach_mm(self, baselines_mm: Sequence[float]) -> list[float]:
        """How far the ink that starts near each row's zero line goes straight up or down from it, mm."""
        return reach_mm(self.flat, self.y0_mm, baselines_mm)


def seen_window(view: PageView, geometry: PageGeometry) -> tuple[float, float, float, float]:
    """The paper from the first to the last trace, with room for pulses and names: (x0, y0, x1, y1) in mm."""
    rows, cols = np.nonzero(view.ink > 0.5)
    if len(rows) < _LIMITS.min_ink_px:
        raise UnknownLayout("no ECG traces were found on the page", "no-rows")
    page_px = project(np.linalg.inv(view.matrix), np.stack([cols, rows], axis=-1).astype(float))
    mm = geometry.to_mm(page_px)
    low, high = (
        np.percentile(mm, 0.2, axis=0) - np.array(_LIMITS.room_mm),
        np.percentile(mm, 99.8, axis=0) + np.array(_LIMITS.room_mm),
    )
    if (high - low).max() > _LIMITS.max_spread_mm:
        wide = f"{(high - low).max():.0f} mm"
        raise UnknownLayout(f"the traces seem to spread over {wide}: the grid was misread", "grid-misread")
    return (*low.tolist(), *high.tolist())


def gather(view: PageView, geometry: PageGeometry, words: Sequence[PrintedWord] = ()) -> Evidence:
    """Find the rows and what stands along each, in paper mm. Raises UnknownLayout when there is no row."""
    x0, y0, x1, y1 = seen_window(view, geometry)
    cols, rows = round((x1 - x0) * PX_PER_MM), round((y1 - y0) * PX_PER_MM)
    mm = np.stack(np.meshgrid(x0 + (np.arange(cols) + 0.5) / PX_PER_MM, y0 + (np.arange(rows) + 0.5) / PX_PER_MM), -1)
    where = project(view.matrix, geometry.to_px(mm)).astype(np.float32)

    def flat(plane: np.ndarray) -> np.ndarray:
        return cv2.remap(
            plane, where[..., 0], where[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0
        )

    ink = flat(view.ink)
    lines = find_rows(flat(view.baseline), ink, flat(view.grid))
    if not len(lines):
        raise UnknownLayout("no ECG rows were found on the page", "no-rows")
    bounds = np.concatenate([[0], (lines[1:] + lines[:-1]) / 2, [rows]])
    bands = np.stack([ink[int(a) : max(int(a) + 1, int(b))].max(0) for a, b in pairwise(bounds)])
    pulse = flat(view.seg[PULSE])
    shown = sum(bool(pulse[int(a) : max(int(a) + 1, int(b))].max() > _LIMITS.min_pulse) for a, b in pairwise(bounds))
    width = pulse_width_mm(pulse) if shown > 1 or len(lines) == 1 else float("nan")
    pitch = pulse_pitch_mm(pulse)
    return Evidence(y0 + (lines + 0.5) / PX_PER_MM, bands, tuple(words), ink, x0, y0, width, pitch)
