"""Where an archive lies: a folder or a place behind an fsspec URL, each of whose files is whole or not there."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import IO, TYPE_CHECKING

from ecg.files import InputError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem


_OBJECT_STORES = {"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az"}


def is_url(place: str) -> bool:
    """Whether a place is an fsspec URL, not a path."""
    return "://" in place or "::" in place


def filesystem(place: str) -> tuple[AbstractFileSystem, str]:
    """(file system, path in it) of a path or URL. Raises InputError where a package for it is missing."""
    from fsspec.core import url_to_fs

    try:
        found: tuple[AbstractFileSystem, str] = url_to_fs(place if is_url(place) else os.path.abspath(place))  # noqa: PTH100
    except (ImportError, ValueError) as error:
        words = f"{place}: cannot be reached ({error}); s3:// needs: pip install 'galvano[archive]'"
        raise InputError(words, "place-unreachable") from error
    return found


class Store:
    """Files by name below one place; a name may hold folders."""

    def __init__(self, place: str | Path) -> None:
        self.place = str(place)
        self._fs, self._root = filesystem(self.place)

    @property
    def _has_buckets(self) -> bool:
        """Whether there are no folders to be made; a bucket that is missing is an error, not to be made."""
        protocol = self._fs.protocol
        return not _OBJECT_STORES.isdisjoint([protocol] if isinstance(protocol, str) else protocol)

    def path(self, name: str) -> str:
        """In the place's file system."""
        return f"{self._root.rstrip('/')}/{name}"

    def names(self, folder: str) -> list[str]:
        """The files of a folder, sorted; those under temporary names are not there yet."""
        self._fs.invalidate_cache()
        try:
            found = self._fs.ls(self.path(folder), detail=False)
        except FileNotFoundError:
            return []
        names = (path.rstrip("/").rsplit("/", 1)[-1] for path in found)
        return sorted(name for name in names if name and not name.startswith("."))

    def has(self, name: str) -> bool:
        self._fs.invalidate_cache()
        return bool(self._fs.exists(self.path(name)))

    def open(self, name: str) -> IO[bytes]:
        """A file to read from, of which only what is asked for travels."""
        file: IO[bytes] = self._fs.open(self.path(name), "rb")
        return file

    def write(self, name: str, data: bytes) -> None:
        """Under a temporary name first, which then becomes the file's own. Raises InputError where that fails."""
        folder, _, leaf = name.rpartition("/")
        temporary = self.path(f"{folder}/.{leaf}.{secrets.token_hex(4)}.tmp" if folder else f".{leaf}.tmp")
        try:
            if not self._has_buckets:
                self._fs.makedirs(self.path(folder), exist_ok=True)
            self._fs.pipe_file(temporary, data)
            self._fs.mv(temporary, self.path(name))
        except OSError as error:
            words = f"{self.place}: {name} cannot be written ({error.strerror or error})"
            raise InputError(words, "output-unwritable") from error

    def sweep(self, name: str) -> None:
        """Remove what killed processes left under temporary names of a file that is there now."""
        folder, _, leaf = name.rpartition("/")
        self._fs.invalidate_cache()
        for path in self._fs.ls(self.path(folder), detail=False):
            if path.rsplit("/", 1)[-1].startswith(f".{leaf}."):
                self._fs.rm_file(path)
