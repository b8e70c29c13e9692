"""Which layout explains what was seen, and where on the paper it lies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product

import numpy as np

from digitize.layout.evidence import NAME_ABOVE_MM, NAME_BELOW_MM, STEP_MM, Evidence, UnknownLayout
from digitize.layout.printed_words import PrintedWord
from ecg.layout import TEMPLATES, Layout, Template

_SPEEDS = (25.0, 50.0, 12.5)
_USUAL_MM_PER_S = 25.0
_PULSE_S = 0.2
_APART_MM = (4.0, 3.5)  # names of one page stand alike, across and down, within this
_BEFORE_MM = 3.0  # the middle of a name usually stands this far behind the beginning of its lead
_REACH_MM = 10.0  # and the lead begins within this of where that says
_FLAT = 0.0005  # starts that explain as much ink as the best but for this share explain as much
_USUAL = 0.03  # of two orders that fit alike the standard one is taken
_UNSEEN_SPEED = 0.08  # and rather the usual speed than one that neither pulse nor print shows
_MARGIN = 0.04  # a layout is certain when every other one scores this much less
_READ = 0.35  # names decide when they agree this well
_SURELY_READ = 0.4  # and tell rows from rules and text when they agree this well
_CLEARLY = 0.15  # with a row that was missing they agree so much better,
_SEEN_STRIP, _NEARLY = 0.9, 0.03  # or the row is a strip whose name was read this surely, and they agree nearly as well
_MOST_STRANGE = 2  # so many names may be read for certain, as high over the rows as names stand, that a layout lacks
_SPARE_ROWS = 2  # so many rows may be something else
_INKED = 0.5  # least share of the ink that must lie where the layout has traces
_SURE = 0.4  # a rhythm strip is what was read there when that is this sure
_CERTAIN, _UNREAD = 0.5, 6  # where more names than six are this certain, rows and columns alone do not decide
_FIRST = 0.6  # what the first explained name counts less than the others
_PLACING = 1.8  # two names say where the layout begins
_STRAY = 0.25  # a name that stands at no name's height counts so much against a layout
_UNSIGNED = 0.8  # what -aVR read as aVR, or the other way round, counts
_GAPS_MM = (4.0, 23.0)  # room for a calibration pulse between two columns
_GAP_APART_MM = 1.5  # what pairs of names say of it agrees within this
_GAP_SEEN = 0.6  # and is believed from this sum of certainties on


@dataclass(frozen=True)
class Names:
    """How the names that were read fit a template: `start_mm` is where the first column's names stand, NaN without any.

    `explained` is the number of cells whose name was read there, weighed by certainty, `contradicted` that of names
    which say otherwise, `others` being those among them that stand as high over a row as names do; `rhythm` holds the
    leads read at the rhythm strips, None where none was, and `rhythm_certainty` how sure each is.
    """

    start_mm: float
    explained: float
    contradicted: float
    others: tuple[PrintedWord, ...]
    cells: int
    rhythm: tuple[str | None, ...]
    rhythm_certainty: tuple[float, ...]

    @property
    def agreement(self) -> float:
        """F1 of named cells and explained words, 0..1; the first name fits anywhere and proves less."""
        explained = max(self.explained - _FIRST, 0.0)
        return 2 * explained / (self.cells - _FIRST + explained + self.contradicted)

    @property
    def places(self) -> bool:
        """Whether enough names were read to say where the layout begins."""
        return self.explained > _PLACING


@dataclass(frozen=True)
class Match:
    """A template laid over rows; `covered`: the ink inside it, less the share of it where there is none.

    `gap_mm` is the room between its columns, `is_gap_shown` whether pulses stand in it, `is_speed_odd` whether the
    speed is an unusual one that neither pulse nor print shows.
    """

    template: Template
    mm_per_s: float
    gap_mm: float
    baselines_mm: tuple[float, ...]
    x0_mm: float
    covered: float
    names: Names
    is_gap_shown: bool = False
    is_speed_odd: bool = False

    @property
    def score(self) -> float:
        unusual = _USUAL * (self.is_cabrera + (self.gap_mm > 0 and not self.is_gap_shown))
        return 0.4 * self.covered + 0.6 * self.names.agreement - unusual - _UNSEEN_SPEED * self.is_speed_odd

    @property
    def is_cabrera(self) -> bool:
        return self.template.name.startswith("cabrera")

    @property
    def is_named(self) -> bool:
        return self.names.agreement >= _READ


def match_rows(
    evidence: Evidence, candidates: Sequence[Template] | None = None, mm_per_s: float | None = None
) -> Match:
    """`match`, also with rows added where one seems to be missing, if names confirm it."""
    try:
        found: Match | UnknownLayout = match(evidence, candidates, mm_per_s)
    except UnknownLayout as refusal:
        found = refusal
    agreement = 0.0 if isinstance(found, UnknownLayout) else found.names.agreement
    for fuller in evidence.with_missing_row():
        try:
            other = match(fuller, candidates, mm_per_s)
        except UnknownLayout:
            continue
        strip = _certainty_of_strip(other, ~np.isin(fuller.baselines_mm, evidence.baselines_mm))
        is_unread = strip == 0  # as it is not for a row of the grid
        is_better = other.names.agreement > max(agreement + _CLEARLY, _SURELY_READ) and not is_unread
        if is_better or (strip > _SEEN_STRIP and other.names.agreement > agreement - _NEARLY):
            found, agreement = other, other.names.agreement
    if isinstance(found, UnknownLayout):
        raise found
    return found


def _certainty_of_strip(found: Match, is_added: np.ndarray) -> float:
    """How surely a name was read at the strip that an added row is; NaN where it is no strip."""
    if len(found.baselines_mm) != len(is_added):
        return float("nan")
    strips = zip(is_added[len(found.template.grid) :], found.names.rhythm_certainty, strict=False)
    return next((certainty for added, certainty in strips if added), float("nan"))


def match(evidence: Evidence, candidates: Sequence[Template] | None = None, mm_per_s: float | None = None) -> Match:
    """The template, speed and start that explain names and ink best. Raises UnknownLayout with what was seen."""
    known = list(candidates or TEMPLATES.values())
    rows = len(evidence.baselines_mm)
    tried = [
        lay(seen, timed, speed, gap, float(evidence.ink.sum()))
        for kind in known
        for seen in _row_choices(evidence, kind.row_count)
        for timed, speed in _timings(kind, mm_per_s)
        for gap in _gaps_mm(seen, timed, speed)
    ]
    tried = [m for m in tried if len(m.baselines_mm) == rows or m.names.agreement >= _SURELY_READ]
    if not tried:
        counts = sorted({t.row_count for t in known})
        raise UnknownLayout(
            f"{rows} rows were seen ({seen_names(evidence)}); the known layouts have {counts} rows: give --layout"
        )
    best = max(tried, key=lambda m: m.score)
    rivals = [m for m in tried if m.template.grid != best.template.grid and (best.is_named or not m.is_cabrera)]
    rival = max(rivals, key=lambda m: m.score, default=None)
    if best.covered < _INKED:
        raise UnknownLayout(
            f"the page looks most like {best.template.name}, but only {best.covered:.0%} of its traces lie where that "
            f"has them ({rows} rows were seen: {seen_names(evidence)}); give --layout"
        )
    sure = sum(word.certainty > _CERTAIN for word in evidence.names())
    if candidates is None and not best.is_named and sure > _UNREAD:
        raise UnknownLayout(
            f"{sure} lead names were read for certain, but they fit no known layout "
            f"({rows} rows were seen: {seen_names(evidence)}); give --layout"
        )
    own = {lead for _, _, lead, _ in best.template.cells()}
    strange = [word.text for word in best.names.others if word.certainty > _CERTAIN and word.text not in own]
    if candidates is None and len(strange) > _MOST_STRANGE:
        raise UnknownLayout(
            f"the page looks most like {best.template.name}, but shows leads that that has not "
            f"({' '.join(strange)}; {rows} rows were seen: {seen_names(evidence)}); give --layout"
        )
    if rival is not None and best.score - rival.score < _MARGIN:
        raise UnknownLayout(
            f"the page may be {best.template.name} or {rival.template.name}: too few lead names were read to tell "
            f"({rows} rows were seen: {seen_names(evidence)}); give --layout"
        )
    return best if mm_per_s else _at_seen_speed(best, evidence)


def _row_choices(evidence: Evidence, count: int) -> list[Evidence]:
    """The rows that may be a template's: all, or without one or two that may be rules or text."""
    rows = len(evidence.baselines_mm)
    if not count <= rows <= count + _SPARE_ROWS:
        return []
    return [evidence.only(kept) for kept in combinations(range(rows), count)]


