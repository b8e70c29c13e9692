"""Explanations of many pages or recordings, written as pictures and JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Unpack

from classify.batch import CaseOptions, cases
from classify.classifier import Classifier
from classify.explanation.explanation import chosen, explain
from classify.explanation.plot import draw
from classify.report.figures import save_png
from classify.weights import DEFAULT
from ecg.formats import write_text


def explain_all(
    *,
    output: str | Path = "out",
    weights: str | Path = DEFAULT,
    label: Sequence[str] = (),
    steps: int = 64,
    **options: Unpack[CaseOptions],
) -> int:
    """Write `<name>.<label>.explain.png` and `<name>.explain.json` for every page or recording; 1 if any failed, or 0.

    `label` names what to explain; without it, the three most probable of the predicted labels are explained.
    """
    if steps < 1:
        raise ValueError(f"steps must be at least 1, got {steps}")
    classifier, folder, failed = Classifier.load(weights), Path(output), 0
    for case in cases(**options):
        if case.record is None:
            failed += 1
            print(f"error: {case.error}", file=sys.stderr)
            continue
        diagnosis = case.diagnose(classifier)
        explanations = explain(classifier, case.record.select(diagnosis.leads_used), chosen(diagnosis, label), steps)
        for one in explanations:
            save_png(draw(one), folder / f"{case.name}.{one.label.name}.explain.png")
            leads = ", ".join(f"{lead} {value:+.2f}" for lead, value in one.strongest_leads())
            print(f"{case.name}: {one.label.title}: logit {one.logit:+.2f}, most from {leads}")
        if diagnosis.abstained:
            print(f"{case.name}: {'; '.join(diagnosis.warnings)}")
        found = {"weights": diagnosis.weights, "explained": [one.to_dict() for one in explanations]}
        write_text(folder / f"{case.name}.explain.json", json.dumps(found, indent=2) + "\n")
    return int(failed > 0)
