"""A recording or a reading to its diagnosis."""

from __future__ import annotations

import json
from collections.abc import Iterator

from classify.report.html import measurements
from classify.report.text import verdict
from serve.jobs.records import record_or_reading
from serve.jobs.tools import Tools
from serve.workers.job import Job


def run(job: Job, tools: Tools) -> Iterator[bytes]:
    """One body."""
    record, reading = record_or_reading(job)
    diagnosis = tools.classifier.of_reading(reading) if reading else tools.classifier(record)
    answer = {
        "verdict": verdict(diagnosis),
        "diagnosis": diagnosis.to_dict(),
        "measurements": measurements(diagnosis.features),
    }
    yield json.dumps(answer, allow_nan=False).encode()
