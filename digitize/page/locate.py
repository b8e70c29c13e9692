"""From what the page network saw to a layout: rows, leads, columns, and where the first column begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import cv2
import numpy as np
from scipy import ndimage
from scipy.signal import find_peaks

from digitize.data import TEXT
from digitize.page.see import View
from ecg.geometry import PageGeometry, project
from ecg.layout import TEMPLATES, Layout, Template
from ecg.leads import STANDARD

_PX_PER_MM = 2.0
_FARTHEST_MM = 45.0  # no trace leaves its zero line further than this
_LARGEST_MM = 900.0
_NAME_PX = round(14 * _PX_PER_MM)  # a lead's name stands within 14 mm of its beginning
_MARGIN = 0.06  # columns are certain when any other way to divide the rows scores this much less
_USUAL = 0.03  # of two orders that fit alike the standard one is taken
_WIDTHS = ((25.0, 1.0), (50.0, 1.0), (50.0, 0.5), (12.5, 1.0))  # (mm/s, share of the template's seconds per column)


class UnknownLayout(ValueError):
    """No known layout explains what was seen; the message says what that was."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """What was seen: `leads` [row, lead, x] and `names` [row, x] (any text near the row) along every row, in 0..1.

    `flat` [lead, y, x] is the same on the whole paper; x and y run in steps of 1/2 mm from `x0_mm` and `y0_mm`.
    """

    baselines_mm: np.ndarray
    leads: np.ndarray
    names: np.ndarray
    flat: np.ndarray
    x0_mm: float
    y0_mm: float

    @property
    def ink(self) -> np.ndarray:
        return self.leads.sum(1)


@dataclass(frozen=True)
class Match:
    """A template laid over the evidence, and how well it fits, each in 0..1.

    `covered`: ink inside its rows, less the share of them where there is none; `named`: ink that was seen as the
    lead which the template puts there; `begun`: how well names and beginnings of columns go together (F1).
    """

    template: Template
    mm_per_s: float
    x0_mm: float
    covered: float
    named: float
    begun: float

    @property
    def columns_mm(self) -> tuple[int, float]:
        """How many columns, and how wide: what rows and names can tell even where leads are not recognised."""
        return self.template.columns, self.template.column_s * self.mm_per_s

    @property
    def score(self) -> float:
        return 0.4 * self.covered + 0.35 * self.named + 0.25 * self.begun + (0.0 if self.is_cabrera else _USUAL)

    @property
    def is_cabrera(self) -> bool:
        return self.template.name.startswith("cabrera")


def gather(view: View, geometry: PageGeometry) -> Evidence:
    """Find the rows and what stands along each, in paper mm. Raises UnknownLayout when there is no row."""
    x0, y0, x1, y1 = _seen_extent(view, geometry)
    cols, rows = round((x1 - x0) * _PX_PER_MM), round((y1 - y0) * _PX_PER_MM)
    mm = np.stack(np.meshgrid(x0 + (np.arange(cols) + 0.5) / _PX_PER_MM, y0 + (np.arange(rows) + 0.5) / _PX_PER_MM), -1)
    where = project(view.matrix, geometry.to_px(mm)).astype(np.float32)

    def flat(plane: np.ndarray) -> np.ndarray:
        return cv2.remap(
            plane, where[..., 0], where[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0
        )

    heat = flat(view.baseline)
    leads = np.stack([flat(view.seg[1 + k]) for k in range(len(STANDARD))])
    lines = _rows(heat, leads.sum(0))
    lines = _on_grid(lines, flat(view.grid))
    if not len(lines):
        raise UnknownLayout("no ECG rows were found on the page")
    bounds = np.concatenate([[0], (lines[1:] + lines[:-1]) / 2, [rows]])
    bands = [leads[:, int(a) : max(int(a) + 1, int(b))].max(1) for a, b in pairwise(bounds)]
    names = np.stack([_band(flat(view.seg[TEXT]), line).max(0) for line in lines])
    return Evidence(y0 + (lines + 0.5) / _PX_PER_MM, np.stack(bands), names, leads, x0, y0)


def _on_grid(lines: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """The rows that stand on the grid; others are a rule under the header, a signature, a table's edge."""
    if not len(lines):
        return lines
    crossings = np.array([_usual_peak(_band(grid, line)) for line in lines])
    return lines[crossings > 0.8 * crossings.max()]


