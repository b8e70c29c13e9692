"""The file behind an address, on this machine."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from archive.storage.store import filesystem, is_url
from ecg.files import InputError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_CHUNK = 2**20


class Fetcher:
    """Files on disk are used where they lie; others are copied to a private folder, one at a time."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._uri = ""
        self._path = Path()
        self._container: tuple[str, AbstractFileSystem] | None = None

    def __call__(self, uri: str) -> Path:
        """Its path until the next call. Raises InputError for what cannot be fetched."""
        if not is_url(uri):
            return Path(uri)
        if uri.startswith("file://") and "::" not in uri:
            return Path(uri.removeprefix("file://"))
        if uri != self._uri:
            self._path, self._uri = self._fetch(uri), uri
        return self._path

    def _fetch(self, uri: str) -> Path:
        self.clear()
        self._folder = Path(tempfile.mkdtemp(prefix="galvano-"))  # for this user alone
        path = self._folder / (uri.split("::", 1)[0].rsplit("/", 1)[-1] or "page")
        try:
            fs, inside = self._opened(uri)
            with fs.open(inside, "rb") as source, path.open("wb") as target:
                shutil.copyfileobj(source, target, _CHUNK)
        except FileNotFoundError:
            raise InputError(f"{uri}: no such file; check the spelling", "file-missing") from None
        except InputError:
            raise
        except Exception as error:  # every kind of store has its own errors
            words = f"{uri}: cannot be fetched ({type(error).__name__}: {error})"
            raise InputError(words, "file-unreachable") from error
        return path

    def _opened(self, uri: str) -> tuple[AbstractFileSystem, str]:
        """The file's file system; that of a container is kept open, because opening it reads all of its names."""
        member, chained, container = uri.partition("::")
        if not chained:
            return filesystem(uri)
        scheme, _, inside = member.partition("://")
        if self._container is None or self._container[0] != f"{scheme}::{container}":
            self._container = f"{scheme}::{container}", filesystem(f"{scheme}://::{container}")[0]
        return self._container[1], inside

    def clear(self) -> None:
        """Remove the copy."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._folder, self._uri = None, ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.clear()
