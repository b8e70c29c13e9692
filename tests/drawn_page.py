"""A plain page with its truth, drawn by the test itself, and a stand-in for the digitizer that knows it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from PIL import Image, ImageDraw

from digitize.errors import NotAnEcg
from ecg.geometry import PageGeometry
from ecg.layout import Layout, LeadBox, Template, template
from ecg.notes import Note
from ecg.page import Page, Trace, traces_to_record
from ecg.reading import Reading, ReadingFacts

PX_PER_MM = 4.0
REFUSED_WORDS = "no grid and no traces were found"
CRASH_COLOUR, REFUSED_COLOUR = (1, 2, 3), (9, 9, 9)


def drawn(name: str = "3x4+1", offset_px: float = 0.0) -> Reading:
    """A white page with beats at 75 a minute; the traces lie `offset_px` off the ink."""
    layout = template(name).place(row_mm=25)
    geometry = PageGeometry.flat(PX_PER_MM, (20, 20))
    traces = tuple(_trace(box, layout, geometry) for box in layout.boxes)
    width, height = (int(v * PX_PER_MM) + 40 for v in layout.extent_mm[2:])
    picture = Image.new("RGB", (width, height), "white")
    for trace in traces:
        ImageDraw.Draw(picture).line(list(zip(trace.x_px, trace.y_px, strict=True)), fill="black", width=2)
    moved = tuple(replace(t, y_px=t.y_px + offset_px) for t in traces)
    page = Page(np.asarray(picture), None, "drawn.png")
    facts = ReadingFacts(0.0, (PX_PER_MM, PX_PER_MM), {"page": "none", "row": "none"})
    notes = (Note("speed-assumed", "speed assumed"),)
    return Reading(traces_to_record(moved, geometry, layout), page, geometry, layout, moved, notes, facts)


@dataclass
class FakeDigitizer:
    """Returns the drawn reading for any page; the colour of the first pixel makes it refuse or crash."""

    reading: Reading = field(default_factory=drawn)
    given: list[tuple[Template | None, float | None, float | None]] = field(default_factory=list)

    def __call__(self, page: Page, layout: Template | None, mm_per_s: float | None, mm_per_mv: float | None) -> Reading:
        self.given.append((layout, mm_per_s, mm_per_mv))
        first = tuple(page.pixels[0, 0].tolist())
        if first == REFUSED_COLOUR:
            raise NotAnEcg(REFUSED_WORDS)
        if first == CRASH_COLOUR:
            raise ZeroDivisionError("division by zero")
        return replace(self.reading, page=page)


def _trace(box: LeadBox, layout: Layout, geometry: PageGeometry) -> Trace:
    time_s = np.arange(box.t0_s, box.t1_s, 0.004)
    mv = 0.9 * np.exp(-(((time_s % 0.8 - 0.4) / 0.015) ** 2)) + 0.2 * np.exp(-(((time_s % 0.8 - 0.65) / 0.05) ** 2))
    x_mm = box.box_mm[0] + (time_s - box.t0_s) * layout.mm_per_s
    px = geometry.to_px(np.stack([x_mm, box.baseline_mm - mv * layout.mm_per_mv], axis=-1))
    return Trace(box.lead, px[:, 0], px[:, 1], np.linspace(0.6, 1.0, len(px)))
