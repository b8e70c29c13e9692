"""Diagnoses of many pages or recordings: a JSON and a report each, and one summary of all."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Unpack

from classify.batch import Case, CaseOptions, cases
from classify.beat_classifier import BeatClassifier
from classify.classifier import Classifier
from classify.diagnosis import Diagnosis, known
from classify.explanation.explanation import chosen, explain
from classify.recipe import Recipe
from classify.report import fhir
from classify.report.beats import ENDINGS as BEAT_ENDINGS
from classify.report.beats import infer_beats
from classify.report.html import report_html
from classify.report.text import print_table
from classify.signal.preprocessing import DURATION_S
from classify.weights import BEATS, DEFAULT
from classify.weights.files import load
from digitize.batch import describe
from digitize.output import DEFAULT_FORMATS, write_reading
from ecg.files import csv_text, named, write_text
from ecg.fit.recipe import from_dict

SUMMARY = "diagnoses"
ENDINGS = (".diagnosis.json", ".report.html")
Row = dict[str, object]


def infer(
    *,
    output: str | Path = "out",
    weights: str | Path = DEFAULT,
    task: str = "diagnosis",
    stride_s: float = DURATION_S,
    **options: Unpack[CaseOptions],
) -> int:
    """Write `<name>.diagnosis.json` and `<name>.report.html` for every page or recording; 1 if any failed, else 0.

    For a page, also all that `digitize.infer` writes, in the same `formats`. diagnoses.csv and .json have a row for
    each, also for those that could not be read: these are named and the rest goes on. They are also written when the
    run is interrupted, with the cases so far. Of task "aami", or with weights of single beats, the class of every beat
    is written instead (`infer_beats`). Of a longer recording than ten seconds one window of that length is judged every
    `stride_s`.
    """
    if not stride_s >= DURATION_S:
        raise ValueError(f"stride_s must be at least {DURATION_S:g} s, the length of a window; got {stride_s:g}")
    of_beats = task == "aami" and Path(weights) == DEFAULT
    net, card = load(BEATS if of_beats else Path(weights))
    if task == "aami" or from_dict(Recipe, card.recipe).asked.of_beats:
        todo = cases(output, BEAT_ENDINGS, **options)
        return infer_beats(todo, BeatClassifier(net, card), Path(output))
    classifier, folder = Classifier(net, card), Path(output)
    rows: list[Row] = []
    formats = tuple(options.get("formats", DEFAULT_FORMATS))
    todo = cases(folder, (*ENDINGS, *_fhir_endings(formats)), [f"{SUMMARY}.csv", f"{SUMMARY}.json"], **options)
    try:
        for case in todo:
            diagnosis, error = _diagnose(case, classifier, folder, stride_s, formats)
            rows.append(_row(case, diagnosis, error))
            if diagnosis is None:
                print(f"error: {error}", file=sys.stderr, flush=True)
            else:
                print_table(f"{case.name} <- {case.place}", diagnosis)
    finally:
        if rows:
            write_summary(folder, rows)
    status = Counter(row["status"] for row in rows)
    print(f"{_counted(status)}; all in {folder / SUMMARY}.csv", file=sys.stderr)
    return int(status["failed"] > 0)


def _counted(status: Counter[object]) -> str:
    """How many were diagnosed, and how many were read without an answer or not at all."""
    rest = (("abstained", "read, but without a diagnosis"), ("failed", "not read"))
    words = [f"{status[name]} {what}" for name, what in rest if status[name]]
    return ", ".join([f"{status['diagnosed']} of {status.total()} diagnosed", *words])


def _fhir_endings(formats: Sequence[str]) -> list[str]:
    return [fhir.ENDING] if {"fhir", "fhir-r5"} & set(formats) else []


def _diagnose(
    case: Case, classifier: Classifier, folder: Path, stride_s: float, formats: Sequence[str]
) -> tuple[Diagnosis | None, str]:
    if case.record is None:
        return None, case.error or ""
    try:
        diagnosis = case.diagnose(classifier, stride_s)
        write_diagnosis(case, diagnosis, classifier, folder, formats)
    except Exception as error:  # one case that hits a bug must not cost the rest of the batch
        return None, str(named(error, case.place))
    return diagnosis, ""


def write_diagnosis(
    case: Case, diagnosis: Diagnosis, classifier: Classifier, folder: Path, formats: Sequence[str] = DEFAULT_FORMATS
) -> tuple[Path, Path]:
    """Write the JSON and the report of one diagnosis, and for a page what was read; gives the first two paths.

    Where FHIR is among the formats, the diagnosis is also a DiagnosticReport.
    """
    if case.record is None:
        raise ValueError(f"{case.source}: nothing was read")
    picture = write_reading(case.reading, folder, case.name, formats)["overlay"] if case.reading else None
    explained = explain(classifier, case.first(DURATION_S).select(diagnosis.leads_used), chosen(diagnosis))
    paths = folder / f"{case.name}{ENDINGS[0]}", folder / f"{case.name}{ENDINGS[1]}"
    found = {"source": case.place, **diagnosis.to_dict()}
    write_text(paths[0], json.dumps(found, indent=2, allow_nan=False) + "\n")
    page = describe(case.reading) if case.reading else ""
    for ending in _fhir_endings(formats):
        path, release = folder / f"{case.name}{ending}", "R5" if "fhir-r5" in formats else "R4"
        resource = fhir.diagnostic_report(diagnosis, case.first(), path, release)
        write_text(path, json.dumps(resource, indent=1, allow_nan=False) + "\n")
    write_text(paths[1], report_html(case.name, case.record, diagnosis, picture, explained, page, case.place))
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
