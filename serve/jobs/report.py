"""What a person is given of a reading beside its signal: the report, the overlay, the reading as a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from classify.explanation.explanation import chosen, explain
from classify.report.html import report_html
from digitize.batch import describe
from ecg.files import write_text
from ecg.reading import Reading
from serve.formats import row_of
from serve.jobs.convert import as_file
from serve.jobs.read import one_page
from serve.jobs.records import record_or_reading
from serve.jobs.tools import Tools
from serve.problems import Problem
from serve.workers.job import Job


def run(job: Job, tools: Tools) -> Iterator[bytes]:
    """Two bodies: a JSON with the file's name, and the file. Raises Problem where the page is needed and missing."""
    target = job.folder / "out"
    target.mkdir()
    row = row_of(str(job.options["format"]))
    path = target / f"ecg{row.suffix}"
    _WRITERS[row.name](job, tools, path)
    yield from as_file([path])


def _write_report(job: Job, tools: Tools, path: Path) -> None:
    record, reading = record_or_reading(job)
    diagnosis = tools.classifier.of_reading(reading) if reading else tools.classifier(record)
    explained = explain(tools.classifier, record.select(diagnosis.leads_used), chosen(diagnosis))
    drawn = None
    if reading is not None and (job.folder / "file").exists():
        drawn = job.folder / "drawn.png"
        _on_its_page(job, tools, reading).overlay(drawn)
    title = str(job.options.get("title") or "ECG")
    write_text(path, report_html(title, record, diagnosis, drawn, explained, describe(reading) if reading else ""))


def _write_overlay(job: Job, tools: Tools, path: Path) -> None:
    _on_its_page(job, tools, _reading(job)).overlay(path)


def _write_reading(job: Job, tools: Tools, path: Path) -> None:
    _reading(job).save_json(path)


def _reading(job: Job) -> Reading:
    _, reading = record_or_reading(job)
    if reading is None:
        raise Problem(422, "wrong-value", "this needs a reading, not a recording")
    return reading


def _on_its_page(job: Job, tools: Tools, reading: Reading) -> Reading:
    """The reading with the pixels of its page, which the request has to bring."""
    if not (job.folder / "file").exists():
        raise Problem(422, "wrong-value", "this needs the page, too, as the part `file`")
    page = one_page(job, tools.limits)
    if page.size_px != reading.page.size_px:
        raise Problem(422, "wrong-value", "the file is not the page that was read: its size is another one")
    return replace(reading, page=page)


_WRITERS = {"report": _write_report, "overlay": _write_overlay, "reading": _write_reading}
