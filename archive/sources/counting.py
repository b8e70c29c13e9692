"""How many pages a file has, asked of a process of its own: what stands in a PDF must not end the run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import PurePosixPath

from archive.reference import PageReference
from archive.sources import inputs
from archive.sources.fetch import Fetcher
from archive.storage.store import is_url
from digitize.page.count import count_pages
from ecg.files import InputError
from ecg.workers.limits import ProcessLimits
from ecg.workers.process import Ended, LimitedProcess, OutOfTime

_SEVERAL = (".pdf", ".tif", ".tiff")
_LIMITS = ProcessLimits(call_s=60.0, memory_bytes=4 * 2**30, calls=2000)


def references(source: str, tell: Callable[[int], None] = lambda count: None) -> list[PageReference]:
    """Every page that an input means, in order; `tell` hears after each file how many there are so far.

    Files whose name or first bytes say that they may hold several pages are opened and counted. One that cannot be is
    taken for one page, and reading that page will say why. Raises ValueError where an id stands twice.
    """
    meant = inputs.listed(source) if inputs.is_table(source) else [(file, False) for file in inputs.files(source)]
    found = list[PageReference]()
    with LimitedProcess(_counter, _LIMITS) as count:
        for file, is_page in meant:
            found += [file] if is_page else inputs.with_pages(file, _pages(file, count))
            tell(len(found))
    _check(source, found)
    return found


def _pages(file: PageReference, count: LimitedProcess) -> int:
    if not _may_hold_several(file):
        return 1
    try:
        return int(count(file.uri))
    except (InputError, OutOfTime, Ended):
        return 1


def _may_hold_several(file: PageReference) -> bool:
    """By the name; of a file on this machine also by its first bytes, which count more than a name."""
    if PurePosixPath(file.uri.split("::", 1)[0]).suffix.lower() in _SEVERAL:
        return True
    return not is_url(file.uri) and holds_several(file.uri)


def holds_several(path: str) -> bool:
    """Whether a file's first bytes are those of a PDF or a TIFF."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            head = file.read(1024)
    except OSError:  # reading the page will say why
        return False
    return b"%PDF-" in head or head[:4] in (b"II*\0", b"MM\0*")


def _counter() -> Callable[[str], int]:
    fetch = Fetcher()

    def count(uri: str) -> int:
        try:
            return count_pages(fetch(uri))
        finally:
            fetch.clear()

    return count


def _check(source: str, pages: Sequence[PageReference]) -> None:
    twice = next(_twice(page.id for page in pages), None)
    if twice is not None:
        raise ValueError(f"{source}: the id {twice!r} stands there twice; every page needs one of its own")


def _twice(names: Iterator[str]) -> Iterator[str]:
    seen = set[str]()
    for name in names:
        if name in seen:
            yield name
        seen.add(name)
