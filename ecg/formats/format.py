"""What a row of the table of formats holds, and what its reader has to be told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from ecg.files import InputError
from ecg.record import Record

MAX_TEXT_BYTES = 256 * 2**20  # an XML or JSON file larger than this is no ECG
MAX_BINARY_BYTES = 2**30
MAX_SAMPLES = 200_000_000  # of all leads: twelve at 500 Hz for nine hours


@dataclass(frozen=True)
class ReadOptions:
    """What a file may leave unsaid (rate in Hz, unit such as "uV"); whether patient data goes into `Record.meta`.

    With `placed` a recording must have one of the twelve leads; else ECG channels at no stated place are read as well.
    """

    fs_hz: float | None = None
    unit: str | None = None
    keep_identity: bool = False
    placed: bool = True


@dataclass(frozen=True)
class Format:
    """One format: `recognises(head, path)` judges by the first bytes; the first suffix is the one that is written.

    `read` gives all recordings of a file, `write` is None for what is only read, and the other way round. `needs` are
    the packages of the extra `formats` without which it does not work.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    recognises: Callable[[bytes, Path], bool]
    read: Callable[[Path, ReadOptions], list[Record]] | None
    write: Callable[[Record, Path], None] | None = None
    needs: tuple[str, ...] = ()

    @property
    def endings(self) -> tuple[str, ...]:
        """What follows the last dot of its suffixes, with the dot: .json of .fhir.json."""
        return tuple(f".{suffix.rpartition('.')[2]}" for suffix in self.suffixes)

    def require(self, path: str | Path) -> None:
        """Raises InputError, naming the extra, when a package is missing."""
        missing = [name for name in self.needs if find_spec(name) is None]
        if missing:
            words = f"{path}: {self.title} needs {', '.join(missing)}; install it with: pip install 'galvano[formats]'"
            raise InputError(words)


def never(head: bytes, path: Path) -> bool:
    """For formats that only their suffix tells."""
    return False


def read_bytes(path: Path, limit: int = MAX_BINARY_BYTES) -> bytes:
    """All of a file. Raises InputError for one that is too large to be an ECG, or empty."""
    size = path.stat().st_size
    if size > limit:
        raise InputError(f"{path}: {size / 2**20:.0f} MB; expected an ECG of at most {limit / 2**20:.0f} MB")
    if size == 0:
        raise InputError(f"{path}: is empty")
    return path.read_bytes()


def head_text(head: bytes) -> str:
    """The first bytes of a file as text in whichever usual encoding it is; lossy, for telling formats apart."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return head.decode("utf-16", errors="ignore")
    if head[1:2] == b"\0":
        return head.decode("utf-16-le", errors="ignore")
    return head.removeprefix(b"\xef\xbb\xbf").decode("latin-1")
