"""The values that the pipeline hands from stage to stage."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from digitize.grid.corners import Corners, check_corners
from ecg.geometry import PageGeometry
from ecg.layout import Layout, Template, checked, load_template, template
from ecg.notes import Note
from ecg.page import Trace
from ecg.paper import MAX_SCALE, MIN_SCALE

LAYOUT_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True)
class PageHints:
    """What the user knows about the pages; None is left to the program to find.

    `corners_px` are four crossings of the grid that make a rectangle on the paper, as (x, y) in page px.
    """

    layout: Template | None = None
    mm_per_s: float | None = None
    mm_per_mv: float | None = None
    corners_px: Corners | None = None

    def __post_init__(self) -> None:
        if self.corners_px is not None:
            check_corners(self.corners_px)
        for name in ("mm_per_s", "mm_per_mv"):
            value = getattr(self, name)
            if value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, int | float) or not MIN_SCALE <= value <= MAX_SCALE:
                raise ValueError(
                    f"{name} must lie between {MIN_SCALE:g} and {MAX_SCALE:g} (usual: 25 mm/s, 10 mm/mV), got {value}"
                )

    @classmethod
    def of(
        cls,
        layout: Template | str | None = None,
        mm_per_s: float | None = None,
        mm_per_mv: float | None = None,
        corners_px: Corners | None = None,
    ) -> PageHints:
        """The same with the layout by name or from a YAML file. Raises ValueError with the known names."""
        return cls(find_template(layout), mm_per_s, mm_per_mv, corners_px)

    def or_else(self, other: PageHints) -> PageHints:
        """What is known here, and from the other what is not."""
        names = (f.name for f in fields(self))
        return PageHints(**{n: getattr(other, n) if getattr(self, n) is None else getattr(self, n) for n in names})


def find_template(layout: Template | str | None) -> Template | None:
    """A template by name or from a YAML file. Raises ValueError with the known names, or what makes no sense."""
    if layout is None:
        return None
    if isinstance(layout, Template):
        return checked(layout)
    if not isinstance(layout, str):
        raise ValueError(f"a layout is a name or a YAML file, got {layout!r}")
    try:
        return load_template(layout) if layout.lower().endswith(LAYOUT_SUFFIXES) else template(layout)
    except OSError as error:
        raise ValueError(f"{layout}: the layout cannot be read ({error.strerror or error})") from error


@dataclass(frozen=True, eq=False)
class LocatedPage:
    """Where the layout lies on the page, and what was assumed to say so.

    `reach_mm` [row] is how far each row's ink goes from its zero line. `is_named` tells whether the lead names were
    recognised, `is_confirmed` whether these or the user confirm the layout, `certain_strips` for every rhythm strip
    whether its name was read for certain, `is_speed_seen` whether pulses or print showed the paper speed,
    `is_speed_printed` and `is_gain_printed` whether print did: pulses are seen again, close up.
    """

    geometry: PageGeometry
    layout: Layout
    reach_mm: tuple[float, ...]
    notes: tuple[Note, ...]
    is_named: bool
    is_confirmed: bool
    certain_strips: tuple[bool, ...] = ()
    is_speed_seen: bool = True
    is_speed_printed: bool = False
    is_gain_printed: bool = False


@dataclass(frozen=True, eq=False)
class RowReading:
    """What the row network read along one row, per column, in paper mm.

    `x_mm`, `y_mm` [column] are the curve; `certainty`, `presence` and `edge` [column], whether a lead begins or ends
    there, lie in 0..1; `seg` [class, row, col] are the class maps in 0..1, in px of the strip, of which each holds
    `nets.inputs.ROW_COLUMNS_PER_PX` columns of the others.
    `spread_mm` [column] is how wide the distribution is that the height was decoded from, None where there is none.
    """

    x_mm: np.ndarray
    y_mm: np.ndarray
    certainty: np.ndarray
    presence: np.ndarray
    edge: np.ndarray
    seg: np.ndarray
    spread_mm: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Leads:
    """The traces of a page, one for each box of its layout.

    `is_confirmed` tells whether names or the user confirm the layout, `certain_strips` for every rhythm strip whether
    its printed name was read for certain.
    """

    geometry: PageGeometry
    layout: Layout
    traces: tuple[Trace, ...]
    notes: tuple[Note, ...]
    is_confirmed: bool = True
    certain_strips: tuple[bool, ...] = ()
