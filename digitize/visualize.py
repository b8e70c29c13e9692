"""One picture to judge a reading by: page, grid, signal, what the networks saw, and the error where truth is known."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digitize import engines
from digitize.batch import describe, read_file
from digitize.engines import Digitize
from digitize.errors import Refusal
from digitize.evaluation.ground_truth import find_truth, load_truth
from digitize.evaluation.network_probe import Answer, listening
from digitize.stages import PageHints, find_template
from ecg.cli import add_engine, add_page_options, run
from ecg.formats import atomic_path
from ecg.layout import TEMPLATES, Template
from ecg.notes import texts
from ecg.reading import Reading
from ecg.record import Record

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_WIDE_IN = 22.0
# Views side by side, and how high a line of them is in inches.
_LINES: tuple[tuple[tuple[str, ...], float], ...] = (
    (("page", "grid"), 7.5),
    (("straight", "signal"), 9.0),
    (("seg", "crossings", "baseline"), 6.0),
    (("strip",), 2.6),
    (("distributions",), 2.6),
)
_COLUMNS = 6


@dataclass(frozen=True, eq=False)
class Seen:
    """A reading with what the networks answered on the way (nothing for a page that draws its own curves)."""

    reading: Reading
    look: Answer | None = None
    row: Answer | None = None
    row_number: int = 0
    truth: Record | None = None


def visualize(
    image: str | Path,
    output: str | Path = "out/visualize.png",
    *,
    layout: Template | str | None = None,
    mm_per_s: float | None = None,
    mm_per_mv: float | None = None,
    row: int = 1,
    truth: str | Path | None = None,
    printed: Template | str | None = None,
    device: str = "cpu",
    engine: str = "torch",
    digitizer: Digitize | None = None,
) -> Reading:
    """Read the first page of `image`, draw it to `output` (.png, .pdf or .svg) and return the reading.

    `row` (1 is the uppermost) is the one whose distributions are shown. `truth` is the recording that is printed
    (default: what lies beside the page, if anything does), of which the page prints the template `printed`.
    Raises Refusal with words when the page cannot be opened or is refused.
    """
    from digitize.pipeline import Digitizer

    path, hints = Path(image), PageHints.of(layout, mm_per_s, mm_per_mv)
    signal = Path(truth) if truth else find_truth(path) if path.is_file() else None
    known = load_truth(signal, path, find_template(printed)).record if signal else None
    digitize = digitizer or engines.load_digitizer(device, engine)
    looks: list[Answer] = []
    rows: list[Answer] = []
    if isinstance(digitize, Digitizer):
        digitize, page_ear, row_ear = listening(digitize)
        looks, rows = page_ear.heard, row_ear.heard
    attempt = next(read_file(path, digitize, hints))
    if attempt.reading is None:
        raise Refusal(attempt.error)
    if rows and not 1 <= row <= len(rows):
        raise ValueError(f"row must lie between 1 and {len(rows)}, got {row}")
    seen = Seen(attempt.reading, looks[-1] if looks else None, rows[row - 1] if rows else None, row, known)
    with atomic_path(output) as temporary:
        draw(seen).savefig(temporary, dpi=110)
    return attempt.reading


def draw(seen: Seen) -> Figure:
    """All views there are in one figure, with what was found and the warnings as its title."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from digitize.evaluation import figures as views

    missing = {
        name for name, part in (("seg", seen.look), ("strip", seen.row), ("distributions", seen.row)) if not part
    }
    lines = [(names, tall) for names, tall in _LINES if names[0] not in missing]
    heights = [tall for _, tall in lines]
    figure = Figure(figsize=(_WIDE_IN, sum(heights)), layout="constrained")
    FigureCanvasAgg(figure)
    mosaic: list[Any] = [[name for name in names for _ in range(_COLUMNS // len(names))] for names, _ in lines]
    axes = figure.subplot_mosaic(mosaic, height_ratios=heights)
    reading = seen.reading
    views.draw_page(axes["page"], reading)
    views.draw_grid(axes["grid"], reading)
    views.draw_straight(axes["straight"], reading)
    views.draw_leads(axes["signal"], reading.record, seen.truth)
    if seen.look:
        views.draw_heads(axes["seg"], axes["crossings"], axes["baseline"], seen.look)
    if seen.row:
        views.draw_row(axes["strip"], axes["distributions"], seen.row, seen.row_number)
    rotation = reading.geometry.angle_deg(reading.layout.extent_mm[:2])
    title = f"{reading.page.stem}: {describe(reading)}, turned by {rotation:.1f}°"
    figure.suptitle("\n".join([title, *texts(reading.notes)]), wrap=True)
    return figure


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m digitize.visualize", description=__doc__)
    made.add_argument("--image", required=True, help="a picture or PDF (its first page)")
    made.add_argument("--output", default="out/visualize.png", help="png, pdf or svg (default: out/visualize.png)")
    add_page_options(made)
    made.add_argument("--row", type=int, default=1, help="whose distributions are shown, from the top (default: 1)")
    made.add_argument("--truth", metavar="FILE", help="the recording that is printed (default: beside the page)")
    made.add_argument("--printed", help=f"what the page prints of a whole recording: {', '.join(TEMPLATES)}, or YAML")
    add_engine(made)
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """0 when the page was drawn, 1 when it could not be read, 2 for a wrong command."""
    return run(parser(), argv, _visualize_and_tell)


def _visualize_and_tell(**options: Any) -> int:
    print(f"{describe(visualize(**options))} -> {options['output']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