def _usual_peak(band: np.ndarray) -> float:
    """The median, over pieces of 10 mm along a row, of the highest value in each: text peaks here and there only."""
    pieces = np.array_split(band, max(1, band.shape[1] // round(10 * _PX_PER_MM)), axis=1)
    return float(np.median([piece.max(initial=0.0) for piece in pieces]))


def _band(plane: np.ndarray, line: float) -> np.ndarray:
    """The part of a map in which a row's lead names stand: 12 mm above to 8 mm below its zero line."""
    top, bottom = round(line - 12 * _PX_PER_MM), round(line + 8 * _PX_PER_MM)
    return plane[max(0, top) : max(1, bottom)]


def _seen_extent(view: View, geometry: PageGeometry) -> tuple[float, float, float, float]:
    """The paper from the first to the last trace, with a margin: (x0, y0, x1, y1) in mm."""
    rows, cols = np.nonzero(view.seg[1:13].sum(0) > 0.5)
    if len(rows) < 50:
        raise UnknownLayout("no ECG traces were found on the page")
    page_px = project(np.linalg.inv(view.matrix), np.stack([cols, rows], axis=-1).astype(float))
    mm = geometry.to_mm(page_px)
    low, high = np.percentile(mm, 0.2, axis=0) - 12, np.percentile(mm, 99.8, axis=0) + 12
    if (high - low).max() > _LARGEST_MM:
        raise UnknownLayout(f"the traces seem to spread over {(high - low).max():.0f} mm: the grid was misread")
    return (*low.tolist(), *high.tolist())


def _rows(heat: np.ndarray, ink: np.ndarray) -> np.ndarray:
    """Heights of the zero lines, px from the top, sub-pixel: peaks of the baseline map along x that have ink near."""
    profile = cv2.GaussianBlur(np.sort(heat, axis=1)[:, ::-1][:, : heat.shape[1] // 2].mean(1)[:, None], (1, 5), 1.0)[
        :, 0
    ]
    if profile.max() < 0.05:
        return np.array([])
    peaks, _ = find_peaks(
        profile, height=0.3 * profile.max(), distance=round(6 * _PX_PER_MM), prominence=0.15 * profile.max()
    )
    reach = round(8 * _PX_PER_MM)
    inked = [ink[max(0, p - reach) : p + reach].max(0).mean() for p in peaks]
    peaks = peaks[np.array(inked) > 0.5 * max(inked, default=0)] if len(peaks) else peaks
    lines = []
    for p in peaks:
        near = slice(max(0, p - 3), p + 4)
        lines.append(float(np.average(np.arange(len(profile))[near], weights=profile[near] ** 2)))
    return np.array(lines)


def match(evidence: Evidence, candidates: Sequence[Template] | None = None, mm_per_s: float | None = None) -> Match:
    """The template, speed and start that explain the most ink. Raises UnknownLayout with what was seen."""
    known = list(candidates or TEMPLATES.values())
    rows = len(evidence.baselines_mm)
    fitting = [t for t in known if t.row_count == rows]
    tried = [_lay(evidence, t, speed, share) for t in fitting for speed, share in _speeds(mm_per_s)]
    if not tried:
        counts = sorted({t.row_count for t in known})
        raise UnknownLayout(
            f"{rows} rows were seen ({_words(evidence)}); the known layouts have {counts} rows: give --layout"
        )
    best = max(tried, key=lambda m: m.score)
    if best.covered < 0.6 or not (best.named >= 0.45 or _columns_tell(best, tried)):
        raise UnknownLayout(
            f"the page looks most like {best.template.name}, but only {best.covered:.0%} of its traces lie where that "
            f"has them and only {best.named:.0%} look like its leads (seen: {_words(evidence)}); give --layout"
        )
    return best


def _columns_tell(best: Match, tried: Sequence[Match]) -> bool:
    """Whether rows and columns alone leave one answer: no other division fits nearly as well, and no other leads.

    The Cabrera orders do not count as others: standard order is assumed, with a warning, where names are not read.
    """
    others = [m.score for m in tried if m.columns_mm != best.columns_mm]
    alike = {m.template.grid for m in tried if m.columns_mm == best.columns_mm and not m.is_cabrera}
    clear = best.begun >= 0.45 or best.score - max(others, default=0.0) >= _MARGIN
    return clear and len(alike) == 1


def _speeds(mm_per_s: float | None) -> list[tuple[float, float]]:
    if mm_per_s is None:
        return list(_WIDTHS)
    return [(mm_per_s, 1.0), (mm_per_s, 25.0 / mm_per_s)] if mm_per_s > 25 else [(mm_per_s, 1.0)]


def _lay(evidence: Evidence, template: Template, mm_per_s: float, share: float) -> Match:
    """Slide a template along x to where it fits best."""
    template = _with_seen_rhythm(evidence, replace(template, column_s=template.column_s * share))
    width = template.column_s * mm_per_s * _PX_PER_MM
    total = template.columns * width
    steps = evidence.leads.shape[2]
    starts = np.arange(-round(0.15 * total), steps - round(0.6 * total))
    every = float(evidence.ink.sum())
    if not len(starts) or every <= 0:
        return Match(template, mm_per_s, evidence.x0_mm, 0.0, 0.0, 0.0)
    lead_sum, ink_sum, name_sum = (_running(v) for v in (evidence.leads, evidence.ink, evidence.names))
    ahead = ndimage.maximum_filter1d(evidence.names, 2 * _NAME_PX + 1, axis=1)
    named, inked, empty, met, begun = (np.zeros(len(starts)) for _ in range(5))
    for r, c, lead, is_rhythm in template.cells():
        a = starts + (0 if is_rhythm else c * width)
        b = a + (total if is_rhythm else width)
        a_px, b_px, n_px = (np.clip(np.round(v).astype(int), 0, steps) for v in (a, b, a + _NAME_PX))
        row = lead_sum[r, STANDARD.index(lead.removeprefix("-"))]
        named += row[b_px] - row[a_px]
        inked += ink_sum[r, b_px] - ink_sum[r, a_px]
        empty += np.maximum((b - a) - (ink_sum[r, b_px] - ink_sum[r, a_px]), 0)
        before = np.clip(a_px - _NAME_PX // 4, 0, steps)
        met += name_sum[r, n_px] - name_sum[r, before]
        begun += ahead[r, np.clip(a_px + _NAME_PX // 2, 0, steps - 1)]
    covered = inked / every - empty / (template.row_count * total)
    recall, precision = begun / len(list(template.cells())), met / max(float(evidence.names.sum()), 1e-6)
    f1 = 2 * recall * precision / np.maximum(recall + precision, 1e-6)
    best = int(np.argmax(0.4 * covered + 0.35 * named / every + 0.25 * f1))
    x0_mm = evidence.x0_mm + starts[best] / _PX_PER_MM
    return Match(template, mm_per_s, x0_mm, float(covered[best]), float(named[best] / every), float(f1[best]))


def _running(values: np.ndarray) -> np.ndarray:
    """Sums along the last axis from the start up to, not including, each place."""
    return np.concatenate([np.zeros((*values.shape[:-1], 1)), np.cumsum(values, -1)], axis=-1)


def _with_seen_rhythm(evidence: Evidence, template: Template) -> Template:
    """The rhythm strips as they were seen, where one lead has most of a last row's ink; as usual otherwise."""
    if not template.rhythm:
        return template
    last = evidence.leads[-len(template.rhythm) :].sum(2)
    seen = [STANDARD[k] if row[k] > 0.5 * row.sum() else usual
            for row, k, usual in zip(last, last.argmax(1), template.rhythm, strict=True)]  # fmt: skip
    return replace(template, rhythm=tuple(seen))


def _words(evidence: Evidence) -> str:
    """What stands in each row, in words."""
    words = []
    for row in evidence.leads:
        there = [STANDARD[k] for k in np.argsort(-row.sum(1))[:4] if row[k].sum() > 0.1 * max(row.sum(), 1e-6)]
        words.append(" ".join(sorted(there, key=STANDARD.index)) or "nothing")
    return "; ".join(words)


def place(found: Match, evidence: Evidence, mm_per_mv: float) -> Layout:
    """The layout on the paper, each row on its own zero line."""
    lines = evidence.baselines_mm
    pitch = float(np.median(np.diff(lines))) if len(lines) > 1 else 40.0
    return found.template.place(
        (found.x0_mm, float(lines[0]) - pitch / 2), pitch, found.mm_per_s, mm_per_mv, lines.tolist()
    )


def reach_mm(evidence: Evidence, layout: Layout) -> list[float]:
    """How far the ink of each row's leads goes up or down from the zero line, mm."""
    rows = layout.rows()
    twice = {b.lead for b in layout.boxes if sum(o.lead == b.lead for o in layout.boxes) > 1}
    pitch = min((b[0].baseline_mm - a[0].baseline_mm for a, b in pairwise(rows)), default=_FARTHEST_MM)
    y_mm = evidence.y0_mm + (np.arange(evidence.flat.shape[1]) + 0.5) / _PX_PER_MM
    reaches = []
    for row in rows:
        off = np.abs(y_mm - row[0].baseline_mm)
        found = [0.0]
        for box in row:
            a, b = (max(0, round((x - evidence.x0_mm) * _PX_PER_MM)) for x in (box.box_mm[0] + 1, box.box_mm[2] - 1))
            inked = (evidence.flat[STANDARD.index(box.lead.removeprefix("-")), :, a:b] > 0.3).any(1)
            limit = 0.6 * pitch if box.lead in twice else _FARTHEST_MM  # the other place of this lead is not this row
            found.append(float(off[inked & (off < limit)].max(initial=0.0)))
        reaches.append(max(found))
    return reaches
