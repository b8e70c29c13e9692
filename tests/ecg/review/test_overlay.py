"""The overlay: traces where they were read, red where doubtful, nothing where hidden, always of a legible size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ecg.geometry import PageGeometry
from ecg.layout import template
from ecg.notes import Note, texts
from ecg.page import Page, Trace, traces_to_record
from ecg.reading import Reading
from ecg.review import overlay

LAYOUT = template("3x1").place(row_mm=30)


def flat_line(size_px: tuple[int, int], scale: float, sure: np.ndarray, hidden: np.ndarray) -> Reading:
    """Three leads at 0.5 mV over their whole length (100 points), on a grey page of `scale` px per mm."""
    geometry = PageGeometry.flat(scale, (10 * scale, 10 * scale))
    traces = []
    for box in LAYOUT.boxes:
        mm = np.stack([np.linspace(box.box_mm[0], box.box_mm[2], 100), np.full(100, box.baseline_mm - 5)], axis=-1)
        px = geometry.to_px(mm)
        traces.append(Trace(box.lead, px[:, 0], np.where(hidden, np.nan, px[:, 1]), sure))
    page = Page(np.full((size_px[1], size_px[0], 3), 200, np.uint8))
    return Reading(traces_to_record(traces, geometry, LAYOUT), page, geometry, LAYOUT, tuple(traces))


def colours_along(reading: Reading, box: int) -> np.ndarray:
    """The overlay's colours under each point of one trace, int [point, RGB]."""
    image = reading.picture()
    scale = image.width / reading.page.size_px[0]
    mm_y = LAYOUT.boxes[box].baseline_mm - 5
    x_mm = np.linspace(LAYOUT.boxes[box].box_mm[0], LAYOUT.boxes[box].box_mm[2], 100)
    px = reading.geometry.to_px(np.stack([x_mm, np.full(100, mm_y)], axis=-1))
    x, y = np.rint((px + 0.5) * scale - 0.5).astype(int).T
    return np.asarray(image).astype(int)[y, x]


@pytest.mark.parametrize(("scale", "long_side"), [(2.0, 1600), (7.0, 1960), (20.0, 2400)])
def test_the_long_side_stays_legible_and_lines_stay_in_place(scale: float, long_side: int) -> None:
    reading = flat_line((round(280 * scale), round(120 * scale)), scale, np.ones(100), np.zeros(100, bool))
    assert max(reading.picture().size) == long_side
    for box, trace in enumerate(reading.traces):
        away = np.abs(colours_along(reading, box)[2:-2] - overlay.colour_of(trace.lead)[:3]).max(axis=1)
        assert np.median(away) < 60


def test_doubtful_stretches_are_red_and_hidden_ones_bare() -> None:
    sure = np.where(np.arange(100) < 40, 0.9, 0.2)
    hidden = np.arange(100) >= 70
    red, green, blue = colours_along(flat_line((1960, 840), 7.0, sure, hidden), 1).T
    assert (red[42:68] > green[42:68] + 100).all()
    assert not (red[30:38] > green[30:38] + 50).any()
    assert (np.abs(red - blue)[75:98] < 12).mean() > 0.9


def test_neighbouring_leads_have_different_colours() -> None:
    for name in ("3x4+1", "6x2", "12x1", "cabrera-6x2"):
        grid = template(name).grid
        for r, row in enumerate(grid):
            for c, lead in enumerate(row):
                near = [grid[r][c + 1]] if c + 1 < len(row) else []
                near += [grid[r + 1][c]] if r + 1 < len(grid) else []
                assert overlay.colour_of(lead) not in [overlay.colour_of(other) for other in near], (name, lead)


def test_the_suffix_chooses_the_format_and_the_file_is_whole_or_absent(tmp_path: Path) -> None:
    reading = flat_line((560, 240), 2.0, np.ones(100), np.zeros(100, bool))
    reading.overlay(tmp_path / "new" / "check.jpg")
    with Image.open(tmp_path / "new" / "check.jpg") as image:
        assert image.format == "JPEG"
    with pytest.raises(ValueError, match="extension"):
        reading.overlay(tmp_path / "check.xyz")
    assert [path.name for path in tmp_path.iterdir()] == ["new"]


def test_the_pages_notes_lead_the_warnings() -> None:
    reading = flat_line((560, 240), 2.0, np.ones(100), np.zeros(100, bool))
    page = Page(reading.page.pixels, notes=(Note("picture-shrunk", "shrunk"),))
    notes = (Note("speed-assumed", "speed assumed"),)
    made = Reading(reading.record, page, reading.geometry, LAYOUT, reading.traces, notes)
    assert texts(made.notes) == ["shrunk", "speed assumed"]
    again = Reading.from_dict(made.to_dict(), page, made.record)
    assert texts(again.notes) == texts(made.notes)
