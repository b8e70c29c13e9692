"""Explanations of many pages or recordings, written as pictures and JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Unpack

from classify.batch import Case, CaseOptions, cases
from classify.classifier import Classifier
from classify.explanation.explanation import check_names, chosen, explain, word_for
from classify.explanation.network_pictures import NetworkPictures, save_if_any
from classify.explanation.plot import draw
from classify.report.figures import save_png
from classify.signal.preprocessing import DURATION_S
from classify.weights import DEFAULT
from ecg.files import InputError, named, write_text
from ecg.record import Record

ENDING = ".explain.json"


def explain_all(
    *,
    output: str | Path = "out",
    weights: str | Path = DEFAULT,
    label: Sequence[str] = (),
    steps: int = 64,
    **options: Unpack[CaseOptions],
) -> int:
    """Write `<name>.<label>.explain.png` and `<name>.explain.json` for every page or recording; 1 if any failed, or 0.

    A network that keeps the leads apart adds `<name>.<label>.cam.png`, one with attention `<name>.attention.png`.
    `label` names what to explain, as NAME or GROUP:NAME; without it, the three most probable of the predicted labels
    are explained.
    """
    if steps < 1:
        raise ValueError(f"steps must be at least 1, got {steps}")
    classifier, folder, failed = Classifier.load(weights), Path(output), 0
    check_names(classifier.reported, label)
    for case in cases(folder, [ENDING], **options):
        try:
            if case.record is None:
                raise InputError(case.error or f"{case.place}: nothing was read")
            _explain(case, case.first(DURATION_S), classifier, label, steps, folder)
        except Exception as error:  # one case that hits a bug must not cost the rest of the batch
            failed += 1
            print(f"error: {named(error, case.place)}", file=sys.stderr, flush=True)
    return int(failed > 0)


def _explain(
    case: Case, record: Record, classifier: Classifier, label: Sequence[str], steps: int, folder: Path
) -> None:
    diagnosis = case.diagnose(classifier)
    used = record.select(diagnosis.leads_used)
    explanations = explain(classifier, used, chosen(diagnosis, label), steps)
    pictures = None if diagnosis.abstained else NetworkPictures(classifier, used)
    for one in explanations:
        word = word_for(one.label, diagnosis.labels).replace(":", "-")
        save_png(draw(one), folder / f"{case.name}.{word}.explain.png")
        leads = ", ".join(f"{lead} {value:+.2f}" for lead, value in one.strongest_leads())
        print(f"{case.name} <- {case.place}: {one.label.title}: logit {one.logit:+.2f}, most from {leads}", flush=True)
        save_if_any(pictures.cam_by_lead(one.label) if pictures else None, folder / f"{case.name}.{word}.cam.png")
    if pictures:
        save_if_any(pictures.attention_by_stage(), folder / f"{case.name}.attention.png")
    if not explanations:
        why = "; ".join(diagnosis.warnings) if diagnosis.abstained else "no label is predicted; --label names one"
        print(f"{case.name} <- {case.place}: {why}", flush=True)
    found = {"source": case.place, "weights": diagnosis.weights, "explained": [one.to_dict() for one in explanations]}
    write_text(folder / f"{case.name}{ENDING}", json.dumps(found, indent=2) + "\n")
