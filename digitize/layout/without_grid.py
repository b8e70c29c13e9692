"""Pages without a grid: the scale comes from the calibration pulses, or from the columns if print tells the speed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from digitize.grid.deskew import level
from digitize.grid.page_view import View
from digitize.layout.calibration_pulse import Pulse, find_pulse
from digitize.nets.inputs import PULSE
from digitize.pipeline import Located, NoGrid, NotAnEcg
from digitize.trace.calibration import length_share
from digitize.trace.row_reading import RowReading
from ecg.geometry import PageGeometry, project
from ecg.reading import Page

Told = tuple[float | None, float | None]  # speed in mm/s and gain in mm/mV, None where nobody says

_PULSE_S = 0.2
_SCALES = {  # speeds and gains by the shape of their pulses, the most usual first
    2.0: ((25.0, 10.0), (12.5, 5.0), (50.0, 20.0)),
    1.0: ((25.0, 5.0), (50.0, 10.0)),
    4.0: ((25.0, 20.0), (12.5, 10.0)),
}
_SQUARE = 0.05  # px are taken as square where the pulse's height and width agree within this
_PAGE_MM = 250.0  # 10 s at 25 mm/s, or 5 s at 50 mm/s: so long are the rows of most pages
_OFF_BY_PULSE, _OFF_BY_LENGTH = 0.05, 0.1  # columns are longer or shorter than a first map says by so much at most
_TURNED = np.diag([-1.0, -1.0, 1.0])


@dataclass(frozen=True, eq=False)
class Road:
    """What is done with a map: `lay_on` finds the layout that a view shows on it, `read` reads the rows of that.

    `is_given` tells whether the layout is known, so that no names have to confirm it.
    """

    lay_on: Callable[[View, PageGeometry], Located | NotAnEcg]
    read: Callable[[Located], list[RowReading]]
    is_given: bool


def locate(page: Page, view: View, road: Road, told: Told, refusal: NoGrid) -> Located:
    """The layout on a page without a grid, with a warning. Raises NotAnEcg where nothing gives an honest scale."""
    view = replace(view, grid=np.zeros_like(view.grid))  # a trace of a grid would tell rows from none
    matrix = level(view)
    if matrix is None:
        raise refusal
    turns = (matrix, _TURNED @ matrix)
    pulses = [(pulse, turn) for turn in turns if (pulse := find_pulse(page.pixels, view, turn))]
    found = None
    if pulses:
        found = _by_pulse(view, road, told, *max(pulses, key=lambda seen: seen[0].clear))
    found = found or _by_length(view, road, told, matrix)
    if found is None:
        raise NotAnEcg(f"{refusal}; {_in_vain(max((pulse.count for pulse, _ in pulses), default=0))}")
    return found


def _in_vain(count: int) -> str:
    """What else was looked for on a page that is refused, and what to do."""
    if count:
        return (
            f"calibration pulses were seen ({count}), but no known layout whose names were read has columns as long as "
            "their scale says: scan the page flat, as photos taken at a slant have no one scale, or give --layout"
        )
    return (
        "without one, calibration pulses (0 seen) or lead names with a printed paper speed have to give the scale: "
        "scan the whole page, pulses and print included"
    )


def _by_pulse(view: View, road: Road, told: Told, pulse: Pulse, matrix: np.ndarray) -> Located | None:
    """The layout on the map in which the pulses have a usual size, where the columns confirm it."""
    for speed, gain in _scales(pulse, told):
        found = road.lay_on(view, _map(view, matrix, *_mm_per_px(pulse, speed, gain)))
        if isinstance(found, Located) and found.layout.mm_per_s == speed and (found.is_named or road.is_given):
            said = (
                f"no grid was seen: the scale comes from {pulse.count} calibration pulse{'s' * (pulse.count > 1)}, "
                f"taken as {gain:g} mm high and {_PULSE_S * speed:g} mm wide, so amplitudes and times may be off by a "
                "few per cent"
            )
            return _refined(_with(found, gain, said), view, road, _OFF_BY_PULSE, is_square=False)
    return None


def _scales(pulse: Pulse, told: Told) -> Iterator[tuple[float, float]]:
    """Speeds in mm/s and gains in mm/mV that the pulse's shape allows, as far as nobody says otherwise."""
    fitting = [
        pair
        for pair in _SCALES[pulse.shape]
        if all(wanted in (None, value) for wanted, value in zip(told, pair, strict=True))
    ]
    yield from fitting or [(told[0] or 25.0, told[1] or 10.0)]


