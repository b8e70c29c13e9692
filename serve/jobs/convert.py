"""A recording or a reading to a file in any format that can be written."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

from ecg import formats
from serve.formats import row_of
from serve.jobs.records import record_or_reading, without_paths
from serve.jobs.tools import Tools
from serve.problems import Problem
from serve.workers.job import Job


def run(job: Job, tools: Tools) -> Iterator[bytes]:
    """Two bodies: a JSON with the file's name, and the file; several files of one recording come as a zip."""
    record, _ = record_or_reading(job)
    row = row_of(str(job.options["format"]))
    target = job.folder / "out"
    target.mkdir()
    try:
        formats.write(record, target / f"ecg{row.suffix}", row.name)
    except (OSError, ValueError) as error:
        raise Problem(422, "cannot-write", without_paths(str(error), target)) from error
    yield from as_file(sorted(target.iterdir()))


def as_file(paths: list[Path]) -> Iterator[bytes]:
    """The bodies of one file, or of several as a zip."""
    if len(paths) == 1:
        yield json.dumps({"name": paths[0].name}).encode()
        yield paths[0].read_bytes()
        return
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in paths:
            archive.write(path, path.name)
    yield json.dumps({"name": "ecg.zip"}).encode()
    yield packed.getvalue()
