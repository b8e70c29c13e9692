"""`Digitizer`: the road from a page to a `Reading`, in five calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from digitize.grid.geometry_candidates import Maps, NoGrid, NotAnEcg
from ecg.geometry import PageGeometry
from ecg.layout import Layout, LeadBox, Template
from ecg.leads import limb_residual_mv
from ecg.page import Page, Trace, traces_to_record
from ecg.reading import Reading

if TYPE_CHECKING:
    from digitize.grid.page_view import View
    from digitize.layout.evidence import Evidence
    from digitize.layout.matching import Match
    from digitize.layout.printed_words import PrintedWord
    from digitize.trace.row_reading import RowReading

_MARGIN_MM, _LEAST_MARGIN_MM = 20.0, 6.0  # of a row's strip; the least tells the network that a lead begins there
_HALF_STRIP_MM = 20.0
_SURE = 0.5  # of names that were read this surely,
_CERTAIN = 0.9  # a strip's name that was read so surely stands whatever its curve repeats
_OTHERWISE = 0.15  # more of the names than this may not say otherwise without a word
_HEADER_MM = 8.0  # speed and gain may be printed this far beyond the grid
_OTHER_ANGLES_DEG = (90.0, 45.0)  # a page that was taken to lie otherwise than it does usually lies so
_USUAL_MM_PER_S = 25.0
_LIMB_LIMIT_MV = 0.15
_GUESSED = 0.25  # mean confidence of the leads below which, without names, nothing was read
_FINE_PX_PER_MM = 3.0  # below this the signal is a rough one


@dataclass(frozen=True, eq=False)
class Located:
    """Where the layout lies on the page, how far each row's ink reaches, mm, and what was assumed.

    `sure_strips` tells for every rhythm strip whether its name was read for certain, `knows_speed` whether pulse or
    print showed the speed, `is_speed_printed` whether print did: pulses are seen again, close up.
    """

    geometry: PageGeometry
    layout: Layout
    reach_mm: list[float]
    warnings: tuple[str, ...]
    is_named: bool
    sure_strips: tuple[bool, ...] = ()
    knows_speed: bool = True
    is_speed_printed: bool = False


@dataclass(frozen=True, eq=False)
class Digitizer:
    """The two trained passes and the name reader; call it with a `Page` to get a `Reading`.

    Without a name reader the layout is found from rows and columns alone.
    """

    page_net: Any
    row_net: Any
    page_size_px: tuple[int, int]
    weights: dict[str, str]
    name_net: Any = None

    @classmethod
    def load(cls, device: str = "cpu", *, exact: bool = False) -> Digitizer:
        """The shipped weights, rounded to what the device computes in fastest, or `exact`: float32."""
        from digitize.weights import load_pass

        page, row, names = (load_pass(kind, device, exact=exact) for kind in ("page", "row", "names"))
        versions = {"page": page.version, "row": row.version, "names": names.version}
        return cls(page.net, row.net, page.size_px, versions, names.net)

    def __call__(
        self,
        page: Page,
        layout: Template | str | None = None,
        mm_per_s: float | None = None,
        mm_per_mv: float | None = None,
    ) -> Reading:
        """Read a page; layout, speed and gain are found unless given. Raises NotAnEcg for a page that is refused.

        Where the file draws its curves itself, these are the traces; everything else is read from the pixels. The
        matrices are small: on more than one thread NumPy spends its time waiting, ten times over on a busy machine.
        """
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1, "blas"):
            return self._read(page, layout, mm_per_s, mm_per_mv)

    def _read(
        self, page: Page, layout: Template | str | None, mm_per_s: float | None, mm_per_mv: float | None
    ) -> Reading:
        if page.drawing is not None:
            from digitize.vector.read import NotDrawn, read_drawing

            try:
                return read_drawing(page, layout, mm_per_s, mm_per_mv)
            except NotDrawn as error:
                page = replace(page, notes=(*page.notes, f"read from its pixels, because {error}"))
        from digitize.trace.column_timing import timed
        from digitize.trace.grid_snap import from_thick_line
        from digitize.trace.lead_traces import cut

        try:
            found = self._locate(page, layout, mm_per_s)
        except NoGrid as refusal:
            found = self._locate_without_grid(page, layout, mm_per_s, mm_per_mv, refusal)
        geometry = found.geometry
        rows = read_rows(self.row_net, page, geometry, found.layout, found.reach_mm)
        is_told = mm_per_s is not None or found.is_speed_printed
        laid, faster = (found.layout, ()) if is_told else at_pulse_speed(found.layout, rows)
        placed, more = calibrate(laid, rows, mm_per_s, mm_per_mv)
        placed = from_thick_line(placed, geometry)
        traces = tuple(cut(box, row, geometry) for box, row in _boxes_with_rows(placed, rows))
        _refuse_guesses(found, traces, layout)
        placed, timing = timed(placed, traces, geometry, layout)
        placed, traces, renamed = name_strips(placed, traces, geometry, found.sure_strips)
        return self._reading(page, geometry, placed, traces, (*found.warnings, *faster, *more, *timing, *renamed))

    def _locate(self, page: Page, given: Template | str | None, mm_per_s: float | None) -> Located:
        """The layout on the page, on its side or askew if names can be read there but not upright. Raises NotAnEcg."""
        from digitize.grid.page_view import look_twice, turned

        view = look_twice(self.page_net, page.pixels, self.page_size_px)
        found = self._attempt(page, view, given, mm_per_s)
        for angle_deg in _OTHER_ANGLES_DEG if self.name_net is not None else ():
            if not _is_named(found):
                askew = turned(self.page_net, page.pixels, view, angle_deg, self.page_size_px)
                other = self._attempt(page, askew, given, mm_per_s)
                found = other if _is_named(other) else found
        if isinstance(found, NotAnEcg):
            raise found
        return found

    def _locate_without_grid(
        self, page: Page, given: Template | str | None, mm_per_s: float | None, mm_per_mv: float | None, refusal: NoGrid
    ) -> Located:
        """The layout by calibration pulses or print. Raises NotAnEcg where these give no scale either."""
        from digitize.grid.page_view import look_twice
        from digitize.layout.without_grid import Road, locate

        view = look_twice(self.page_net, page.pixels, self.page_size_px)
        road = Road(
            lambda seen, geometry: self._lay_on(page, seen, geometry, given, mm_per_s),
            lambda found: read_rows(self.row_net, page, found.geometry, found.layout, found.reach_mm),
            given is not None,
        )
        return locate(page, view, road, (mm_per_s, mm_per_mv), refusal)

    def _attempt(
        self, page: Page, view: View, given: Template | str | None, mm_per_s: float | None
    ) -> Located | NotAnEcg:
        """The layout in one look at the page, by the grid that it shows.

        Where no names can be read on that, lines seen close up may give the map; names have to confirm it.
        """
        from digitize.grid.periodicity import is_heard

        maps = Maps(page, view)
        try:
            found = self._lay_on(page, view, maps.clearest(), given, mm_per_s)
        except NotAnEcg as refusal:
            found = refusal
        if self.name_net is None or _is_named(found):
            return found
        geometry = maps.close
        if geometry is None or not is_heard(page.pixels, geometry):
            return found
        other = self._lay_on(page, view, geometry, given, mm_per_s)
        if isinstance(other, Located) and _is_odd(other):  # the lines may be half or two millimetres apart
            usual = other.geometry.scaled(_USUAL_MM_PER_S / other.layout.mm_per_s)
            other = self._lay_on(page, view, usual, given, mm_per_s)
        return other if isinstance(other, Located) and other.is_named and not _is_odd(other) else found

    def _lay_on(
        self, page: Page, view: View, geometry: PageGeometry, given: Template | str | None, mm_per_s: float | None
    ) -> Located | NotAnEcg:
        """The layout on a map of the page, whichever way up its names can be read."""
        from digitize.layout.evidence import UnknownLayout
        from digitize.layout.printed_words import stand_on_head

        try:
            words = self._read_words(page, view, geometry)
            if stand_on_head(words):
                geometry = geometry.half_turned()
                words = self._read_words(page, view, geometry)
        except UnknownLayout as refusal:
            return NotAnEcg(str(refusal))
        found = _lay_out(view, geometry, words, given, mm_per_s)
        if self.name_net is None or _is_named(found):
            return found
        turned = geometry.half_turned()
        other = _lay_out(view, turned, self._read_words(page, view, turned), given, mm_per_s)
        return other if _is_named(other) else found

    def _read_words(self, page: Page, view: View, geometry: PageGeometry) -> list[PrintedWord]:
        from digitize.layout.evidence import seen_window
        from digitize.layout.printed_words import read_words

        if self.name_net is None:
            return []
        traces, grid = np.array(seen_window(view, geometry)), np.array(geometry.extent_mm)
        low = np.minimum(traces[:2], grid[:2] - _HEADER_MM)
        high = np.maximum(traces[2:], grid[2:] + _HEADER_MM)
        return read_words(self.name_net, page.pixels, geometry, (*low.tolist(), *high.tolist()))

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
        warnings = (*warnings, *_coarse_warning(min(across, down)), *_limb_warning(record))
        return Reading(record, page, geometry, layout, traces, warnings, facts)


def _lay_out(
    view: View,
    geometry: PageGeometry,
    words: Sequence[PrintedWord],
    given: Template | str | None,
    mm_per_s: float | None,
) -> Located | NotAnEcg:
    from digitize.layout.evidence import UnknownLayout

    try:
        return find_layout(view, geometry, words, given, mm_per_s)
    except UnknownLayout as refusal:
        return NotAnEcg(str(refusal))


def _is_named(found: Located | NotAnEcg) -> bool:
    return isinstance(found, Located) and found.is_named


def _is_odd(found: Located) -> bool:
    """Whether the columns tell of an unusual speed that neither pulse nor print shows."""
    return found.layout.mm_per_s != _USUAL_MM_PER_S and not found.knows_speed


def find_layout(
    view: View,
    geometry: PageGeometry,
    words: Sequence[PrintedWord],
    given: Template | str | None,
    mm_per_s: float | None,
) -> Located:
    """The layout on the paper; its gain is the printed one, 10 mm/mV where none is.

    Raises UnknownLayout with what was seen.
    """
    from digitize.layout.evidence import gather, reach_mm
    from digitize.layout.matching import match_rows, place, seen_mm_per_s
    from ecg.layout import template

    candidates = None if given is None else [template(given) if isinstance(given, str) else given]
    evidence = gather(view, geometry, words)
    found = match_rows(evidence, candidates, mm_per_s)
    layout = place(found, evidence.said("mm/mV") or 10.0, evidence.chest_gain())
    warnings = (*_name_warnings(found), *(_speed_warnings(found, evidence) if mm_per_s is None else ()))
    warnings += _chest_warnings(evidence)
    sure = tuple(certainty > _CERTAIN for certainty in found.names.rhythm_certainty)
    reach, is_printed = reach_mm(evidence, found.baselines_mm), evidence.said("mm/s") is not None
    knows_speed = seen_mm_per_s(evidence) is not None
    return Located(geometry, layout, reach, warnings, found.is_named, sure, knows_speed, is_printed)


def _name_warnings(found: Match) -> list[str]:
    names, kind = found.names, found.template
    warnings = []
    if not found.is_named:
        warnings.append(
            f"the lead names were not recognised ({names.agreement:.0%} agree): they are taken from the usual order of "
            f"{kind.name}, which fits rows and columns; check them"
        )
    others = [word.text for word in names.others if word.certainty > _SURE]
    if found.is_named and len(others) > _OTHERWISE * names.cells:
        warnings.append(f"names were read that do not fit {kind.name} ({' '.join(others)}); check the leads")
    unread = [usual for usual, read in zip(kind.rhythm, names.rhythm, strict=True) if read is None]
    if found.is_named and unread:
        warnings.append(f"no name was read at a rhythm strip: taken as {', '.join(unread)}; check it")
    return warnings


def _chest_warnings(evidence: Evidence) -> tuple[str, ...]:
    if (gains := evidence.doubtful_gains()) is None:
        return ()
    return (f"a second gain may be printed, {gains[1]:g} beside {gains[0]:g} mm/mV, for the chest leads: check theirs",)


def _speed_warnings(found: Match, evidence: Evidence) -> list[str]:
    from digitize.layout.matching import seen_mm_per_s

    seen = seen_mm_per_s(evidence)
    if seen is None:
        return [
            f"paper speed taken as {found.mm_per_s:g} mm/s, which the column width fits; give it if the page says "
            "otherwise"
        ]
    if seen != found.mm_per_s:
        return [
            f"paper speed taken as {found.mm_per_s:g} mm/s, which the columns of {found.template.name} fit, but "
            f"{seen:g} mm/s was seen: check speed and leads"
        ]
    return []


def read_rows(net: Any, page: Page, geometry: PageGeometry, layout: Layout, reach: Sequence[float]) -> list[RowReading]:
    """Every row of the layout, rectified and read, with a margin at both ends for pulses and late starts.

    A row whose ink goes further than `reach` [row] mm from its zero line gets a taller strip. Far beyond the
    picture nothing is read.
    """
    from digitize.trace.row_reading import read_row, shrunk, strip_window

    pixels, seen_by = shrunk(page.pixels, geometry)
    x0, _, x1, _ = layout.extent_mm
    begin = x0 - _seen_beside_mm(page, geometry, layout, x0, -1)
    end = x1 + _seen_beside_mm(page, geometry, layout, x1, 1)
    windows = [
        strip_window(begin, end, row[0].baseline_mm, max(_HALF_STRIP_MM, far + 3.0))
        for row, far in zip(layout.rows(), reach, strict=True)
    ]
    return [read_row(net, pixels, seen_by, window) for window in windows]


def _seen_beside_mm(page: Page, geometry: PageGeometry, layout: Layout, side_mm: float, outward: int) -> float:
    """How far the picture goes on beyond a side of the layout along any of its rows, within the margins there are."""
    away = np.arange(_MARGIN_MM + 1)
    along = np.stack(np.meshgrid(side_mm + outward * away, [row[0].baseline_mm for row in layout.rows()]), axis=-1)
    px = geometry.to_px(along)
    is_seen = ((px > -0.5) & (px < np.array(page.size_px) - 0.5)).all(-1).any(0)
    return float(away[is_seen].max(initial=_LEAST_MARGIN_MM))


def at_pulse_speed(layout: Layout, rows: Sequence[RowReading]) -> tuple[Layout, tuple[str, ...]]:
    """Columns of the usual width hold half the seconds where the pulses, seen close up, are twice as wide."""
    from digitize.trace.calibration import speed_from_pulses

    if layout.mm_per_s != 25.0 or speed_from_pulses(rows) != 50.0:
        return layout, ()
    boxes = tuple(replace(box, t0_s=box.t0_s / 2, t1_s=box.t1_s / 2) for box in layout.boxes)
    said = "the pulses are 10 mm wide: the paper speed is taken as 50 mm/s"
    return replace(layout, boxes=boxes, mm_per_s=50.0), (said,)


def calibrate(
    layout: Layout, rows: list[RowReading], mm_per_s: float | None, mm_per_mv: float | None
) -> tuple[Layout, tuple[str, ...]]:
    """Set the gain as given or from the pulses, or leave the printed one, and the time line where the traces set in."""
    from digitize.trace.calibration import gain_from_pulses, in_place

    warnings = []
    gain, height = gain_from_pulses(rows)
    if mm_per_mv is None and gain is None:
        seen = f"the pulses are {height:.1f} mm high" if np.isfinite(height) else "no calibration pulse was found"
        warnings.append(f"gain taken as {layout.mm_per_mv:g} mm/mV: {seen}; give it if the page says otherwise")
    elif mm_per_mv is not None and gain is not None and gain != mm_per_mv:
        warnings.append(f"the gain given is {mm_per_mv:g} mm/mV, but the pulses say {gain:g} mm/mV")
    moved = in_place(rows, layout)
    if any(box.gain != 1.0 for box in layout.boxes):
        warnings.append("the chest leads are read at half the gain of the limb leads, as the page says")
    return replace(moved, mm_per_mv=mm_per_mv or gain or layout.mm_per_mv), tuple(warnings)


def name_strips(
    layout: Layout, traces: tuple[Trace, ...], geometry: PageGeometry, is_sure: Sequence[bool] = ()
) -> tuple[Layout, tuple[Trace, ...], tuple[str, ...]]:
    """Give every rhythm strip the lead whose curve it repeats, with a warning where that is another one than before.

    `is_sure` tells for each strip whether its printed name was read for certain and so stays.
    """
    from digitize.trace.rhythm_strip import strip_leads

    named = strip_leads(traces, geometry, layout, is_sure)
    warnings = tuple(
        f"the rhythm strip taken for {before.lead} repeats {after.lead}, so it is read as {after.lead}"
        for before, after in zip(layout.boxes, named.boxes, strict=True)
        if before.lead != after.lead
    )
    traces = tuple(replace(trace, lead=box.lead) for trace, box in zip(traces, named.boxes, strict=True))
    return named, traces, warnings


def _boxes_with_rows(layout: Layout, rows: list[RowReading]) -> list[tuple[LeadBox, RowReading]]:
    of_line = {round(row[0].baseline_mm, 3): reading for row, reading in zip(layout.rows(), rows, strict=True)}
    return [(box, of_line[round(box.baseline_mm, 3)]) for box in layout.boxes]


def _refuse_guesses(found: Located, traces: Sequence[Trace], given: Template | str | None) -> None:
    """Raises NotAnEcg where neither the names nor the curves could be read: whatever was found is a guess."""
    sure = float(np.mean(np.concatenate([trace.confidence for trace in traces])))
    if given is None and not found.is_named and sure < _GUESSED:
        raise NotAnEcg(
            f"no lead names were recognised and the curves could hardly be followed (confidence {sure:.0%}): expected "
            "a picture of an ECG that is sharp and large enough to read; give --layout if it is one"
        )


def _coarse_warning(px_per_mm: float) -> tuple[str, ...]:
    if px_per_mm >= _FINE_PX_PER_MM:
        return ()
    return (
        f"the picture has only {px_per_mm:.1f} px per mm of paper, so small waves are lost; 6 (150 dpi) are better",
    )


def _limb_warning(record: Any) -> tuple[str, ...]:
    residual = limb_residual_mv(record.signal_mv, record.leads)
    if not residual > _LIMB_LIMIT_MV:
        return ()
    return (
        f"the limb leads contradict each other by {residual:.2f} mV (I + III is not II): check lead names and gain",
    )
