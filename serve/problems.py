"""What went wrong, as RFC 9457 problem JSON in our own words; nothing of a request is repeated but its field names."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
TITLES = {
    "bad-request": "The request cannot be understood",
    "body-too-large": "The request is too large",
    "cannot-write": "The format cannot hold this",
    "foreign-page": "Another website may not use this server",
    "host-not-allowed": "The server is not known by this name",
    "internal": "A fault of the program",
    "job-ended": "The work was ended",
    "method-not-allowed": "This address takes other methods",
    "not-found": "There is nothing here",
    "page-refused": "The page was not read",
    "pages-too-many": "The file has too many pages",
    "picture-too-large": "The picture is too large",
    "server-busy": "Too many are waiting",
    "token-needed": "A token is needed",
    "took-too-long": "It took too long",
    "too-much-memory": "It needs too much memory",
    "unreadable": "The file cannot be read",
    "wrong-value": "A value makes no sense",
}


class Problem(Exception):
    """An answer that is a refusal: `code` is a word for programs, `detail` a sentence for a person.

    `reason` is a narrower word where a page is refused or a file cannot be read: the code of the error behind it.
    """

    def __init__(
        self, status: int, code: str, detail: str, headers: Mapping[str, str] | None = None, reason: str = ""
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.reason = status, code, detail, reason
        self.headers = dict(headers or {})

    def __reduce__(self) -> tuple[type[Problem], tuple[int, str, str, Mapping[str, str], str]]:
        return Problem, (self.status, self.code, self.detail, self.headers, self.reason)

    def to_dict(self) -> dict[str, object]:
        return {
            "type": f"urn:galvano:problem:{self.code}",
            "title": TITLES[self.code],
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "reason": self.reason,
        }

    def response(self) -> JSONResponse:
        return JSONResponse(self.to_dict(), self.status, self.headers, MEDIA_TYPE)


def fault(error: BaseException, what: str) -> Problem:
    """What is answered where the program itself failed; the log has the kind and the place of the error alone.

    Its message may hold what a patient's file says.
    """
    place = _place(error)
    log.error("%s: %s at %s", what, type(error).__name__, place)
    return Problem(500, "internal", f"please report it ({type(error).__name__} at {place})")


def _place(error: BaseException) -> str:
    """The innermost line where it happened."""
    found, trace = "?", error.__traceback__
    while trace is not None:
        found, trace = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}", trace.tb_next
    return found


def too_much_memory() -> Problem:
    """What a job is answered that passes the limit."""
    return Problem(422, "too-much-memory", "this needs more memory than a job may take")


_OF_STATUS = {  # code and words; "": those that came with it
    400: ("bad-request", "expected a form with the parts that /docs names"),
    404: ("not-found", "no such address; /docs lists them all"),
    405: ("method-not-allowed", "this address takes another method; /docs says which"),
    413: ("body-too-large", ""),
}


def add_handlers(app: FastAPI) -> None:
    """Make every refusal of the app a problem; its faults the guard catches."""

    @app.exception_handler(Problem)
    async def of_problem(request: Request, error: Problem) -> JSONResponse:
        return error.response()

    @app.exception_handler(RequestValidationError)
    async def of_validation(request: Request, error: RequestValidationError) -> JSONResponse:
        places = (".".join(str(part) for part in found["loc"][1:]) or "the request" for found in error.errors())
        words = "; ".join(f"{place}: {found['msg']}" for place, found in zip(places, error.errors(), strict=True))
        return Problem(422, "wrong-value", words).response()

    @app.exception_handler(HTTPException)
    async def of_http(request: Request, error: HTTPException) -> JSONResponse:
        code, words = _OF_STATUS.get(error.status_code, ("bad-request", HTTPStatus(error.status_code).phrase.lower()))
        return Problem(error.status_code, code, words or error.detail, error.headers).response()
