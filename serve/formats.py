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


PAPERS = (
    FormatRow("report", "Report", ".report.html", False, True, "record"),
    FormatRow("overlay", "Overlay", ".overlay.png", False, True, "page"),
    FormatRow("reading", "Reading", ".json", False, True, "reading"),
)


def rows() -> list[FormatRow]:
    """What a person wants first, then every format of recordings, then the reading itself."""
    recordings = [
        FormatRow(
            row.name, row.title, row.suffixes[0] if row.suffixes else "", row.read is not None, row.write is not None
        )
        for row in FORMATS
    ]
    return [*PAPERS[:2], *recordings, *PAPERS[2:]]


def suffixes() -> list[str]:
    """Those of all recordings that can be read."""
    return [suffix for row in FORMATS if row.read for suffix in row.suffixes]


def row_of(name: str) -> FormatRow:
    """The row of a format that can be written. Raises Problem with the known names."""
    written = {row.name: row for row in rows() if row.writes}
    if name not in written:
        raise Problem(422, "wrong-value", f"format: not one of {', '.join(written)}")
    return written[name]
