"""What goes over the wire, typed; the OpenAPI page is made of it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

MAX_POINTS = 200_000  # of a trace: ten minutes at 400 Hz
MAX_BOXES = 64
MAX_SIDE_PX = 40_000
MAX_SECONDS = 3600.0

Numbers = Annotated[list[float], Field(max_length=MAX_POINTS)]
Heights = Annotated[list[float | None], Field(max_length=MAX_POINTS)]
Point = Annotated[list[float], Field(min_length=2, max_length=2)]
PointOrHidden = Annotated[list[float | None], Field(min_length=2, max_length=2)]
Rectangle = Annotated[list[float], Field(min_length=4, max_length=4)]
Seconds = Annotated[float, Field(ge=-MAX_SECONDS, le=MAX_SECONDS)]
Scale = Annotated[float, Field(ge=0.5, le=1000)]


class _Finite(BaseModel):
    model_config = ConfigDict(allow_inf_nan=False)


class TraceData(_Finite):
    """A curve in page px; null in `y_px` where it is hidden."""

    lead: str
    x_px: Numbers
    y_px: Heights
    confidence: Numbers


class BoxData(_Finite):
    """A printed stretch of a lead in paper mm, and its time span."""

    lead: str
    box_mm: Rectangle
    t0_s: Seconds
    t1_s: Seconds
    is_rhythm: bool = False
    gain: Annotated[float, Field(gt=0, le=100)] = 1.0


class LayoutData(_Finite):
    """All boxes of a page, with paper speed and gain."""

    name: str
    mm_per_s: Scale
    mm_per_mv: Scale
    boxes: Annotated[list[BoxData], Field(min_length=1, max_length=MAX_BOXES)]


class GeometryData(_Finite):
    """Paper mm to page px: a perspective with a smooth bend."""

    homography: Annotated[list[Annotated[list[float], Field(min_length=3, max_length=3)]], Field(max_length=3)]
    bend_mm: Annotated[list[Annotated[list[Point], Field(max_length=500)]], Field(max_length=500)] | None
    extent_mm: Rectangle
    error_mm: float | None = None


class ReadingData(_Finite):
    """A reading whole, but for pixels and signal: what the page keeps and sends back."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)

    source: str = ""
    page_index: int = 0
    size_px: Annotated[list[Annotated[int, Field(ge=1, le=MAX_SIDE_PX)]], Field(min_length=2, max_length=2)]
    geometry: GeometryData
    layout: LayoutData
    warnings: Annotated[list[str], Field(max_length=1000)] = []
    codes: Annotated[list[str], Field(max_length=1000)] = []
    rotation_deg: float | None = None
    px_per_mm: list[float] | None = None
    weights: dict[str, str] = {}
    read_from: str | None = None
    traces: Annotated[list[TraceData], Field(max_length=MAX_BOXES)]


class State(BaseModel):
    """A reading as it was read, and the steps that put it right, in their order."""

    reading: ReadingData
    steps: Annotated[list[dict[str, Any]], Field(max_length=1000)] = []


class ProblemData(BaseModel):
    """RFC 9457; `code` and the narrower `reason` are words for programs, `detail` a sentence for a person."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    reason: str = ""


class RecordData(BaseModel):
    """A signal [lead][sample] in mV; null where nothing is printed."""

    fs_hz: float
    start_s: float
    leads: list[str]
    signal_mv: list[list[float | None]]


class BoxView(BaseModel):
    """A box and its curve in page px."""

    lead: str
    outline_px: list[Point]
    t0_s: float
    t1_s: float
    x_px: list[float]
    y_px: list[float | None]
    confidence: list[float]


class ReadingView(BaseModel):
    """What there is to see of a reading after its steps; `sheet_svg` is the signal redrawn on ECG paper."""

    layout: str
    mm_per_s: float
    mm_per_mv: float
    confidence: dict[str, float]
    warnings: list[str]
    codes: list[str]
    boxes: list[BoxView]
    corners_px: list[Point]
    record: RecordData
    sheet_svg: str


class Picture(BaseModel):
    """The page: its size in px, in which all places are given, and a JPEG as data URL that may be smaller."""

    width_px: int
    height_px: int
    data: str


class PageAnswer(BaseModel):
    """A page of a file: its reading and view, or the problem that it is."""

    file: int = 0
    page: int
    picture: Picture | None = None
    corners_px: list[Point] | None = None
    reading: dict[str, Any] | None = None
    view: ReadingView | None = None
    problem: ProblemData | None = None


class Readings(BaseModel):
    """Every page of every file, in order."""

    pages: list[PageAnswer]


class MeasurementData(BaseModel):
    """A measurement in words, and whether it lies outside of what is usual; `name` is that of `classify.features`."""

    name: str
    title: str
    known: bool
    value: str
    outside: bool
    usual: str


class DiagnosisAnswer(BaseModel):
    """The diagnosis as `classify.infer` writes it, its verdict in words and the measurements."""

    verdict: str
    diagnosis: dict[str, Any]
    measurements: list[MeasurementData]


class FormatData(BaseModel):
    """A format; `needs` says what has to be sent to have it: a record, a reading, or a reading with its page."""

    name: str
    title: str
    suffix: str
    reads: bool
    writes: bool
    needs: str


class LayoutRow(BaseModel):
    """A known layout: its grid of leads, row by row, and the rhythm strips below."""

    name: str
    grid: list[list[str]]
    rhythm: list[str]
    rows: int


class Health(BaseModel):
    """Whether the networks are loaded, and how busy the server is."""

    status: str
    workers: int
    ready: int
    busy: int
    waiting: int


class Version(BaseModel):
    """Of the program, and what can be asked of it."""

    version: str
    max_body_bytes: int
    max_files: int
    max_pages: int