def _timings(template: Template, mm_per_s: float | None) -> list[tuple[Template, float]]:
    """The template at the speeds that it may be printed at; faster paper may hold columns of fewer seconds."""
    if mm_per_s is None:
        return [(template, speed) for speed in _SPEEDS]
    short = replace(template, column_s=template.column_s * 25.0 / mm_per_s)
    return [(template, mm_per_s), (short, mm_per_s)] if mm_per_s > 25 else [(template, mm_per_s)]


def _gaps_mm(evidence: Evidence, template: Template, mm_per_s: float) -> list[float]:
    """The room that there may be between columns, mm: none, or as the names or the pulses of a row stand apart."""
    width = template.column_s * mm_per_s
    between = evidence.pulse_pitch_mm - width
    by_pulses = [between] if template.columns > 1 and _GAPS_MM[0] < between < _GAPS_MM[1] else []
    gaps, sure = np.array(list(_seen_gaps(evidence, template, width))).reshape(-1, 2).T
    if not len(gaps) or mm_per_s != _USUAL_MM_PER_S:  # at half the speed every column would have room behind it
        return [0.0, *by_pulses]
    alike = np.abs(gaps[:, None] - gaps) < _GAP_APART_MM
    best = alike[np.argmax(alike @ sure)]
    by_names = [float(np.average(gaps[best], weights=sure[best]))] if sure[best].sum() > _GAP_SEEN else []
    return [0.0, *(by_names or by_pulses)]


