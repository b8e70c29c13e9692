"""One picture to judge a reading by: the overlay, the page made straight, and the twelve leads drawn anew."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from digitize import batch
from digitize.batch import Digitize, Given, Refusal, describe, find_template, read_file
from digitize.options import add_engine, add_page_options, run
from ecg.formats import atomic_path
from ecg.layout import Template
from ecg.reading import Reading
from ecg.record import Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PX_PER_MM = 6.0
_MARGIN_MM = 5.0
_ROW_MV = 2.0  # between the zero lines of two leads drawn anew


def visualize(
    image: str | Path,
    output: str | Path = "out/visualize.png",
    *,
    layout: Template | str | None = None,
    mm_per_s: float | None = None,
    mm_per_mv: float | None = None,
    device: str = "cpu",
    engine: str = "torch",
    digitizer: Digitize | None = None,
) -> Reading:
    """Read the first page of `image`, draw it to `output` (.png, .pdf or .svg) and return the reading.

    Raises Refusal with words when the page cannot be opened or is refused.
    """
    given = Given(find_template(layout), mm_per_s, mm_per_mv)
    attempt = next(read_file(Path(image), digitizer or batch.load_digitizer(device, engine), given))
    if attempt.reading is None:
        raise Refusal(attempt.error)
    with atomic_path(output) as temporary:
        draw(attempt.reading).savefig(temporary, dpi=110)
    return attempt.reading


def draw(reading: Reading) -> Figure:
    """The three views in one figure, with what was found and the warnings as its title."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from ecg import overlay

    figure = Figure(figsize=(22, 15), layout="constrained")
    FigureCanvasAgg(figure)
    views = figure.subplot_mosaic([["page", "straight"], ["signal", "signal"]], height_ratios=[1, 1.2])
    views["page"].imshow(np.asarray(overlay.draw(reading)))
    views["page"].set_title("what was read, over the page")
    views["page"].set_axis_off()
    _draw_straight(views["straight"], reading)
    _draw_leads(views["signal"], reading.record)
    rotation = reading.geometry.angle_deg(reading.layout.extent_mm[:2])
    title = f"{reading.page.stem}: {describe(reading)}, turned by {rotation:.1f}°"
    figure.suptitle("\n".join([title, *reading.warnings]), wrap=True)
    return figure


def straighten(reading: Reading, px_per_mm: float = _PX_PER_MM) -> tuple[np.ndarray, tuple[float, float, float, float]]:
    """The printed area at an even scale (uint8 RGB) and its place on the paper in mm (x0, y0, x1, y1)."""
    import cv2

    x0, y0, x1, y1 = np.array(reading.layout.extent_mm) + np.array([-1, -1, 1, 1]) * _MARGIN_MM
    # The paper bends slowly: its map is worked out at every millimetre and is linear in between.
    corners = np.stack(np.meshgrid(np.arange(x0, x1 + 1), np.arange(y0, y1 + 1)), axis=-1)
    coarse = reading.geometry.to_px(corners).astype(np.float32)
    wide, tall = round((x1 - x0) * px_per_mm), round((y1 - y0) * px_per_mm)
    column, row = np.meshgrid(np.arange(wide, dtype=np.float32), np.arange(tall, dtype=np.float32))
    place = cv2.remap(coarse, column / np.float32(px_per_mm), row / np.float32(px_per_mm), cv2.INTER_LINEAR)
    straight = cv2.remap(
        reading.page.pixels, place[..., 0], place[..., 1], cv2.INTER_CUBIC, borderValue=(255, 255, 255)
    )
    return straight, (x0, y0, x1, y1)


def _draw_straight(axes: Axes, reading: Reading) -> None:
    straight, (x0, y0, x1, y1) = straighten(reading)
    axes.imshow(straight, extent=(x0, x1, y1, y0), interpolation="antialiased")
    for box in reading.layout.boxes:
        left, _, right, _ = box.box_mm
        axes.plot([left, right], [box.baseline_mm] * 2, color="tab:blue", linewidth=0.6)
        axes.annotate(box.lead, (left, box.baseline_mm), color="tab:blue", fontsize=8, va="bottom")
    axes.set_xticks(np.arange(np.ceil(x0 / 25) * 25, x1, 25))
    axes.set_yticks(np.arange(np.ceil(y0 / 25) * 25, y1, 25))
    axes.grid(color="tab:blue", linewidth=0.7, alpha=0.9)
    axes.set_title("the page made straight; lines every 25 mm must lie along the paper's own")
    axes.set_xlabel("mm")


def _draw_leads(axes: Axes, record: Record) -> None:
    """The leads below each other on a grid of 0.2 s by 0.5 mV; gaps where nothing was printed."""
    offsets = -_ROW_MV * np.arange(len(record.leads))
    for lead, offset in zip(record.leads, offsets, strict=True):
        axes.plot(record.time_s, record[lead] + offset, color="black", linewidth=0.8)
    axes.set_yticks(offsets, record.leads)
    axes.set_yticks(np.arange(offsets[-1] - _ROW_MV, _ROW_MV + 0.1, 0.5), minor=True)
    axes.set_xticks(np.arange(0, record.duration_s + 0.1, 1.0))
    axes.set_xticks(np.arange(0, record.duration_s + 0.1, 0.2), minor=True)
    axes.grid(which="both", color="#f0a0a0", linewidth=0.5)
    axes.set_xlim(record.start_s, record.start_s + record.duration_s)
    axes.set_ylim(offsets[-1] - _ROW_MV, _ROW_MV)
    axes.set_xlabel("s")
    axes.set_title("the signal; one square is 0.2 s by 0.5 mV")


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m digitize.visualize", description=__doc__)
    made.add_argument("--image", required=True, help="a picture or PDF (its first page)")
    made.add_argument("--output", default="out/visualize.png", help="png, pdf or svg (default: out/visualize.png)")
    add_page_options(made)
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
