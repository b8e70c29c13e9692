"""PDF pages as pictures, with the lines and words they hold.

They are drawn at 300 dpi, or less where a sheet is so large that this would be wasteful.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pypdfium2

from digitize.page.image_file import Frame
from digitize.page.pdf_strokes import drawing_of

_DPI = 300.0
_LONGEST_PX = 4000
_POINTS_PER_INCH = 72.0


def frames(path: Path) -> Iterator[Frame]:
    """Every page in turn. Raises ValueError with words for a file that is damaged, empty or asks for a password."""
    try:
        with pypdfium2.PdfDocument(path) as document:
            if not len(document):
                raise ValueError("a PDF without pages; export it again")
            for page in document:
                yield _draw(page)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise ValueError("a PDF protected by a password; save a copy without it") from error
        raise ValueError(f"a damaged or cut-off PDF ({error}); copy or export it again") from error


def _draw(page: pypdfium2.PdfPage) -> Frame:
    longest_pt = max(page.get_size())
    dpi = min(_DPI, _LONGEST_PX * _POINTS_PER_INCH / longest_pt)
    drawn = page.render(scale=dpi / _POINTS_PER_INCH, rev_byteorder=True)  # RGB on white paper
    pixels = drawn.to_numpy()[:, :, :3].copy()
    drawn.close()
    drawing = drawing_of(page, (pixels.shape[1], pixels.shape[0]))
    page.close()
    return Frame(pixels, dpi, (), drawing)
