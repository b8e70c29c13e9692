"""Pictures and PDFs to readings, page by page."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from digitize.batch import read_page
from digitize.errors import PageError
from digitize.page.image_file import open_image
from digitize.page.open import iter_pages
from digitize.stages import PageHints
from ecg.files import OUT_OF_MEMORY, JsonObject
from ecg.layout import TEMPLATES
from ecg.page import Page
from serve.jobs.records import without_paths
from serve.jobs.state import inset_corners, picture, saved, view
from serve.jobs.tools import Tools
from serve.problems import Problem, too_much_memory
from serve.settings import Limits
from serve.workers.job import Job

_IN_THE_BROWSER = ("give --layout", "choose the layout")  # what the command line calls an option is a choice here


def run(job: Job, tools: Tools) -> Iterator[bytes]:
    """A body for every page of the file `file`."""
    hints = hints_of(job)
    for page in pages(job.folder / "file", tools.limits):
        yield body(page, read(page, tools, hints))


def hints_of(job: Job) -> PageHints:
    """What the user knows. Raises Problem with words."""
    known: Mapping[str, Any] = {
        name: job.options.get(name) for name in ("layout", "mm_per_s", "mm_per_mv", "corners_px")
    }
    if known["layout"] is not None and known["layout"] not in TEMPLATES:
        raise Problem(422, "wrong-value", f"layout: not one of {', '.join(TEMPLATES)}")
    try:
        return PageHints.of(**known)
    except ValueError as error:
        raise Problem(422, "wrong-value", str(error)) from error


def pages(path: Path, limits: Limits) -> Iterator[Page]:
    """The pages of an uploaded file, as many as are allowed. Raises Problem with words that do not name the path."""
    check_size(path, limits)
    try:
        for page in iter_pages(path):
            if page.index >= limits.pages:
                words = f"only the first {limits.pages} pages were read; split the file to have the others, too"
                raise Problem(422, "pages-too-many", words)
            yield page
    except PageError as error:
        words = without_paths(str(error), path.parent)
        raise Problem(422, "unreadable", words, reason=error.code) from error


def one_page(job: Job, limits: Limits) -> Page:
    """The page `page` of the file `file`, counted from 0. Raises Problem."""
    for page in pages(job.folder / "file", limits):
        if page.index == job.options["page"]:
            return page
    raise Problem(422, "wrong-value", "page: the file has no page of that number; they are counted from 0")


def check_size(path: Path, limits: Limits) -> None:
    """Raises Problem for a picture of too many pixels, by its head alone."""
    try:
        with open_image(path) as image:
            width, height = image.size
    except PageError as error:
        if error.code == "too-many-pixels":
            raise too_large(limits) from None
        return  # whatever it is, opening it as a page will say
    if width * height > limits.pixels:
        raise too_large(limits)


def too_large(limits: Limits) -> Problem:
    words = f"the picture has more than {limits.pixels / 1e6:g} megapixels; scan it at 300 dpi"
    return Problem(422, "picture-too-large", words)


def read(page: Page, tools: Tools, hints: PageHints) -> JsonObject:
    """The reading as state and view, or the problem that the page is."""
    attempt = read_page(page, tools.digitizer, hints)
    if attempt.reading is not None:
        return {"reading": saved(attempt.reading), "view": view(attempt.reading)}
    if attempt.crashed:
        problem = Problem(500, "internal", "this page met a fault of the program; please report it")
    elif attempt.code == OUT_OF_MEMORY:
        problem = too_much_memory()
    else:
        words = str(attempt.error).removeprefix(f"{page.place}: ").replace(*_IN_THE_BROWSER)
        problem = Problem(422, "page-refused", words, reason=attempt.code)
    return {"problem": problem.to_dict()}


def body(page: Page, found: JsonObject) -> bytes:
    answer = {"page": page.index, "picture": picture(page), "corners_px": inset_corners(page), **found}
    if "view" in answer:
        answer["corners_px"] = answer["view"]["corners_px"]
    return json.dumps(answer, allow_nan=False, separators=(",", ":")).encode()
