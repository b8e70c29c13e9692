"""Pages without a grid: the scale comes from the calibration pulses, or from the columns if print tells the speed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from digitize.errors import UnknownLayout
from digitize.grid.deskew import level
from digitize.grid.page_view import PageView
from digitize.layout.calibration_pulse import Pulse, find_pulse
from digitize.layout.candidates import GeometryCandidate, Scale
from digitize.nets.inputs import PULSE
from digitize.stages import LocatedPage, PageHints, RowReading
from digitize.trace.column_start import length_share
from ecg.geometry import PageGeometry, project
from ecg.notes import Note
from ecg.paper import PULSE_S

_SCALES = {  # (mm/s, mm/mV) by the shape of their pulses, the most usual first
    2.0: ((25.0, 10.0), (12.5, 5.0), (50.0, 20.0)),
    1.0: ((25.0, 5.0), (50.0, 10.0)),
    4.0: ((25.0, 20.0), (12.5, 10.0)),
}
_HALF_TURN = np.diag([-1.0, -1.0, 1.0])


@dataclass(frozen=True)
class GridlessLimits:
    """How far a scale without a grid is trusted; set on simulated pages on plain paper."""

    square_px: float = 0.05  # log ratio of a pulse's height and width within which px are taken as square
    row_mm: float = 250.0  # 10 s at 25 mm/s, or 5 s at 50 mm/s: the rows of most pages are this long
    max_stretch_by_pulses: float = 0.05  # share by which columns are at most longer or shorter than pulses say
    max_stretch_by_columns: float = 0.1  # the same for rows of the usual length


_LIMITS = GridlessLimits()


@dataclass(frozen=True, eq=False)
class GridlessPage:
    """A page on which no grid was seen, `pixels` uint8 [row, col, RGB], as the page network saw it in `seen`."""

    pixels: np.ndarray
    seen: PageView
    hints: PageHints

    @cached_property
    def view(self) -> PageView:
        """What was seen but the grid: a trace of one would tell rows from none."""
        return replace(self.seen, grid=np.zeros_like(self.seen.grid))

    @cached_property
    def leveled(self) -> np.ndarray | None:
        """The matrix [3, 3] from page px to a frame in which rows run level; None without rows."""
        return level(self.view)

    @cached_property
    def pulses(self) -> list[tuple[Pulse, np.ndarray]]:
        """The pulse that is seen either way up, with the matrix [3, 3] from page px to that frame."""
        if self.leveled is None:
            return []
        turns = (self.leveled, _HALF_TURN @ self.leveled)
        return [(pulse, turn) for turn in turns if (pulse := find_pulse(self.pixels, self.view, turn))]

    def by_pulses(self) -> Iterator[GeometryCandidate]:
        """The geometries in which the clearest pulse has a usual size, the most usual first."""
        if not self.pulses:
            return
        pulse, matrix = max(self.pulses, key=lambda found: found[0].clear)
        for speed, gain in _scales(pulse, self.hints):
            geometry = _geometry(self.view, matrix, *_mm_per_px(pulse, speed, gain))
            yield GeometryCandidate(Scale.PULSES, self.view, geometry, (), speed, gain, pulse.count)

    def by_columns(self) -> GeometryCandidate:
        """The geometry in which rows have their usual length."""
        assert self.leveled is not None
        seg = self.view.seg.copy()
        seg[PULSE] = 0.0  # what is left of pulses tells no speed
        view = replace(self.view, seg=seg)
        x, _ = _ink_px(view, self.leveled).T
        mm_per_px = _LIMITS.row_mm / float(np.subtract(*np.percentile(x, (99.8, 0.2))))
        return GeometryCandidate(Scale.COLUMNS, view, _geometry(view, self.leveled, mm_per_px, mm_per_px))

    def advice(self) -> str:
        """What else was looked for on a page that is refused, and what to do."""
        count = max((pulse.count for pulse, _ in self.pulses), default=0)
        if count:
            return (
                f"calibration pulses were seen ({count}), but no known layout whose names were read has columns as "
                "long as their scale says: scan the page flat, as photos taken at a slant have no one scale, or give "
                "--layout"
            )
        return (
            "without one, calibration pulses (0 seen) or lead names with a printed paper speed have to give the "
            "scale: scan the whole page, pulses and print included"
        )


def scale_note(candidate: GeometryCandidate, found: LocatedPage) -> Note:
    """What has to be said of a scale that no grid gave."""
    if candidate.scale is Scale.PULSES and candidate.mm_per_s is not None:
        count, wide_mm = candidate.pulse_count, PULSE_S * candidate.mm_per_s
        text = (
            f"no grid was seen: the scale comes from {count} calibration pulse{'s' * (count > 1)}, taken as "
            f"{candidate.mm_per_mv:g} mm high and {wide_mm:g} mm wide, so amplitudes and times may be off by a few "
            "per cent"
        )
        return Note("scale-from-pulses", text)
    text = (
        f"no grid and no calibration pulses were seen: the scale comes from columns of the usual length at "
        f"{found.layout.mm_per_s:g} mm/s, so amplitudes and times may be off by several per cent"
    )
    return Note("scale-from-columns", text)


def length_stretched(candidate: GeometryCandidate, found: LocatedPage, rows: Sequence[RowReading]) -> GeometryCandidate:
    """The candidate that found a layout on paper in which its columns are as long as they have to be.

    A row is far longer than a pulse is wide. Only by columns px are taken as square, and the paper changes down the
    page as well. Raises UnknownLayout where the columns' ends do not tell.
    """
    by_pulses = candidate.scale is Scale.PULSES
    limit = _LIMITS.max_stretch_by_pulses if by_pulses else _LIMITS.max_stretch_by_columns
    across = length_share(rows, found.layout, limit)
    if across is None:
        raise UnknownLayout("the ends of the leads do not tell how long the columns are")
    down = 1.0 if by_pulses else across
    x0, y0, x1, y1 = found.geometry.extent_mm
    matrix = found.geometry.homography @ np.diag([across, down, 1.0])
    extent_mm = (x0 / across, y0 / down, x1 / across, y1 / down)
    return replace(candidate, geometry=replace(found.geometry, homography=matrix, extent_mm=extent_mm), words=())


def _scales(pulse: Pulse, hints: PageHints) -> Iterator[tuple[float, float]]:
    """Speeds in mm/s and gains in mm/mV that the pulse's shape allows, as far as nobody says otherwise."""
    fitting = [
        (speed, gain)
        for speed, gain in _SCALES[pulse.shape]
        if hints.mm_per_s in (None, speed) and hints.mm_per_mv in (None, gain)
    ]
    yield from fitting or [(hints.mm_per_s or 25.0, hints.mm_per_mv or 10.0)]


def _mm_per_px(pulse: Pulse, speed: float, gain: float) -> tuple[float, float]:
    """Across and down; the height is measured better, and pictures of paper seldom are stretched."""
    across, down = PULSE_S * speed / pulse.width_px, gain / pulse.height_px
    return (down if abs(np.log(across / down)) < _LIMITS.square_px else across), down


def _geometry(view: PageView, matrix: np.ndarray, across: float, down: float) -> PageGeometry:
    """The levelled frame as paper, `across` and `down` mm per px of it; what holds ink is its extent."""
    mm = _ink_px(view, matrix) * [across, down]
    extent = (*mm.min(0).tolist(), *mm.max(0).tolist())
    return PageGeometry(np.linalg.inv(np.diag([across, down, 1.0]) @ matrix), None, extent)


def _ink_px(view: PageView, matrix: np.ndarray) -> np.ndarray:
    """Where traces are in the levelled frame, px [place, (x, y)]."""
    rows, cols = np.nonzero(view.ink > 0.5)
    if not len(rows):
        rows, cols = np.nonzero(np.ones_like(view.ink))
    return project(matrix @ np.linalg.inv(view.matrix), np.stack([cols, rows], axis=-1).astype(float))
