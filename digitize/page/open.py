"""From a file (picture, PDF, phone photo) to `Page`s: upright, RGB, eight bits, of a size that can be worked on."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path

from digitize.errors import PageError
from digitize.page import image_file, pdf_file
from ecg.files import InputError, check_regular, files_below, is_pattern, matches, named
from ecg.page import Page

SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp", ".gif", ".heic", ".heif", ".pdf")
DRAWN_SUFFIX = ".overlay.png"  # what infer draws; never taken from a folder as a page to read


def open_pages(path: str | Path) -> list[Page]:
    """All pages of a picture, TIFF or PDF. Raises PageError."""
    return list(iter_pages(path))


def iter_pages(path: str | Path) -> Iterator[Page]:
    """The pages one at a time, so that a long PDF never stands in memory whole. Raises PageError.

    Their source is the file's absolute path.
    """
    path = Path(path)
    frames = pdf_file.frames if b"%PDF-" in _first_bytes(path) else image_file.frames  # the suffix does not decide
    source = str(path.absolute())
    reading = iter(frames(path))
    for index in count():
        try:
            frame = next(reading, None)
        except Exception as error:
            where = f"{path}, page {index + 1} (the pages after it are not read)" if index else path
            found = named(error, where)
            raise PageError(str(found), found.code) from error
        if frame is None:
            break
        yield Page(frame.pixels, frame.dpi, source, index, frame.notes, frame.drawing)
    if index == 0:
        raise PageError(f"{path}: holds no page; export it again", "no-page")


def expand_images(paths: Iterable[str | Path]) -> list[Path]:
    """The pictures meant by files, folders (searched to the bottom) and patterns: sorted, each once.

    A file that is named is kept even when it is missing, so that opening it can say so. Raises ValueError for a folder
    or pattern without pictures.
    """
    found: dict[str, Path] = {}
    for path in map(Path, paths):
        meant = list(_expand(path))
        if not meant:
            raise ValueError(f"{path}: no pictures here; expected files that end in {', '.join(SUFFIXES)}")
        found.update((os.path.realpath(match), match) for match in reversed(meant))
    return sorted(found.values())


def _expand(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from (p for p in files_below(path) if _is_page_file(p) or p.is_dir())
    elif is_pattern(path):
        for match in matches(path):
            yield from _expand(match) if match.is_dir() else [match] if _is_page_file(match) else []
    else:
        yield path


def _is_page_file(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and not path.name.endswith(DRAWN_SUFFIX)


def _first_bytes(path: Path) -> bytes:
    try:
        check_regular(path)
        with path.open("rb") as file:
            start = file.read(1024)
    except InputError as error:
        raise PageError(str(error), error.code) from error
    except OSError as error:
        text = f"{path}: cannot be read ({error.strerror or error}); check its permissions"
        raise PageError(text, "file-unreadable") from error
    if not start:
        raise PageError(f"{path}: the file is empty; copy or export it again", "file-empty")
    return start
