"""Prepared arrays kept in memory or on disk, so that nothing is made twice; a cache never changes a number."""

from __future__ import annotations

import hashlib
import json
import time
import warnings
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ecg.formats import atomic_path

Arrays = dict[str, np.ndarray]
GB = 1_000_000_000
_SUFFIX = ".npz"
_ENTRY_BYTES = 512  # what an archive adds to each array, at most
_RECOUNT = 64  # entries written between two looks at what other processes wrote


def key_of(files: Sequence[Path], preparation: Mapping[str, Any]) -> str:
    """Another content of any file, or another preparation (plain JSON values), is another key."""
    digest = hashlib.blake2b(json.dumps(preparation, sort_keys=True).encode(), digest_size=16)
    for path in files:
        content = path.read_bytes()
        digest.update(len(content).to_bytes(8, "little"))
        digest.update(content)
    return digest.hexdigest()


class MemoryCache:
    """Arrays in this process, up to a bound; what comes after it is not kept."""

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes, self.held_bytes = limit_bytes, 0
        self._kept: dict[Any, Arrays] = {}

    def get(self, key: Any) -> Arrays | None:
        return self._kept.get(key)

    def put(self, key: Any, arrays: Arrays) -> bool:
        """Keep a copy where there is room; whether there was."""
        size = sum(array.nbytes for array in arrays.values())
        if self.held_bytes + size > self.limit_bytes:
            return False
        self._kept[key] = arrays
        self.held_bytes += size
        return True

    def __len__(self) -> int:
        return len(self._kept)


class DiskCache:
    """Arrays in a folder that any number of processes share, up to a bound.

    When it is full, entries that were not used since this process began make room, oldest first; entries of this very
    run stay, because an epoch comes back to all of them in turn. An entry that cannot be read is a miss and is removed.
    """

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        self.folder, self.limit_bytes, self.began_s = folder, limit_bytes, time.time()
        self.held_bytes, self.puts, self.full = 0, 0, False
        self.old: list[tuple[Path, int]] = []
        folder.mkdir(parents=True, exist_ok=True)

    def get(self, key: str) -> Arrays | None:
        path = self.folder / f"{key}{_SUFFIX}"
        try:
            with np.load(path, allow_pickle=False) as file:
                arrays = dict(file)
            path.touch()
        except FileNotFoundError:
            return None
        except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
            path.unlink(missing_ok=True)
            return None
        return arrays

    def put(self, key: str, arrays: Arrays) -> bool:
        """Store where there is room; whether there was."""
        size = sum(array.nbytes + _ENTRY_BYTES for array in arrays.values())
        if self.full or not self._make_room(size):
            self.full = True
            return False
        try:
            with atomic_path(self.folder / f"{key}{_SUFFIX}") as temporary:
                np.savez(temporary, **arrays)  # type: ignore[arg-type]
        except OSError as error:
            warnings.warn(f"{self.folder}: nothing more is kept there ({error}); training goes on", stacklevel=2)
            self.full = True
            return False
        self.held_bytes += size
        return True

    def _make_room(self, size: int) -> bool:
        if self.puts % _RECOUNT == 0:
            self._count()
        self.puts += 1
        while self.old and self.held_bytes + size > self.limit_bytes:
            path, freed = self.old.pop(0)
            path.unlink(missing_ok=True)
            self.held_bytes -= freed
        return self.held_bytes + size <= self.limit_bytes

    def _count(self) -> None:
        """See what the folder holds; other processes write to it too."""
        entries = [(path, path.stat()) for path in self.folder.glob(f"[0-9a-f]*{_SUFFIX}")]
        self.held_bytes = sum(stat.st_size for _, stat in entries)
        unused = sorted((stat.st_mtime, path, stat.st_size) for path, stat in entries if stat.st_mtime < self.began_s)
        self.old = [(path, freed) for _, path, freed in unused]


class BoundedMemo:
    """What `make` yields, made once and kept in memory as long as it stays below the bound; made anew beyond it."""

    def __init__(self, make: Callable[[], Iterable[Any]], size_of: Callable[[Any], int], limit_bytes: int) -> None:
        self.make, self.size_of, self.limit_bytes = make, size_of, limit_bytes
        self.items: list[Any] | None = None

    def __iter__(self) -> Any:
        if self.items is not None:
            yield from self.items
            return
        items: list[Any] = []
        held = 0
        for item in self.make():
            yield item
            held += self.size_of(item)
            if held <= self.limit_bytes:
                items.append(item)
        self.items = items if held <= self.limit_bytes else None