def _seen_gaps(evidence: Evidence, template: Template, width_mm: float) -> Iterator[tuple[float, float]]:
    """(room between columns in mm, certainty) by every pair of names of one row of the grid."""
    words = evidence.names()
    for leads, line in zip(template.grid, evidence.baselines_mm, strict=False):
        near = [w for w in words if -NAME_ABOVE_MM < w.y_mm - line < NAME_BELOW_MM]
        of_lead = [[w for w in near if w.text == lead] for lead in leads]
        for a, b in combinations(range(len(leads)), 2):
            for left, right in product(of_lead[a], of_lead[b]):
                gap = (right.x_mm - left.x_mm) / (b - a) - width_mm
                if _GAPS_MM[0] < gap < _GAPS_MM[1] and abs(right.y_mm - left.y_mm) < _APART_MM[1]:
                    yield gap, min(left.certainty, right.certainty)


def seen_mm_per_s(evidence: Evidence) -> float | None:
    """The speed that the pulses or else the print show; None where neither does."""
    if np.isfinite(evidence.pulse_width_mm):
        return evidence.pulse_width_mm / _PULSE_S
    return evidence.said("mm/s")


def _at_seen_speed(found: Match, evidence: Evidence) -> Match:
    """Columns of the usual width hold half the seconds where pulse or print show twice the speed."""
    if found.mm_per_s != 25.0 or seen_mm_per_s(evidence) != 50.0:
        return found
    return replace(found, template=replace(found.template, column_s=found.template.column_s / 2), mm_per_s=50.0)


def lay(evidence: Evidence, template: Template, mm_per_s: float, gap_mm: float, every: float) -> Match:
    """Put a template where names and ink have it; `every` is all the ink on the page."""
    width = template.column_s * mm_per_s
    names = fit_names(evidence, template, width + gap_mm)
    if template.rhythm:
        seen = zip(names.rhythm, template.rhythm, strict=True)
        template = replace(template, rhythm=tuple(read or usual for read, usual in seen))
    total = template.columns * (width + gap_mm) - gap_mm
    x0_mm, covered = _start(evidence, template, total, names.start_mm if names.places else float("nan"), every)
    is_shown = bool(abs(evidence.pulse_pitch_mm - width - gap_mm) < _GAP_APART_MM)
    is_odd = mm_per_s != _USUAL_MM_PER_S and mm_per_s != seen_mm_per_s(evidence)
    lines = tuple(evidence.baselines_mm.tolist())
    return Match(template, mm_per_s, gap_mm, lines, x0_mm, covered, names, is_shown, is_odd)


# --- names ------------------------------------------------------------------------------------------------------------


