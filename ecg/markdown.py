"""Markdown tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, padded: bool = False) -> str:
    """The lines of a table; `padded` brings each column to one width, so that a terminal shows it as a table, too.

    Raises ValueError for a row that is longer or shorter than the head.
    """
    lines = [[_cell(text) for text in row] for row in (head, *rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)] if padded else [0] * len(head)
    ruled = [lines[0], ["-" * (width or 3) for width in widths], *lines[1:]]
    return "\n".join(_line([text.ljust(width) for text, width in zip(row, widths, strict=True)]) for row in ruled)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    """A bar or a line break would end the cell."""
    return text.replace("|", "\\|").replace("\n", " ")
