"""What a request brings, stored under names of our own in a private folder that goes when the answer has gone."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import UploadFile
from starlette.concurrency import run_in_threadpool

from serve.formats import suffixes

Parts = Mapping[str, UploadFile | None]


@asynccontextmanager
async def stored(private: Path, parts: Parts) -> AsyncIterator[Path]:
    """A folder with the parts that are there, each under its key."""
    folder = Path(tempfile.mkdtemp(dir=private))
    try:
        for name, upload in parts.items():
            if upload is not None:
                await run_in_threadpool(_store, upload, folder / name)
        yield folder
    finally:
        await run_in_threadpool(shutil.rmtree, folder, ignore_errors=True)


def _store(upload: UploadFile, path: Path) -> None:
    upload.file.seek(0)
    with path.open("wb") as file:
        shutil.copyfileobj(upload.file, file)


def record_parts(uploads: Sequence[UploadFile]) -> dict[str, UploadFile]:
    """Uploads as parts `record`, `record-1` ... with a known suffix of theirs, all that is kept of their names."""
    known = sorted(suffixes(), key=len, reverse=True)
    found: dict[str, UploadFile] = {}
    for number, upload in enumerate(uploads):
        given = (upload.filename or "").lower()
        suffix = next((suffix for suffix in known if given.endswith(suffix)), "")
        name = f"record{suffix}"
        found[name if name not in found else f"record-{number}{suffix}"] = upload
    return found
