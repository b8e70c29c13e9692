"""`Digitizer`: the road from a page to a `Reading`, in five calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ecg.geometry import PageGeometry
from ecg.layout import Layout, LeadBox, Template
from ecg.leads import limb_residual_mv
from ecg.reading import Page, Reading, Trace, traces_to_record

if TYPE_CHECKING:
    from digitize.page.locate import Evidence, Match
    from digitize.page.see import View
    from digitize.trace.row import RowReading

_MARGIN_MM = 20.0
_HALF_STRIP_MM = 20.0
_NAMED = 0.5  # leads count as recognised when this much of the ink was seen as theirs
_LAST_SAMPLE_S = 0.002  # a printed lead ends with its last sample, one step before the next one begins
_LIMB_LIMIT_MV = 0.15


class NotAnEcg(ValueError):
    """A page that is refused; the message says what was seen and what to do."""


@dataclass(frozen=True, eq=False)
class Digitizer:
    """The two trained passes; call it with a `Page` to get a `Reading`."""

    page_net: Any
    row_net: Any
    page_size_px: tuple[int, int]
    weights: dict[str, str]

    @classmethod
    def load(cls, device: str = "cpu") -> Digitizer:
        """The shipped weights."""
        from digitize.weights import load_pass

        page, row = load_pass("page", device), load_pass("row", device)
        names = {"page": page.version, "row": row.version}
        return cls(page.net, row.net, page.size_px, names)

    def __call__(
        self,
        page: Page,
        layout: Template | str | None = None,
        mm_per_s: float | None = None,
        mm_per_mv: float | None = None,
    ) -> Reading:
        """Read a page; layout, speed and gain are found unless given. Raises NotAnEcg for a page that is refused.

        Where the file draws its curves itself, these are the traces; everything else is read from the pixels.
        """
        if page.drawing is not None:
            from digitize.page.vector import NotDrawn, read_drawing

            try:
                return read_drawing(page, layout, mm_per_s, mm_per_mv)
            except NotDrawn as error:
                page = replace(page, notes=(*page.notes, f"read from its pixels, because {error}"))
        geometry, found, reach, warnings = self._locate(page, layout, mm_per_s)
        rows = read_rows(self.row_net, page, geometry, found, reach)
        placed, more = calibrate(found, rows, mm_per_s, mm_per_mv)
        traces = tuple(cut(box, row, geometry) for box, row in _boxes_with_rows(placed, rows))
        return self._reading(page, geometry, placed, traces, (*warnings, *more))

    def _locate(
        self, page: Page, given: Template | str | None, mm_per_s: float | None
    ) -> tuple[PageGeometry, Layout, list[float], tuple[str, ...]]:
        """Geometry and layout as the page was seen or, where no lead is recognised, upside down if that fits better."""
        from digitize.page.see import look_twice, turned

        view = look_twice(self.page_net, page.pixels, self.page_size_px)
        geometry = find_geometry(page, view)
        found = _attempt(view, geometry, given, mm_per_s)
        if isinstance(found, NotAnEcg) or found[1].named < _NAMED:
            other_view = turned(self.page_net, page.pixels, view, self.page_size_px)
            other_geometry = geometry.half_turned()
            other = _attempt(other_view, other_geometry, given, mm_per_s)
            if not isinstance(other, NotAnEcg) and (isinstance(found, NotAnEcg) or other[1].score > found[1].score):
                geometry, found = other_geometry, other
        if isinstance(found, NotAnEcg):
            raise found
        return geometry, *layout_of(*found, mm_per_s)

    def _reading(
        self, page: Page, geometry: PageGeometry, layout: Layout, traces: tuple[Trace, ...], warnings: tuple[str, ...]
    ) -> Reading:
        record = traces_to_record(traces, geometry, layout)
        x0, y0, x1, y1 = layout.extent_mm
        middle = ((x0 + x1) / 2, (y0 + y1) / 2)
        across, down = geometry.px_per_mm(middle)
        facts = {
            "rotation_deg": round(geometry.angle_deg(middle), 2),
            "px_per_mm": [round(across, 3), round(down, 3)],
            "mm_per_s": layout.mm_per_s,
            "mm_per_mv": layout.mm_per_mv,
            "weights": self.weights,
        }
        return Reading(record, page, geometry, layout, traces, warnings + _limb_warning(record), facts)


def find_geometry(page: Page, view: View) -> PageGeometry:
    """Paper millimetres from the grid's crossings, then from the phase of its lines."""
    from digitize.page.grid import Lattice, count_lattice, find_nodes, fit_geometry, refine
    from ecg.geometry import project

    lattice = count_lattice(find_nodes(view.grid))
    if lattice is None or len(lattice.px) < 40:
        seen = 0 if lattice is None else len(lattice.px)
        raise NotAnEcg(
            f"no ECG grid was found ({seen} crossings of 5 mm lines seen, 40 needed): expected a picture of an ECG on "
            "its printed grid, sharp enough to see the lines"
        )
    px = project(np.linalg.inv(view.matrix), lattice.px)
    try:
        geometry = fit_geometry(Lattice(px, lattice.steps))
    except ValueError as error:
        raise NotAnEcg(str(error)) from error
    return refine(page.pixels, geometry, geometry.extent_mm)


