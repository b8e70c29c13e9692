"""Tables of labels that are published as Excel workbooks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from ecg.files import InputError


def xlsx_rows(path: Path, needed: Sequence[str]) -> Iterator[dict[str, str]]:
    """The rows of a workbook's first sheet as {column: text}, with at least the needed columns.

    Raises InputError in words where the package for it is missing, and for a file that is no such workbook.
    """
    try:
        import openpyxl
    except ImportError as error:
        raise InputError(
            f"{path}: an Excel workbook needs openpyxl; run `pip install 'galvano[xlsx]'`, or save the table as "
            f"{path.with_suffix('.csv').name} beside it"
        ) from error
    try:
        sheet = openpyxl.load_workbook(path, read_only=True, data_only=True).worksheets[0]
        lines = [
            ["" if cell is None else str(cell).strip() for cell in row] for row in sheet.iter_rows(values_only=True)
        ]
    except Exception as error:  # the package raises many kinds for a file that is not what it says
        raise InputError(f"{path}: not a readable Excel workbook ({error})") from error
    head = lines[0] if lines else []
    missing = [name for name in needed if name not in head]
    if missing:
        raise InputError(f"{path}: no column {', '.join(missing)} (columns: {', '.join(head) or 'none'})")
    for line in lines[1:]:
        if any(line):
            yield dict(zip(head, line, strict=False))
