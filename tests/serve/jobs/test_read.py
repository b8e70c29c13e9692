"""A page that is refused says so in words that fit the browser."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from digitize.errors import UnknownLayout
from digitize.stages import PageHints
from ecg.page import Page
from serve.jobs.read import read


def test_an_option_of_the_command_line_is_a_choice_here() -> None:
    def refuse(*_: object) -> None:
        raise UnknownLayout("2 rows were seen; the known layouts have 3 or 4: give --layout", "row-count")

    page = Page(np.full((80, 80, 3), 255, np.uint8), source="file")
    problem = read(page, SimpleNamespace(digitizer=refuse), PageHints())["problem"]  # type: ignore[arg-type]
    assert problem["detail"] == "2 rows were seen; the known layouts have 3 or 4: choose the layout"
    assert (problem["code"], problem["reason"]) == ("page-refused", "row-count")
