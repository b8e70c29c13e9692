"""From a file (picture, PDF, phone photo) to `Page`s: upright, RGB, eight bits, of a size that can be worked on."""

from __future__ import annotations

import glob
from collections.abc import Iterable, Iterator
from pathlib import Path

from digitize.errors import PageError
from digitize.page import image_file, pdf_file
from ecg.page import Page

SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp", ".gif", ".heic", ".heif", ".pdf")
DRAWN_SUFFIX = ".overlay.png"  # what infer draws; never taken from a folder as a page to read

_SMALLEST_PX = 64  # a shorter side cannot hold even one readable lead


def open_pages(path: str | Path) -> list[Page]:
    """All pages of a picture, TIFF or PDF. Raises PageError."""
    return list(iter_pages(path))


def iter_pages(path: str | Path) -> Iterator[Page]:
    """The pages one at a time, so that a long PDF never stands in memory whole. Raises PageError."""
    path = Path(path)
    read = (
        pdf_file.frames if b"%PDF-" in _first_bytes(path) else image_file.frames
    )  # the content decides, not the suffix
    try:
        for index, frame in enumerate(read(path)):
            height, width = frame.pixels.shape[:2]
            if min(width, height) < _SMALLEST_PX:
                raise ValueError(f"{width}x{height} px is too small for an ECG; expected a scan at 200 dpi or more")
            yield Page(frame.pixels, frame.dpi, str(path), index, frame.notes, frame.drawing)
    except ValueError as error:
        raise PageError(f"{path}: {error}") from error


def expand_images(paths: Iterable[str | Path]) -> list[Path]:
    """The pictures meant by files, folders (searched to the bottom) and patterns: sorted, each once.

    A file that is named is kept even when it is missing, so that opening it can say so. Raises ValueError for a folder
    or pattern without pictures.
    """
    found: dict[Path, Path] = {}
    for path in map(Path, paths):
        matches = list(_expand(path))
        if not matches:
            raise ValueError(f"{path}: no pictures here; expected files that end in {', '.join(SUFFIXES)}")
        found.update((match.resolve(), match) for match in reversed(matches))
    return sorted(found.values())


def _expand(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from (p for p in path.rglob("[!.]*") if _is_page_file(p))
    elif not path.exists() and glob.has_magic(str(path)):
        matches = [Path(match) for match in glob.glob(str(path), recursive=True)]
        for match in matches:
            yield from _expand(match) if match.is_dir() else [match] if _is_page_file(match) else []
    else:
        yield path


def _is_page_file(path: Path) -> bool:
    return path.is_file() and path.suffix.lower() in SUFFIXES and not path.name.endswith(DRAWN_SUFFIX)


def _first_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            start = file.read(1024)
    except FileNotFoundError:
        raise PageError(f"{path}: no such file; check the spelling") from None
    except IsADirectoryError:
        raise PageError(f"{path}: this is a folder; expected one picture or PDF") from None
    except OSError as error:
        raise PageError(f"{path}: cannot be read ({error.strerror or error}); check its permissions") from error
    if not start:
        raise PageError(f"{path}: the file is empty; copy or export it again")
    return start