def find_layout(
    view: View, geometry: PageGeometry, given: Template | str | None, mm_per_s: float | None
) -> tuple[Layout, list[float], tuple[str, ...]]:
    """The layout seen, as `layout_of` puts it. Raises NotAnEcg with what was seen when there is none."""
    found = _attempt(view, geometry, given, mm_per_s)
    if isinstance(found, NotAnEcg):
        raise found
    return layout_of(*found, mm_per_s)


def _attempt(
    view: View, geometry: PageGeometry, given: Template | str | None, mm_per_s: float | None
) -> tuple[Evidence, Match] | NotAnEcg:
    from digitize.page.locate import UnknownLayout, gather, match
    from ecg.layout import template

    candidates = None if given is None else [template(given) if isinstance(given, str) else given]
    try:
        evidence = gather(view, geometry)
        return evidence, match(evidence, candidates, mm_per_s)
    except UnknownLayout as error:
        return NotAnEcg(str(error))


def layout_of(evidence: Evidence, found: Match, mm_per_s: float | None) -> tuple[Layout, list[float], tuple[str, ...]]:
    """The layout on the paper, at 10 mm/mV until the pulses say otherwise, and how far each row's ink reaches, mm."""
    from digitize.page.locate import place, reach_mm

    warnings = []
    if mm_per_s is None and found.mm_per_s == 25.0:
        warnings.append("paper speed taken as 25 mm/s, which the column width fits; give it if the page says otherwise")
    if found.named < _NAMED:
        warnings.append(
            f"the lead names were not recognised ({found.named:.0%} agree): they are taken from the usual order of "
            f"{found.template.name}, which fits rows and columns; check them"
        )
    layout = place(found, evidence, 10.0)
    return layout, reach_mm(evidence, layout), tuple(warnings)


def read_rows(net: Any, page: Page, geometry: PageGeometry, layout: Layout, reach: Sequence[float]) -> list[RowReading]:
    """Every row of the layout, rectified and read, with a margin at both ends for pulses and late starts.

    A row whose ink goes further than `reach` [row] mm from its zero line gets a taller strip.
    """
    from digitize.trace.row import read_row, shrunk, strip_window

    pixels, seen_by = shrunk(page.pixels, geometry)
    x0, _, x1, _ = layout.extent_mm
    windows = [
        strip_window(x0 - _MARGIN_MM, x1 + _MARGIN_MM, row[0].baseline_mm, max(_HALF_STRIP_MM, far + 3.0))
        for row, far in zip(layout.rows(), reach, strict=True)
    ]
    return [read_row(net, pixels, seen_by, window) for window in windows]


def calibrate(
    layout: Layout, rows: list[RowReading], mm_per_s: float | None, mm_per_mv: float | None
) -> tuple[Layout, tuple[str, ...]]:
    """Set the gain from the pulses (or as given) and the start of the time line from where the traces set in."""
    from digitize.trace.scale import gain_from_pulses, start_mm

    warnings = []
    gain, height = gain_from_pulses(rows)
    if mm_per_mv is None and gain is None:
        seen = f"the pulses are {height:.1f} mm high" if np.isfinite(height) else "no calibration pulse was found"
        warnings.append(f"gain taken as 10 mm/mV: {seen}; give it if the page says otherwise")
    elif mm_per_mv is not None and gain is not None and gain != mm_per_mv:
        warnings.append(f"the gain given is {mm_per_mv:g} mm/mV, but the pulses say {gain:g} mm/mV")
    begin, _, end, _ = layout.extent_mm
    moved = layout.shifted(start_mm(rows, begin, end - begin - _LAST_SAMPLE_S * layout.mm_per_s) - begin, 0.0)
    return replace(moved, mm_per_mv=mm_per_mv or gain or 10.0), tuple(warnings)


def cut(box: LeadBox, row: RowReading, geometry: PageGeometry) -> Trace:
    """The part of a row that is a box's, in page px; NaN where no trace is."""
    step = float(row.x_mm[1] - row.x_mm[0])
    inside = (row.x_mm > box.box_mm[0] - step) & (row.x_mm < box.box_mm[2] + step)
    mm = np.stack([row.x_mm[inside], row.y_mm[inside]], axis=-1)
    px = geometry.to_px(mm)
    confidence = row.certainty[inside] * row.presence[inside]
    hidden = row.presence[inside] < 0.3
    return Trace(box.lead, px[:, 0], np.where(hidden, np.nan, px[:, 1]), np.where(hidden, 0.0, confidence))


def _boxes_with_rows(layout: Layout, rows: list[RowReading]) -> list[tuple[LeadBox, RowReading]]:
    of_line = {round(row[0].baseline_mm, 3): reading for row, reading in zip(layout.rows(), rows, strict=True)}
    return [(box, of_line[round(box.baseline_mm, 3)]) for box in layout.boxes]


def _limb_warning(record: Any) -> tuple[str, ...]:
    residual = limb_residual_mv(record.signal_mv, record.leads)
    if not residual > _LIMB_LIMIT_MV:
        return ()
    return (
        f"the limb leads contradict each other by {residual:.2f} mV (I + III is not II): check lead names and gain",
    )
