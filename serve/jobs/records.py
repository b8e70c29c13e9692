"""The recording of a job: uploaded in any format that can be read, or that of a reading."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ecg import formats
from ecg.reading import Reading
from ecg.record import Record
from serve.jobs.state import load_state
from serve.problems import Problem
from serve.workers.job import Job

_SIGNAL_SUFFIXES = (".dat", ".mat")


def record_or_reading(job: Job) -> tuple[Record, Reading | None]:
    """The recording, and the reading that it comes from if it does. Raises Problem with words."""
    if (job.folder / "reading").exists():
        reading = load_state(job.folder)
        return reading.record, reading
    return _record(job), None


def _record(job: Job) -> Record:
    files = sorted(job.folder.glob("record*"))
    header = next((path for path in files if path.suffix == ".hea"), None)
    if header is not None:
        _point_to_upload(header, files)
    path = header or files[0]
    fs_hz, unit = job.options.get("fs_hz"), job.options.get("unit")
    try:
        return formats.read(path, fs_hz, unit)  # type: ignore[arg-type]
    except (OSError, ValueError) as error:
        raise Problem(422, "unreadable", without_paths(str(error), job.folder)) from error


def _point_to_upload(header: Path, files: list[Path]) -> None:
    """Let a WFDB header name the signal file as it was stored, under no name of the user's."""
    signal = next((path for path in files if path.suffix in _SIGNAL_SUFFIXES), None)
    if signal is None:
        raise Problem(422, "unreadable", "a WFDB header needs its signal file (.dat or .mat) in the same request")
    text = header.read_bytes().decode("utf-8", errors="replace")
    header.write_text("\n".join(_named_anew(text, signal.name)) + "\n", encoding="utf-8")


def _named_anew(text: str, signal: str) -> Iterator[str]:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    statements = [i for i, line in enumerate(lines) if not line.startswith("#")]
    for i, line in enumerate(lines):
        if i not in statements:
            yield line
        elif i == statements[0]:
            yield re.sub(r"^\S+", "record", line)
        else:
            yield re.sub(r"^\S+", signal, line)


def without_paths(words: str, folder: Path) -> str:
    """An error's words without the place where the server keeps the file."""
    return re.sub(re.escape(str(folder)) + r"/[^\s:,)'\"]*", "the file", words).removeprefix("the file: ")
