"""The formats that can be taken away and brought, from the one table in `ecg.formats`, and the papers beside them."""

from __future__ import annotations

from dataclasses import dataclass

from ecg.formats import FORMATS
from serve.problems import Problem


@dataclass(frozen=True)
class FormatRow:
    """`suffix` is that of the file that is written; `needs` names what has to be sent: record, reading or page."""

    name: str
    title: str
    suffix: str
    reads: bool
    writes: bool
    needs: str = "record"


_TITLES = {"csv": "CSV", "wfdb": "WFDB", "json": "JSON"}

PAPERS = (
    FormatRow("report", "Report", ".report.html", False, True, "record"),
    FormatRow("overlay", "Overlay", ".overlay.png", False, True, "page"),
    FormatRow("reading", "Reading", ".json", False, True, "reading"),
)


def record_rows() -> list[FormatRow]:
    """The formats of recordings."""
    found: dict[str, FormatRow] = {}
    for suffix, module in FORMATS.items():
        name = module.__name__.rpartition(".")[2]
        found.setdefault(name, FormatRow(name, _TITLES.get(name, name), suffix, True, True))
    return list(found.values())


def rows() -> list[FormatRow]:
    return [*record_rows(), *PAPERS]


def suffixes() -> list[str]:
    """Those of all recordings that can be read."""
    return list(FORMATS)


def row_of(name: str) -> FormatRow:
    """The row of a format that can be written. Raises Problem with the known names."""
    written = [row for row in rows() if row.writes]
    for row in written:
        if row.name == name:
            return row
    known = ", ".join(row.name for row in written)
    raise Problem(422, "wrong-value", f"format: not one of {known}")
