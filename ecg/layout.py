"""`Layout`: which lead is printed where on the paper, and at which speed and gain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from pathlib import Path

import numpy as np
import yaml

from ecg.files import JsonMapping, JsonObject
from ecg.leads import CABRERA, PRECORDIAL, STANDARD, canonical

_COLUMN_S = (0.2, 60.0)  # how long a column can be


@dataclass(frozen=True)
class LeadBox:
    """One printed stretch of one lead: its place in paper mm (x0, y0, x1, y1; y downward) and its time span.

    The 0 mV line is the middle of the box. A rhythm strip is one more box, so a lead may stand twice. `gain` is its
    share of the layout's mm/mV: 0.5 where chest leads are printed at half size.
    """

    lead: str
    box_mm: tuple[float, float, float, float]
    t0_s: float
    t1_s: float
    is_rhythm: bool = False
    gain: float = 1.0

    def __post_init__(self) -> None:
        x0, y0, x1, y1 = (float(v) for v in self.box_mm)
        if not (x0 < x1 and y0 < y1):
            raise ValueError(f"box of {self.lead} must be (x0, y0, x1, y1) with x0 < x1 and y0 < y1, got {self.box_mm}")
        if not self.t0_s < self.t1_s:
            raise ValueError(f"time span of {self.lead} must be positive, got {self.t0_s}..{self.t1_s} s")
        if self.gain <= 0:
            raise ValueError(f"gain of {self.lead} must be positive, got {self.gain}")
        object.__setattr__(self, "lead", canonical(self.lead))
        object.__setattr__(self, "box_mm", (x0, y0, x1, y1))

    @property
    def baseline_mm(self) -> float:
        return (self.box_mm[1] + self.box_mm[3]) / 2


@dataclass(frozen=True)
class Layout:
    """All boxes of a page with the paper speed (mm/s) and the gain (mm/mV)."""

    name: str
    boxes: tuple[LeadBox, ...]
    mm_per_s: float = 25.0
    mm_per_mv: float = 10.0

    def __post_init__(self) -> None:
        if not self.boxes:
            raise ValueError(f"layout {self.name!r} has no boxes")
        if self.mm_per_s <= 0 or self.mm_per_mv <= 0:
            raise ValueError(f"speed and gain must be positive, got {self.mm_per_s} mm/s and {self.mm_per_mv} mm/mV")
        object.__setattr__(self, "boxes", tuple(self.boxes))

    def rows(self) -> list[tuple[LeadBox, ...]]:
        """Boxes grouped by their 0 mV line, top to bottom, each row left to right."""
        levels = sorted({round(b.baseline_mm, 3) for b in self.boxes})
        rows = [[b for b in self.boxes if round(b.baseline_mm, 3) == level] for level in levels]
        return [tuple(sorted(row, key=lambda b: b.box_mm[0])) for row in rows]

    @property
    def extent_mm(self) -> tuple[float, float, float, float]:
        """(x0, y0, x1, y1) around all boxes."""
        corners = np.array([b.box_mm for b in self.boxes])
        return (*corners[:, :2].min(0).tolist(), *corners[:, 2:].max(0).tolist())

    @property
    def duration_s(self) -> float:
        return max(b.t1_s for b in self.boxes)

    def shifted(self, dx_mm: float, dy_mm: float) -> Layout:
        """The same layout moved on the paper."""
        move = np.array([dx_mm, dy_mm, dx_mm, dy_mm])
        return replace(self, boxes=tuple(replace(b, box_mm=tuple(np.array(b.box_mm) + move)) for b in self.boxes))

    def to_dict(self) -> JsonObject:
        return {
            "name": self.name,
            "mm_per_s": self.mm_per_s,
            "mm_per_mv": self.mm_per_mv,
            "boxes": [{**asdict(b), "box_mm": list(b.box_mm)} for b in self.boxes],
        }

    @classmethod
    def from_dict(cls, data: JsonMapping) -> Layout:
        boxes = tuple(LeadBox(**{**box, "box_mm": tuple(box["box_mm"])}) for box in data["boxes"])
        return cls(data["name"], boxes, float(data["mm_per_s"]), float(data["mm_per_mv"]))


@dataclass(frozen=True)
class Template:
    """A family of layouts: the grid of leads, the seconds of each column, and any rhythm strips below."""

    name: str
    grid: tuple[tuple[str, ...], ...]
    column_s: float
    rhythm: tuple[str, ...] = ()
    simultaneous: bool = False

    def __post_init__(self) -> None:
        if len({len(row) for row in self.grid}) != 1:
            raise ValueError(f"template {self.name!r}: every row needs the same number of leads")

    @property
    def block_rows(self) -> int:
        """After how many rows of the grid the same leads go on below each other; all rows where none go on."""
        rows = len(self.grid)
        shares = (k for k in range(1, rows) if rows % k == 0 and self.grid == self.grid[:k] * (rows // k))
        return next(shares, rows)

    @property
    def columns(self) -> int:
        return len(self.grid[0])

    @property
    def row_count(self) -> int:
        return len(self.grid) + len(self.rhythm)

    @property
    def duration_s(self) -> float:
        return self.column_s * self.columns

    def cells(self) -> Iterator[tuple[int, int, str, bool]]:
        """(row, column, lead, is_rhythm) of every box; a rhythm strip has column 0."""
        for r, row in enumerate(self.grid):
            for c, lead in enumerate(row):
                yield r, c, lead, False
        for r, lead in enumerate(self.rhythm, start=len(self.grid)):
            yield r, 0, lead, True

    def place(
        self,
        origin_mm: tuple[float, float] = (0.0, 0.0),
        row_mm: float = 30.0,
        mm_per_s: float = 25.0,
        mm_per_mv: float = 10.0,
        baselines_mm: Sequence[float] | None = None,
        chest_gain: float = 1.0,
        gap_mm: float = 0.0,
    ) -> Layout:
        """Put the template on paper: `origin_mm` is the upper left corner of the first box.

        `baselines_mm` gives each row's 0 mV line where the rows are not evenly spaced; `chest_gain` is the chest
        leads' share of the gain; `gap_mm` is the room between columns, which rhythm strips do not have.
        Where the grid repeats its leads row by row, they go on from one row to the next.
        """
        lines = baselines_mm or [origin_mm[1] + (r + 0.5) * row_mm for r in range(self.row_count)]
        if len(lines) != self.row_count:
            raise ValueError(f"template {self.name!r} has {self.row_count} rows, got {len(lines)} baselines")
        boxes = []
        for r, c, lead, is_rhythm in self.cells():
            seconds = self.duration_s if is_rhythm else self.column_s
            x0 = origin_mm[0] + c * (self.column_s * mm_per_s + gap_mm)
            block = 0 if is_rhythm else r // self.block_rows
            t0 = block * self.duration_s + (0.0 if self.simultaneous else c * self.column_s)
            box = (x0, lines[r] - row_mm / 2, x0 + seconds * mm_per_s, lines[r] + row_mm / 2)
            gain = chest_gain if lead in PRECORDIAL else 1.0
            boxes.append(LeadBox(lead, box, t0, t0 + seconds, is_rhythm, gain))
        return Layout(self.name, tuple(boxes), mm_per_s, mm_per_mv)


def _grid(leads: Sequence[str], rows: int) -> tuple[tuple[str, ...], ...]:
    """Leads filled column by column, as ECG machines print them."""
    return tuple(tuple(leads[r::rows]) for r in range(rows))


def _family() -> dict[str, Template]:
    table = [
        Template("3x4", _grid(STANDARD, 3), 2.5),
        *(Template(f"3x4+{n}", _grid(STANDARD, 3), 2.5, ("II", "V1", "V5")[:n]) for n in (1, 2, 3)),
        Template("6x2", _grid(STANDARD, 6), 5.0),
        Template("6x2+1", _grid(STANDARD, 6), 5.0, ("II",)),
        Template("12x1", _grid(STANDARD, 12), 10.0),
        Template("6x1-limb", _grid(STANDARD[:6], 6), 10.0),
        Template("6x1-precordial", _grid(STANDARD[6:], 6), 10.0),
        Template("3x2-limb", _grid(STANDARD[:6], 3), 5.0),
        Template("3x2-precordial", _grid(STANDARD[6:], 3), 5.0),
        Template("3x1", _grid(STANDARD[:3], 3), 10.0),
        Template("4x3", _grid(STANDARD, 4), 2.5),
        Template("cabrera-3x4+1", _grid(CABRERA, 3), 2.5, ("II",)),
        Template("cabrera-6x2", _grid(CABRERA, 6), 5.0),
    ]
    return {t.name: t for t in table}


TEMPLATES: Mapping[str, Template] = _family()


def template(name: str, rhythm: Sequence[str] | None = None) -> Template:
    """A built-in template by name, with other rhythm leads when asked for. Raises ValueError with the known names."""
    if name not in TEMPLATES:
        raise ValueError(f"unknown layout {name!r}: expected one of {', '.join(TEMPLATES)}, or a YAML file")
    found = TEMPLATES[name]
    return found if rhythm is None else replace(found, rhythm=tuple(rhythm))


def load_template(path: str | Path) -> Template:
    """A user's own template from YAML with the keys name, grid, column_s and, if wanted, rhythm and simultaneous.

    Raises OSError for a file that cannot be opened, ValueError for one that is no such template.
    """
    try:
        return checked(_from_yaml(yaml.safe_load(Path(path).read_text(encoding="utf-8"))))
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise ValueError(f"{path}: {' '.join(str(error).split())}") from error


def _from_yaml(data: object) -> Template:
    known = {"name", "grid", "column_s", "rhythm", "simultaneous"}
    if not isinstance(data, dict) or not {"name", "grid", "column_s"} <= set(data) <= known:
        raise ValueError("a layout file holds name, grid, column_s and optionally rhythm, simultaneous")
    rows, column_s, simultaneous = data["grid"], data["column_s"], data.get("simultaneous", False)
    if not isinstance(rows, list) or not rows:
        raise ValueError(f"grid must be a list of rows, each a list of leads, got {rows!r:.60}")
    if isinstance(column_s, bool) or not isinstance(column_s, int | float):
        raise ValueError(f"column_s must be the seconds that a column shows, got {column_s!r:.60}")
    if not isinstance(simultaneous, bool):
        raise ValueError(f"simultaneous must be true or false, got {simultaneous!r:.60}")
    grid, rhythm = tuple(_leads(row, "every row of grid") for row in rows), _leads(data.get("rhythm", []), "rhythm")
    return Template(str(data["name"]), grid, float(column_s), rhythm, simultaneous)


def _leads(names: object, what: str) -> tuple[str, ...]:
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError(f"{what} must be a list of leads such as [I, aVR, V1, V4], got {names!r:.60}")
    return tuple(canonical(name) for name in names)


def checked(kind: Template) -> Template:
    """The template itself. Raises ValueError where columns have no length or stretches of a lead share their time."""
    if not kind.columns or not _COLUMN_S[0] <= kind.column_s <= _COLUMN_S[1]:
        low, high = _COLUMN_S
        raise ValueError(f"a column holds {low:g} to {high:g} s, and a row at least one lead, got {kind.column_s} s")
    if kind.block_rows < len(kind.grid) and (kind.rhythm or kind.simultaneous):
        raise ValueError("a grid whose rows go on in later rows has no rhythm strips and no simultaneous columns")
    for a, b in combinations(kind.place().boxes, 2):
        is_one_lead = a.lead.removeprefix("-") == b.lead.removeprefix("-") and a.is_rhythm == b.is_rhythm
        if is_one_lead and max(a.t0_s, b.t0_s) < min(a.t1_s, b.t1_s) - 1e-9:
            raise ValueError(
                f"{a.lead} stands twice at the same time: one of the two would be lost; name each lead once"
            )
    return kind
