"""Diagnoses of many pages or recordings: a JSON and a report each, and one summary of all."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Unpack

from classify.batch import Case, CaseOptions, cases
from classify.classifier import Classifier
from classify.diagnosis import Diagnosis, known
from classify.explanation.explanation import chosen, explain
from classify.report.html import report_html
from classify.report.text import print_table
from classify.weights import DEFAULT
from digitize.batch import describe
from digitize.output import write_reading
from ecg.files import csv_text, named, write_text

SUMMARY = "diagnoses"
ENDINGS = (".diagnosis.json", ".report.html")
Row = dict[str, object]


def infer(
    *,
    output: str | Path = "out",
    weights: str | Path = DEFAULT,
    **options: Unpack[CaseOptions],
) -> int:
    """Write `<name>.diagnosis.json` and `<name>.report.html` for every page or recording; 1 if any failed, else 0.

    For a page, also all that `digitize.infer` writes. diagnoses.csv and .json have a row for each, also for those that
    could not be read: these are named and the rest goes on. They are also written when the run is interrupted, with the
    cases so far.
    """
    classifier, folder = Classifier.load(weights), Path(output)
    rows: list[Row] = []
    todo = cases(folder, ENDINGS, [f"{SUMMARY}.csv", f"{SUMMARY}.json"], **options)
    try:
        for case in todo:
            diagnosis, error = _diagnose(case, classifier, folder)
            rows.append(_row(case, diagnosis, error))
            if diagnosis is None:
                print(f"error: {error}", file=sys.stderr, flush=True)
            else:
                print_table(f"{case.name} <- {case.place}", diagnosis)
    finally:
        if rows:
            write_summary(folder, rows)
    failed = sum(row["status"] == "failed" for row in rows)
    print(f"{len(rows) - failed} of {len(rows)} diagnosed; all in {folder / SUMMARY}.csv", file=sys.stderr)
    return int(failed > 0)


def _diagnose(case: Case, classifier: Classifier, folder: Path) -> tuple[Diagnosis | None, str]:
    if case.record is None:
        return None, case.error or ""
    try:
        diagnosis = case.diagnose(classifier)
        write_diagnosis(case, diagnosis, classifier, folder)
    except Exception as error:  # one case that hits a bug must not cost the rest of the batch
        return None, str(named(error, case.place))
    return diagnosis, ""


def write_diagnosis(case: Case, diagnosis: Diagnosis, classifier: Classifier, folder: Path) -> tuple[Path, Path]:
    """Write the JSON and the report of one diagnosis, and for a page what was read; gives the first two paths."""
    if case.record is None:
        raise ValueError(f"{case.source}: nothing was read")
    picture = write_reading(case.reading, folder, case.name)["overlay"] if case.reading else None
    explained = explain(classifier, case.record.select(diagnosis.leads_used), chosen(diagnosis))
    paths = folder / f"{case.name}{ENDINGS[0]}", folder / f"{case.name}{ENDINGS[1]}"
    write_text(paths[0], json.dumps(diagnosis.to_dict(), indent=2, allow_nan=False) + "\n")
    page = describe(case.reading) if case.reading else ""
    write_text(paths[1], report_html(case.name, case.record, diagnosis, picture, explained, page))
    return paths


def _row(case: Case, diagnosis: Diagnosis | None, error: str) -> Row:
    """A line of the summary; what is not known is None."""
    row: Row = {"name": case.name, "source": case.place, "status": "failed", "error": error}
    if diagnosis is None:
        return row
    row |= {"status": "abstained" if diagnosis.abstained else "diagnosed", "weights": diagnosis.weights}
    row["predicted"] = "; ".join(f"{label.group}:{label.name}" for label in diagnosis.predicted)
    row |= {f"p {label.group}:{label.name}": known(label.probability) for label in diagnosis.labels}
    row |= {name: known(value) for name, value in (*diagnosis.quality.items(), *diagnosis.features.items())}
    return row | {"warnings": "; ".join(diagnosis.warnings)}


def write_summary(folder: Path, rows: Sequence[Mapping[str, object]]) -> None:
    """All cases as one table, CSV and JSON; a cell is empty (null) where nothing is known."""
    write_text(folder / f"{SUMMARY}.csv", csv_text(rows))
    write_text(folder / f"{SUMMARY}.json", json.dumps(rows, indent=1, allow_nan=False) + "\n")
