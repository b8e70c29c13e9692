"""A reading as the page in the browser keeps it: JSON from which the very same reading can be made again."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
from PIL import Image
from pydantic import ValidationError

from classify.report.ecg_svg import sheet_svg
from ecg.files import JsonMapping, JsonObject
from ecg.geometry import PageGeometry
from ecg.layout import Layout, LeadBox
from ecg.notes import texts
from ecg.page import Page, traces_to_record
from ecg.reading import Reading
from ecg.record import Record
from ecg.review.steps import apply, parse_step
from serve.problems import Problem
from serve.schemas import State

_PICTURE_PX = 2400  # of the longer side that the browser is shown
_EDGE_POINTS = 9  # these follow any bend that paper can have
_INSET = 0.12  # of the picture, where the corners of a page without a grid begin
_STEP_MM = 5.0


def saved(reading: Reading) -> JsonObject:
    """Everything but pixels and signal, to the last digit."""
    geometry = reading.geometry
    bend = None if geometry.bend_mm is None else geometry.bend_mm.tolist()
    traces = [
        {"lead": t.lead, "x_px": _plain(t.x_px), "y_px": _plain(t.y_px), "confidence": _plain(t.confidence)}
        for t in reading.traces
    ]
    return {**reading.to_dict(), "geometry": {**geometry.to_dict(), "bend_mm": bend}, "traces": traces}


def load_state(folder: Path) -> Reading:
    """The reading in the file `reading` of a job, with its steps done. Raises Problem with words for another file."""
    try:
        state = State.model_validate_json((folder / "reading").read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the whole"
        raise Problem(422, "wrong-value", f"reading is not as this server gives it: {place}: {first['msg']}") from None
    try:
        reading = _restored(state.reading.model_dump())
        return apply(reading, [parse_step(step) for step in state.steps])
    except ValueError as error:
        raise Problem(422, "wrong-value", str(error)) from error


def _restored(data: JsonMapping) -> Reading:
    """The reading on a blank page of its size, which takes no memory."""
    width, height = data["size_px"]
    page = Page(np.broadcast_to(np.uint8(255), (height, width, 3)), source=data["source"])
    empty = Record(np.zeros((0, 0), np.float32), 1.0, ())
    reading = Reading.from_dict(data, page, empty)
    record = traces_to_record(reading.traces, reading.geometry, reading.layout)
    return Reading(record, page, reading.geometry, reading.layout, reading.traces, reading.notes, reading.facts)


def view(reading: Reading) -> JsonObject:
    """What there is to see of a reading: curves and boxes in page px, words, the signal and its drawing."""
    layout, geometry = reading.layout, reading.geometry
    return {
        "layout": layout.name,
        "mm_per_s": layout.mm_per_s,
        "mm_per_mv": layout.mm_per_mv,
        "confidence": {lead: round(value, 4) for lead, value in reading.confidence.items()},
        "warnings": texts(reading.notes),
        "codes": [note.code for note in reading.notes],
        "boxes": [
            {
                "lead": box.lead,
                "outline_px": _outline(box, geometry),
                "t0_s": box.t0_s,
                "t1_s": box.t1_s,
                "x_px": _plain(trace.x_px, 2),
                "y_px": _plain(trace.y_px, 2),
                "confidence": _plain(trace.confidence, 2),
            }
            for box, trace in zip(layout.boxes, reading.traces, strict=True)
        ],
        "corners_px": grid_corners(geometry, layout),
        "record": plain_record(reading.record),
        "sheet_svg": sheet_svg(reading.record),
    }


def plain_record(record: Record) -> JsonObject:
    signal = [_plain(row, 4) for row in record.signal_mv]
    return {"fs_hz": record.fs_hz, "start_s": record.start_s, "leads": list(record.leads), "signal_mv": signal}


def picture(page: Page) -> JsonObject:
    """The page for the browser: its true size and a JPEG that may be smaller."""
    image = Image.fromarray(np.ascontiguousarray(page.pixels))
    image.thumbnail((_PICTURE_PX, _PICTURE_PX))
    data = io.BytesIO()
    image.save(data, "JPEG", quality=88)
    width, height = page.size_px
    return {
        "width_px": width,
        "height_px": height,
        "data": f"data:image/jpeg;base64,{base64.b64encode(data.getvalue()).decode('ascii')}",
    }


def grid_corners(geometry: PageGeometry, layout: Layout) -> list[list[float]]:
    """Four crossings of thick lines around the leads, in page px, clockwise from the upper left one."""
    x0, y0, x1, y1 = layout.extent_mm
    low, high = np.floor(np.array([x0, y0]) / _STEP_MM) * _STEP_MM, np.ceil(np.array([x1, y1]) / _STEP_MM) * _STEP_MM
    mm = np.array([[low[0], low[1]], [high[0], low[1]], [high[0], high[1]], [low[0], high[1]]])
    found: list[list[float]] = np.round(geometry.to_px(mm), 1).tolist()
    return found


def inset_corners(page: Page) -> list[list[float]]:
    """Where the corners begin on a page whose grid was not found."""
    width, height = page.size_px
    x0, y0, x1, y1 = _INSET * width, _INSET * height, (1 - _INSET) * width, (1 - _INSET) * height
    return [[x0, y0], [x1, y0], [x1, y1], [x0, y1]]


def _outline(box: LeadBox, geometry: PageGeometry) -> list[list[float]]:
    """Around a box, clockwise from its upper left corner."""
    x0, y0, x1, y1 = box.box_mm
    across = np.linspace(x0, x1, _EDGE_POINTS)
    top, bottom = (np.stack([across, np.full(_EDGE_POINTS, y)], axis=-1) for y in (y0, y1))
    outline: list[list[float]] = np.round(geometry.to_px(np.concatenate([top, bottom[::-1]])), 1).tolist()
    return outline


def _plain(values: np.ndarray, digits: int | None = None) -> list[float | None]:
    exact = np.asarray(values, dtype=np.float64)
    shown = exact if digits is None else np.round(exact, digits)
    if np.isfinite(shown).all():
        return shown.tolist()
    return np.where(np.isfinite(shown), shown, None).tolist()  # type: ignore[call-overload]
