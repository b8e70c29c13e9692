"""The addresses of the queue: the pages that the server was started with, and what a person says of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response
from pydantic import BaseModel, Field

from classify.labels import GROUPS
from classify.queue import Queue, QueuedPage
from serve.problems import Problem
from serve.routes import RESPONSES, desk_of


class LabelData(BaseModel):
    """A label, and what it says in English."""

    name: str
    title: str


class LabelGroupData(BaseModel):
    """Labels that may be given together, or of which one alone holds."""

    name: str
    exclusive: bool
    labels: list[LabelData]


class QueuedPageData(BaseModel):
    """A page of the queue and what was said of it, as `Kept` describes."""

    number: int
    file: str
    looked_at: bool
    labels: dict[str, list[str]]
    correction: dict[str, Any] | None


class QueueData(BaseModel):
    """The pages that the server was started with, and the groups of labels that are asked for."""

    groups: list[LabelGroupData]
    pages: list[QueuedPageData]


class Kept(BaseModel):
    """Labels of a page by group, and what `--corrections` replays; null where its curves are not to be learnt."""

    labels: Annotated[dict[str, Annotated[list[str], Field(max_length=200)]], Field(max_length=20)] = {}
    correction: dict[str, Any] | None = None


router = APIRouter(prefix="/v1/queue", responses=RESPONSES)


@router.get("", response_model=QueueData)
def listed(request: Request) -> QueueData:
    """The pages to be looked at; none where the server was started without a queue."""
    queue = desk_of(request).queue
    if queue is None:
        return QueueData(groups=[], pages=[])
    pages = [
        QueuedPageData(
            number=page.number,
            file=page.picture.name,
            looked_at=page.is_looked_at,
            labels={group: list(names) for group, names in page.labels.items()},
            correction=None if page.correction is None else dict(page.correction),
        )
        for page in _pages(queue)
    ]
    return QueueData(groups=[_group(name) for name in queue.groups], pages=pages)


@router.get("/{number}", response_class=Response)
def picture(request: Request, number: int) -> FileResponse:
    """The picture of a page."""
    _, page = _found(request, number)
    if not page.picture.is_file():
        raise Problem(404, "not-found", f"{page.picture.name}: is listed, but not there any more")
    return FileResponse(page.picture, media_type="application/octet-stream")


@router.put("/{number}", status_code=204, response_class=Response)
def keep(request: Request, number: int, kept: Kept) -> None:
    """Write down what is said of a page, in the place of what was said before."""
    queue, page = _found(request, number)
    try:
        queue.keep(page.number, kept.labels, kept.correction)
    except ValueError as error:
        raise Problem(422, "wrong-value", str(error)) from error
    except OSError as error:
        words = f"{Path(queue.folder).name}: cannot be written to ({error.strerror})"
        raise Problem(422, "cannot-write", words) from error


def _found(request: Request, number: int) -> tuple[Queue, QueuedPage]:
    """Raises Problem where there is no such page."""
    queue = desk_of(request).queue
    page = next((page for page in _pages(queue) if page.number == number), None) if queue else None
    if queue is None or page is None:
        raise Problem(404, "not-found", "there is no such page in the queue")
    return queue, page


def _pages(queue: Queue) -> list[QueuedPage]:
    """Raises Problem where the list was damaged since the server was started."""
    try:
        return queue.pages()
    except ValueError as error:
        raise Problem(422, "unreadable", str(error)) from error


def _group(name: str) -> LabelGroupData:
    group = GROUPS[name]
    labels = [LabelData(name=label, title=words) for label, words in group.titles.items()]
    return LabelGroupData(name=name, exclusive=group.exclusive, labels=labels)
