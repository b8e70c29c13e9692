"""One picture to judge a reading by: page, grid, signal, network outputs, and the error where truth is known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.typing import HashableList

from digitize import engines
from digitize.batch import describe, read_file
from digitize.engines import Digitize
from digitize.errors import Refusal
from digitize.evaluation import figures
from digitize.evaluation.checkpoint_review import digitizer_of
from digitize.evaluation.ground_truth import find_truth, load_truth
from digitize.evaluation.network_probe import NetworkCall, Probe, probed
from digitize.evaluation.whole_page import SinglePass
from digitize.pipeline import Digitizer
from digitize.stages import PageHints, find_template
from ecg.files import atomic_path, check_writable, refuse_input
from ecg.layout import Template
from ecg.notes import texts
from ecg.reading import Reading
from ecg.record import Record

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
class Inspection:
    """A reading with what the networks answered on the way (nothing for a page that draws its own curves)."""

    reading: Reading
    page_call: NetworkCall | None = None
    row_call: NetworkCall | None = None
    row_number: int = 0
    truth: Record | None = None


def visualize(
    image: str | Path,
    output: str | Path = Path("out/visualize.png"),
    *,
    layout: Template | str | None = None,
    mm_per_s: float | None = None,
    mm_per_mv: float | None = None,
    row: int = 1,
    truth: str | Path | None = None,
    printed: Template | str | None = None,
    device: str = "cpu",
    engine: str = "torch",
    checkpoint: Path | None = None,
    digitizer: Digitize | None = None,
) -> Reading:
    """Read the first page of `image`, draw it to `output` (.png, .pdf or .svg) and return the reading.

    `row` (1 is the uppermost) is the one whose distributions are shown. `truth` is the recording that is printed
    (default: what lies beside the page, if anything does), of which the page prints the template `printed`. With
    `checkpoint` the network of a run reads in place of the shipped one.
    Raises Refusal with words when the page cannot be opened or is refused.
    """
    refuse_input(output, [image])
    check_writable(Path(output).parent)
    path, given = Path(image), PageHints.of(layout, mm_per_s, mm_per_mv)
    signal = Path(truth) if truth else find_truth(path) if path.is_file() else None
    known = load_truth(signal, path, find_template(printed)).record if signal else None
    own = digitizer_of(checkpoint, device, engine) if checkpoint else None
    digitize = digitizer or own or engines.load_digitizer(device, engine)
    page_calls: list[NetworkCall] = []
    row_calls: list[NetworkCall] = []
    if isinstance(digitize, SinglePass):
        probe = Probe(digitize.net)
        digitize, page_calls = replace(digitize, net=probe), probe.calls
    elif isinstance(digitize, Digitizer):
        digitize, page_probe, row_probe = probed(digitize)
        page_calls, row_calls = page_probe.calls, row_probe.calls
    attempt = next(read_file(path, digitize, given))
    if attempt.reading is None:
        raise Refusal(attempt.error or f"{path}: nothing was read", attempt.code)
    if row_calls and not 1 <= row <= len(row_calls):
        raise ValueError(f"row must lie between 1 and {len(row_calls)}, got {row}")
    seen = Inspection(
        attempt.reading,
        page_calls[-1] if page_calls else None,
        row_calls[row - 1] if row_calls else None,
        row,
        known,
    )
    with atomic_path(output) as temporary:
        draw(seen).savefig(temporary, dpi=110)
    return attempt.reading


def draw(seen: Inspection) -> Figure:
    """All views there are in one figure, with what was found and the warnings as its title."""
    missing = {
        name
        for name, part in (("seg", seen.page_call), ("strip", seen.row_call), ("distributions", seen.row_call))
        if not part
    }
    lines = [(names, tall) for names, tall in _LINES if names[0] not in missing]
    heights = [tall for _, tall in lines]
    figure = Figure(figsize=(_WIDE_IN, sum(heights)), layout="constrained")
    FigureCanvasAgg(figure)
    mosaic: list[HashableList[str]] = [
        [name for name in names for _ in range(_COLUMNS // len(names))] for names, _ in lines
    ]
    axes = figure.subplot_mosaic(mosaic, height_ratios=heights)
    reading = seen.reading
    figures.draw_page(axes["page"], reading)
    figures.draw_grid(axes["grid"], reading)
    figures.draw_straight(axes["straight"], reading)
    figures.draw_leads(axes["signal"], reading.record, seen.truth)
    if seen.page_call:
        figures.draw_heads(axes["seg"], axes["crossings"], axes["baseline"], seen.page_call)
    if seen.row_call:
        figures.draw_row(axes["strip"], axes["distributions"], seen.row_call, seen.row_number)
    rotation = reading.geometry.angle_deg(reading.layout.extent_mm[:2])
    title = f"{reading.page.stem}: {describe(reading)}, turned by {rotation:.1f}°"
    figure.suptitle("\n".join([title, *texts(reading.notes)]), wrap=True)
    return figure
