"""How many pages a file has, without reading them."""

from __future__ import annotations

from pathlib import Path

import pypdfium2

from digitize.errors import PageError
from digitize.page.image_file import count_frames
from ecg.files import check_regular


def count_pages(path: str | Path) -> int:
    """As many as `iter_pages` gives of an undamaged file. Raises InputError."""
    path = Path(path)
    check_regular(path)
    with path.open("rb") as file:
        is_pdf = b"%PDF-" in file.read(1024)
    if not is_pdf:
        return count_frames(path)
    try:
        with pypdfium2.PdfDocument(path) as document:
            return len(document)
    except pypdfium2.PdfiumError as error:
        raise PageError(f"{path}: a PDF that cannot be opened ({error})", "pdf-damaged") from error
