"""What an input means: the files of a folder, a pattern, a zip or an fsspec URL, or the pages that a table lists."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from archive.reference import PageReference
from archive.storage.store import filesystem, is_url
from digitize.page.open import DRAWN_SUFFIX, SUFFIXES, expand_images
from ecg.files import InputError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_TABLES = (".csv", ".parquet")
_COLUMNS = ("id", "uri")


def is_table(source: str) -> bool:
    """Whether an input is a table of pages."""
    return source.lower().endswith(_TABLES)


def files(source: str) -> list[PageReference]:
    """The first page of every file that an input means, sorted by id. Raises ValueError where it means none."""
    if is_url(source):
        return _behind_url(source)
    if source.lower().endswith(".zip") and Path(source).is_file():
        return _behind_url(f"zip://::{Path(source).absolute()}")
    paths = expand_images([source])
    root = Path(source).absolute()
    return sorted(
        (PageReference(_name(path.absolute(), root), str(path.absolute()), 0, _size(path)) for path in paths),
        key=lambda found: found.id,
    )


def _name(path: Path, root: Path) -> str:
    """A file below the input's folder by its path in it, another by what follows the fixed part of the pattern."""
    base = next((p for p in (root, *root.parents) if p.is_dir()), Path(root.anchor))
    return path.relative_to(base).as_posix() if path.is_relative_to(base) else path.as_posix()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # opening it will say why
        return 0


def _behind_url(source: str) -> list[PageReference]:
    fs, root = filesystem(source)
    found = fs.find(root, detail=True)
    base = "" if root in found else f"{root.strip('/')}/" if root.strip("/") else ""
    pages = [
        PageReference(path.lstrip("/").removeprefix(base), _address(fs, path, source), 0, int(info.get("size") or 0))
        for path, info in sorted(found.items())
        if _is_page_file(path)
    ]
    if not pages:
        raise ValueError(f"{source}: no pictures here; expected files that end in {', '.join(SUFFIXES)}")
    return pages


def _address(fs: AbstractFileSystem, path: str, source: str) -> str:
    """The URL of one file: that of a member names its container, too."""
    _, chained, container = source.partition("::")
    return f"{source.split('://', 1)[0]}://{path.lstrip('/')}::{container}" if chained else fs.unstrip_protocol(path)


def _is_page_file(path: str) -> bool:
    parts = path.split("/")
    if any(part.startswith((".", "__MACOSX")) for part in parts):
        return False
    return path.lower().endswith(SUFFIXES) and not path.endswith(DRAWN_SUFFIX)


def listed(source: str) -> list[tuple[PageReference, bool]]:
    """The rows of a table, and whether each names its page; without one it means all pages of its file.

    Addresses that are relative paths count from the table's folder. Raises InputError for a table without the columns
    id and uri, or with a row that lacks one of them.
    """
    fs, path = filesystem(source)
    data = fs.cat_file(path)
    rows = _parquet(data) if source.lower().endswith(".parquet") else list(csv.DictReader(io.StringIO(_text(data))))
    if not rows or any(name not in rows[0] for name in _COLUMNS):
        raise InputError(f"{source}: expected rows with the columns id, uri and perhaps page", "manifest-unreadable")
    return [_reference(source, number, row) for number, row in enumerate(rows, start=1)]


def _text(data: bytes) -> str:
    return data.decode("utf-8-sig", errors="surrogateescape")


def _parquet(data: bytes) -> Sequence[Mapping[str, object]]:
    import pyarrow.parquet as pq

    found: list[Mapping[str, object]] = pq.read_table(io.BytesIO(data)).to_pylist()
    return found


def _reference(source: str, number: int, row: Mapping[str, object]) -> tuple[PageReference, bool]:
    known, uri, page = (str(row.get(name) if row.get(name) is not None else "") for name in (*_COLUMNS, "page"))
    if not known or not uri or not (page == "" or page.isdecimal()):
        words = f"{source}: row {number} needs an id, a uri and, if any, a page counted from 0; got {dict(row)!r:.200}"
        raise InputError(words, "manifest-unreadable")
    if not is_url(uri) and not is_url(source):
        uri = str(Path(source).absolute().parent / uri)
    size = 0 if is_url(uri) else _size(Path(uri))
    return PageReference(known, uri, int(page or 0), size), page != ""


def with_pages(file: PageReference, count: int) -> Iterator[PageReference]:
    """All pages of a file; those after the first are called -p2, -p3 ..."""
    for page in range(max(1, count)):
        yield PageReference(f"{file.id}-p{page + 1}" if page else file.id, file.uri, page, file.bytes)