def fit_names(evidence: Evidence, template: Template, pitch_mm: float) -> Names:
    """Find where the names of a template stand so that most of its cells are named; columns lie `pitch_mm` apart."""
    words, cells = evidence.names(), list(template.cells())
    scores = np.array([w.certainty for w in words])
    strips = slice(len(cells) - len(template.rhythm), None)
    none, unsure = (None,) * len(template.rhythm), (0.0,) * len(template.rhythm)
    blank = Names(float("nan"), 0.0, _STRAY * float(scores.sum()), (), len(cells), none, unsure)
    if not words:
        return blank
    lines = evidence.baselines_mm[[r for r, *_ in cells]]
    x = np.array([[w.x_mm - c * pitch_mm for _, c, *_ in cells] for w in words])
    y = np.array([[w.y_mm] for w in words]) - lines
    fits = np.array([[_fits(w.text, lead, is_rhythm) for _, _, lead, is_rhythm in cells] for w in words])
    worth = fits * scores[:, None] * ((y > -NAME_ABOVE_MM) & (y < NAME_BELOW_MM))

    def there(at_x: float, at_y: float) -> np.ndarray:
        """Which words [word, cell] stand in the places of names when column 0's stand at x, y off their lines."""
        return (np.abs(x - at_x) < _APART_MM[0]) & (np.abs(y - at_y) < _APART_MM[1])

    tried = [(x[at], y[at]) for at in zip(*np.nonzero(worth), strict=True)]
    if not tried:
        return blank
    found = max((there(*at) for at in tried), key=lambda near: float((worth * near).max(0).sum()))
    best = worth * found
    named = best.max(0) > 0
    used = best.argmax(0)[named]
    at_height = (np.abs(y - np.median(y[used, np.flatnonzero(named)])) < _APART_MM[1]).any(1)
    others = [i for i in np.flatnonzero(at_height) if i not in used]
    contradicted = scores[others].sum() + _STRAY * (scores.sum() - scores[used].sum() - scores[others].sum())
    rhythm = [
        (i, is_named and scores[i] > _SURE) for i, is_named in zip(best.argmax(0)[strips], named[strips], strict=True)
    ]
    return Names(
        float(np.median(x[used, np.flatnonzero(named)])),
        float(best.max(0).sum()),
        float(contradicted),
        tuple(words[i] for i in others),
        len(cells),
        tuple(words[i].text if is_read else None for i, is_read in rhythm),
        tuple(float(scores[i]) if is_read else 0.0 for i, is_read in rhythm),
    )


def _fits(text: str, lead: str, is_rhythm: bool) -> float:
    """How well a word names a cell; any lead may stand in a rhythm strip."""
    if text == lead:
        return 1.0
    if text.removeprefix("-") == lead.removeprefix("-"):
        return _UNSIGNED
    return 0.9 if is_rhythm else 0.0


# --- ink --------------------------------------------------------------------------------------------------------------


def _start(evidence: Evidence, template: Template, total: float, names_mm: float, every: float) -> tuple[float, float]:
    """Where the first of `total` mm begins, mm, and the ink covered from there; names hold it near them."""
    steps = evidence.ink.shape[1]
    wanted = names_mm - _BEFORE_MM - evidence.x0_mm
    if np.isfinite(wanted):
        first = np.arange(wanted - _REACH_MM, wanted + _REACH_MM, STEP_MM)
    else:
        first = np.arange(-0.15 * total, steps * STEP_MM - 0.6 * total, STEP_MM)
    if not len(first) or every <= 0:
        return evidence.x0_mm, 0.0
    sums = np.concatenate([[0.0], np.cumsum(evidence.ink.sum(0))])
    begin, end = (np.clip(np.round(v / STEP_MM).astype(int), 0, steps) for v in (first, first + total))
    inked = sums[end] - sums[begin]
    covered = inked / every - np.maximum(1 - inked * STEP_MM / (template.row_count * total), 0)
    alike = first[covered >= covered.max() - _FLAT]
    best = alike[np.abs(alike - wanted).argmin()] if np.isfinite(wanted) else alike[-1]
    return float(evidence.x0_mm + best), float(covered.max())


# --- results ----------------------------------------------------------------------------------------------------------


def place(found: Match, mm_per_mv: float, chest_gain: float = 1.0) -> Layout:
    """The layout on the paper, each row on its own zero line; `chest_gain` is the chest leads' share of the gain."""
    lines = list(found.baselines_mm)
    pitch = float(np.median(np.diff(lines))) if len(lines) > 1 else 40.0
    origin = (found.x0_mm, lines[0] - pitch / 2)
    return found.template.place(origin, pitch, found.mm_per_s, mm_per_mv, lines, chest_gain, found.gap_mm)


def seen_names(evidence: Evidence) -> str:
    """The names that were read, row by row."""
    rows: list[list[tuple[float, str]]] = [[] for _ in evidence.baselines_mm]
    offsets = [w.y_mm - evidence.baselines_mm for w in evidence.names()]
    usual = float(np.median([off[np.abs(off).argmin()] for off in offsets])) if offsets else 0.0
    for word, off in zip(evidence.names(), offsets, strict=True):
        rows[int(np.abs(off - usual).argmin())].append((word.x_mm, word.text))
    return "; ".join(" ".join(text for _, text in sorted(row)) or "no names" for row in rows)
