"""The addresses below /v1: each stores what it is sent, lets a worker do the job and hands on the answer."""

from __future__ import annotations

import asyncio
import json
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import Response

from ecg.layout import TEMPLATES
from serve import schemas
from serve.desk import Desk
from serve.formats import FormatRow, rows
from serve.problems import MEDIA_TYPE, Problem
from serve.uploads import record_parts, stored
from serve.workers.job import Answer

_PROBLEM: dict[str, Any] = {
    "model": schemas.ProblemData,
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemData"}}},
}
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: {"description": "The request cannot be understood."},
    401: {"description": "The server was started with a token, and this is not it."},
    403: {"description": "Another website asks."},
    404: {"description": "There is nothing here."},
    413: {"description": "The request is too large."},
    422: {"description": "A file or a value cannot be used."},
    500: {"description": "A fault of the program, or a worker that ended."},
    503: {"description": "Too many are waiting; Retry-After says when to ask again."},
}
RESPONSES: dict[int | str, dict[str, Any]] = {status: _PROBLEM | words for status, words in _PROBLEMS.items()}
router = APIRouter(prefix="/v1", responses=RESPONSES)

Speed = Annotated[float | None, Form(ge=1, le=200, description="paper speed in mm/s, if known")]
Gain = Annotated[float | None, Form(ge=1, le=200, description="gain in mm/mV, if known")]
LayoutName = Annotated[str | None, Form(max_length=40, description="a name of /v1/layouts, if known")]
PageNumber = Annotated[int, Form(ge=0, le=10_000, description="the page of the file, from 0")]
Picture = Annotated[UploadFile, File(description="a picture or PDF")]
Reading = Annotated[UploadFile | None, File(description="JSON: {reading, steps}, as `State` says")]
RecordFiles = Annotated[list[UploadFile], File(description="a recording in a format of /v1/formats; WFDB in two files")]