def _mm_per_px(pulse: Pulse, speed: float, gain: float) -> tuple[float, float]:
    """Across and down; the height is measured better, and pictures of paper seldom are stretched."""
    across, down = _PULSE_S * speed / pulse.width_px, gain / pulse.height_px
    return (down if abs(np.log(across / down)) < _SQUARE else across), down


def _by_length(view: View, road: Road, told: Told, matrix: np.ndarray) -> Located | None:
    """The layout on the map in which rows have their usual length, where names confirm it and the speed is known."""
    seg = view.seg.copy()
    seg[PULSE] = 0.0  # what is left of pulses tells no speed
    view = replace(view, seg=seg)
    x, _ = _ink(view, matrix).T
    mm_per_px = _PAGE_MM / float(np.subtract(*np.percentile(x, (99.8, 0.2))))
    found = road.lay_on(view, _map(view, matrix, mm_per_px, mm_per_px))
    if isinstance(found, NotAnEcg) or not found.is_named or not (found.knows_speed or told[0]):
        return None
    said = (
        f"no grid and no calibration pulses were seen: the scale comes from columns of the usual length at "
        f"{found.layout.mm_per_s:g} mm/s, so amplitudes and times may be off by several per cent"
    )
    return _refined(_with(found, found.layout.mm_per_mv, said), view, road, _OFF_BY_LENGTH)


def _refined(found: Located, view: View, road: Road, off: float, *, is_square: bool = True) -> Located | None:
    """The same on the map in which the columns are as long as they have to be; None where their ends do not tell.

    A row is far longer than a pulse is wide. Where px are square the map changes down the page as well.
    """
    share = length_share(road.read(found), found.layout, off)
    if share is None:
        return None
    down = share if is_square else 1.0
    x0, y0, x1, y1 = found.geometry.extent_mm
    matrix = found.geometry.homography @ np.diag([share, down, 1.0])
    geometry = replace(found.geometry, homography=matrix, extent_mm=(x0 / share, y0 / down, x1 / share, y1 / down))
    again = road.lay_on(view, geometry)
    if isinstance(again, NotAnEcg) or (again.layout.name, again.is_named) != (found.layout.name, found.is_named):
        return None
    return _with(again, found.layout.mm_per_mv, found.warnings[0])


def _with(found: Located, mm_per_mv: float, said: str) -> Located:
    return replace(found, layout=replace(found.layout, mm_per_mv=mm_per_mv), warnings=(said, *found.warnings))


def _map(view: View, matrix: np.ndarray, across: float, down: float) -> PageGeometry:
    """The levelled frame as paper, `across` and `down` mm per px of it; what holds ink is its extent."""
    mm = _ink(view, matrix) * [across, down]
    extent = (*mm.min(0).tolist(), *mm.max(0).tolist())
    return PageGeometry(np.linalg.inv(np.diag([across, down, 1.0]) @ matrix), None, extent)


def _ink(view: View, matrix: np.ndarray) -> np.ndarray:
    """Where traces are in the levelled frame, px [place, (x, y)]."""
    rows, cols = np.nonzero(view.ink > 0.5)
    if not len(rows):
        rows, cols = np.nonzero(np.ones_like(view.ink))
    return project(matrix @ np.linalg.inv(view.matrix), np.stack([cols, rows], axis=-1).astype(float))
