"""`Page` and `Trace`: a picture of a page, what its file draws, and the curves that were followed on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ecg.geometry import PageGeometry
from ecg.layout import Layout, LeadBox
from ecg.leads import STANDARD
from ecg.notes import Note
from ecg.record import Record
from ecg.signal.filters import sample_at

FS_HZ = 500.0
DURATION_S = 10.0


@dataclass(frozen=True, eq=False)
class Stroke:
    """An unbroken line as it was drawn: `points_px` [point, (x, y)] in page px; `style` is (width in px, R, G, B)."""

    points_px: np.ndarray
    style: tuple[float, int, int, int]


@dataclass(frozen=True)
class Word:
    """A printed word, the middle of its box in page px, and its direction in degrees clockwise as seen."""

    text: str
    middle_px: tuple[float, float]
    angle_deg: float = 0.0


@dataclass(frozen=True, eq=False)
class Drawing:
    """All strokes in the order in which they are drawn, and all words in the order of the text."""

    strokes: tuple[Stroke, ...]
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, eq=False)
class Page:
    """A picture of a page: `pixels` is uint8 [row, col, RGB]; `dpi` is what the file claims (None if nothing).

    `notes` say what was changed on opening (shrunk, only the first picture of an animation ...). `drawing` is what the
    file draws the page with, where it is not a picture; whoever changes the pixels must drop it.
    """

    pixels: np.ndarray
    dpi: float | None = None
    source: str = ""
    index: int = 0
    notes: tuple[Note, ...] = ()
    drawing: Drawing | None = None

    def __post_init__(self) -> None:
        if self.pixels.ndim != 3 or self.pixels.shape[2] != 3 or self.pixels.dtype != np.uint8:
            raise ValueError(f"pixels must be uint8 [row, col, RGB], got {self.pixels.dtype} {self.pixels.shape}")

    @property
    def size_px(self) -> tuple[int, int]:
        """(width, height)."""
        return self.pixels.shape[1], self.pixels.shape[0]

    @property
    def place(self) -> str:
        """The source, with the page's number where it is not the first."""
        return page_place(self.source, self.index)

    @property
    def stem(self) -> str:
        """The name for results: the source's stem, with -p2, -p3 ... for later pages of one file."""
        stem = Path(self.source).stem or "page"
        return stem if self.index == 0 else f"{stem}-p{self.index + 1}"


@dataclass(frozen=True, eq=False)
class Trace:
    """The centre line of one box's ink in page px; `confidence` in 0..1 per point. NaN in `y_px` where it is hidden."""

    lead: str
    x_px: np.ndarray
    y_px: np.ndarray
    confidence: np.ndarray

    def __post_init__(self) -> None:
        if not self.x_px.shape == self.y_px.shape == self.confidence.shape:
            raise ValueError(f"trace {self.lead}: x_px, y_px and confidence must have one length")

    def to_signal(self, geometry: PageGeometry, layout: Layout, box: LeadBox) -> tuple[np.ndarray, np.ndarray]:
        """(time_s, mV) of every point, by the geometry, the box's zero line and time span, and the layout's scales."""
        mm = geometry.to_mm(np.stack([self.x_px, self.y_px], axis=-1))
        time_s = box.t0_s + (mm[:, 0] - box.box_mm[0]) / layout.mm_per_s
        return time_s, (box.baseline_mm - mm[:, 1]) / (layout.mm_per_mv * box.gain)


def page_place(source: str | Path, index: int) -> str:
    """A page in words: its file, with its number where it is not the first."""
    return f"{source}, page {index + 1}" if index else str(source)


def traces_to_record(
    traces: Sequence[Trace],
    geometry: PageGeometry,
    layout: Layout,
    fs_hz: float = FS_HZ,
    duration_s: float | None = None,
) -> Record:
    """Resample every trace to the page's time line: [12, duration * fs], NaN where nothing is printed.

    Where a lead stands twice the longer strip counts, so that no splice runs through it, and the other fills its gaps;
    "-aVR" is turned over.
    """
    duration_s = max(DURATION_S, layout.duration_s) if duration_s is None else duration_s
    times = np.arange(round(duration_s * fs_hz)) / fs_hz
    signal = np.full((len(STANDARD), times.size), np.nan, np.float32)
    order = sorted(range(len(traces)), key=lambda i: layout.boxes[i].t0_s - layout.boxes[i].t1_s)
    for i in order:
        box, trace = layout.boxes[i], traces[i]
        time_s, mv = trace.to_signal(geometry, layout, box)
        inside = (times >= box.t0_s - 1e-9) & (times < box.t1_s - 1e-9)
        values = np.full(times.size, np.nan)
        values[inside] = sample_at(time_s, mv, times[inside], max_gap_s=0.04)
        row = signal[STANDARD.index(box.lead.removeprefix("-"))]
        fill = np.isnan(row) & np.isfinite(values)
        row[fill] = -values[fill] if box.lead.startswith("-") else values[fill]
    return Record(signal, fs_hz, STANDARD)