def desk_of(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


@router.post("/readings", response_model=schemas.Readings)
async def readings(
    request: Request,
    files: Annotated[list[UploadFile], File(description="pictures or PDFs")],
    layout: LayoutName = None,
    mm_per_s: Speed = None,
    mm_per_mv: Gain = None,
) -> Response:
    """Read every page of pictures and PDFs. A page that is not read comes with the problem that it is."""
    desk = desk_of(request)
    if len(files) > desk.limits.files:
        raise Problem(422, "wrong-value", f"files: at most {desk.limits.files} in one request")
    desk.check_room("read")
    options = {"layout": layout, "mm_per_s": mm_per_s, "mm_per_mv": mm_per_mv}

    async def one(upload: UploadFile) -> Answer:
        async with stored(desk.private, {"file": upload}) as folder:
            try:
                return await desk.run("read", folder, options)
            except Problem as problem:
                return Answer(problem=problem)

    answers = await asyncio.gather(*(one(upload) for upload in files))
    if not any(answer.bodies for answer in answers) and answers[0].problem:
        raise answers[0].problem
    pages = [page for number, answer in enumerate(answers) for page in _pages(number, answer)]
    return _json(b'{"pages":[' + b",".join(pages) + b"]}")


@router.post("/readings/reread", response_model=schemas.PageAnswer)
async def reread(
    request: Request,
    file: Picture,
    page: PageNumber = 0,
    corners_px: Annotated[str | None, Form(max_length=1000, description="JSON: four [x, y] in page px")] = None,
    layout: LayoutName = None,
    mm_per_s: Speed = None,
    mm_per_mv: Gain = None,
) -> Response:
    """Read one page again with what is known better: four crossings of its grid, layout, speed, gain."""
    known = {"layout": layout, "mm_per_s": mm_per_s, "mm_per_mv": mm_per_mv, "corners_px": _parsed(corners_px)}
    options = {"page": page, **known}
    async with stored(desk_of(request).private, {"file": file}) as folder:
        return _json(_only_body(await desk_of(request).run("reread", folder, options)))


@router.post("/readings/correct", response_model=schemas.ReadingView)
async def correct(
    request: Request, reading: Annotated[UploadFile, File(description="JSON: {reading, steps}, as `State` says")]
) -> Response:
    """Do the steps on a reading and show what comes of it. It is the page that keeps the reading and the steps."""
    async with stored(desk_of(request).private, {"reading": reading}) as folder:
        return _json(_only_body(await desk_of(request).run("correct", folder, {})))


@router.post("/diagnoses", response_model=schemas.DiagnosisAnswer)
async def diagnoses(
    request: Request,
    record: RecordFiles = [],  # noqa: B006 (FastAPI copies it)
    reading: Reading = None,
    fs_hz: Annotated[float | None, Form(gt=0, le=100_000, description="of a CSV without times")] = None,
    unit: Annotated[str | None, Form(max_length=10, description="of a CSV: mV or uV")] = None,
) -> Response:
    """Diagnose a recording in any readable format, or a reading."""
    parts = _record_or_reading(record, reading)
    async with stored(desk_of(request).private, parts) as folder:
        return _json(_only_body(await desk_of(request).run("diagnose", folder, {"fs_hz": fs_hz, "unit": unit})))


@router.post("/convert", response_class=Response)
async def convert(
    request: Request,
    format: Annotated[str, Form(max_length=40, description="a name of /v1/formats that is written")],
    record: RecordFiles = [],  # noqa: B006 (FastAPI copies it)
    reading: Reading = None,
    file: Annotated[UploadFile | None, File(description="the page, for what shows it")] = None,
    page: PageNumber = 0,
    title: Annotated[str, Form(max_length=200, description="of a report")] = "",
    fs_hz: Annotated[float | None, Form(gt=0, le=100_000, description="of a CSV without times")] = None,
    unit: Annotated[str | None, Form(max_length=10, description="of a CSV: mV or uV")] = None,
) -> Response:
    """Write a recording or a reading in another format; several files come as a zip."""
    parts = {**_record_or_reading(record, reading), "file": file}
    options = {"format": format, "page": page, "title": title, "fs_hz": fs_hz, "unit": unit}
    async with stored(desk_of(request).private, parts) as folder:
        answer = await desk_of(request).run(desk_of(request).job_of(format), folder, options)
    if answer.problem:
        raise answer.problem
    name = json.loads(answer.bodies[0])["name"]
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(answer.bodies[1], media_type="application/octet-stream", headers=headers)


@router.get("/formats", response_model=list[schemas.FormatData])
def list_formats() -> list[FormatRow]:
    """What can be brought and taken away."""
    return rows()


@router.get("/layouts", response_model=list[schemas.LayoutRow])
def list_layouts() -> list[schemas.LayoutRow]:
    """The layouts that a page can have."""
    return [
        schemas.LayoutRow(name=t.name, grid=[list(row) for row in t.grid], rhythm=list(t.rhythm), rows=t.row_count)
        for t in TEMPLATES.values()
    ]


@router.get("/health", response_model=schemas.Health)
def health(request: Request) -> schemas.Health:
    """Whether the server is up, and how busy."""
    return desk_of(request).health()


@router.get("/version", response_model=schemas.Version)
def get_version(request: Request) -> schemas.Version:
    """Of the program, and what can be asked of it."""
    limits = desk_of(request).limits
    try:
        number = version("galvano")
    except PackageNotFoundError:  # run from a checkout that was not installed
        number = "unknown"
    return schemas.Version(
        version=number, max_body_bytes=limits.body_bytes, max_files=limits.files, max_pages=limits.pages
    )


def _pages(number: int, answer: Answer) -> list[bytes]:
    """The pages of a file as JSON, and what ended them."""
    head = b'{"file":%d,' % number
    pages = [head + body[1:] for body in answer.bodies]
    if answer.problem:
        last = {"page": len(answer.bodies), "problem": answer.problem.to_dict()}
        pages.append(head + json.dumps(last).encode()[1:])
    return pages


def _only_body(answer: Answer) -> bytes:
    if answer.problem:
        raise answer.problem
    return answer.bodies[0]


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")


def _parsed(corners_px: str | None) -> object:
    try:
        return None if corners_px is None else json.loads(corners_px)
    except (ValueError, RecursionError):
        raise Problem(422, "wrong-value", "corners_px: expected JSON, [[x, y], [x, y], [x, y], [x, y]]") from None


def _record_or_reading(record: list[UploadFile], reading: UploadFile | None) -> dict[str, UploadFile]:
    if bool(record) == bool(reading):
        raise Problem(422, "wrong-value", "expected either the part record or the part reading")
    return {"reading": reading} if reading else record_parts(record)
