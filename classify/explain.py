"""Show on the twelve leads what an answer rests on: `python -m classify.explain --image PAGE... | --record FILE...`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from classify.batch import add_case_options
from classify.weights import DEFAULT
from ecg.cli import ENGINES, run

if TYPE_CHECKING:
    from classify.classifier import Classifier
    from classify.diagnosis import Diagnosis, Label
    from ecg.record import Record


@dataclass(frozen=True, eq=False)
class Explanation:
    """What a label's logit rests on within the first ten seconds.

    `record` is what the network saw, the twelve leads on its time grid; `attribution` [lead, sample] in logits adds up
    to the logit minus that of flat lines, but for `gap`; `cam` [sample] 0..1 is where in time the last convolution
    speaks for the label, None where a network has none or it does not; of how many of the networks that answer
    together it speaks is `cam_of`, (those with a convolution over time, all).
    """

    label: Label
    record: Record
    attribution: np.ndarray
    cam: np.ndarray | None
    cam_of: tuple[int, int]
    logit: float
    gap: float

    def per_lead(self) -> dict[str, float]:
        """What each lead adds to the logit."""
        return dict(zip(self.record.leads, self.attribution.sum(1).tolist(), strict=True))

    def to_dict(self) -> dict[str, Any]:
        return {
            "label": self.label.to_dict(),
            "logit": round(self.logit, 4),
            "unexplained": round(self.gap, 4),
            "grad_cam": {"networks": self.cam_of[0], "of": self.cam_of[1]},
            "per_lead": {lead: round(value, 4) for lead, value in self.per_lead().items()},
        }


def explain(classifier: Classifier, record: Record, labels: Sequence[Label], steps: int = 32) -> list[Explanation]:
    """What each label rests on in the first window of a record, integrated from flat lines on the same paper."""
    import torch

    from classify.classifier import windows
    from classify.explanation.attribution import grad_cam, integrated_gradients
    from classify.signal.preprocessing import on_grid
    from ecg.record import Record

    if not labels:
        return []
    window = next(iter(windows(record)))
    signal, *beside = (torch.from_numpy(np.asarray(part)) for part in classifier.inputs(window))
    beside = [part[None] for part in beside]
    baseline = torch.from_numpy(classifier.flat_lines(window))
    outputs = [classifier.card.labels.index((label.group, label.name)) for label in labels]
    parts = integrated_gradients(classifier.net, signal, baseline, beside, outputs, steps)
    fs_hz, leads = classifier.settings.fs_hz, classifier.leads
    shown = Record(on_grid(window, fs_hz, leads), fs_hz, leads)
    per_lead = parts.reshape(len(labels), -1, len(shown.leads), parts.shape[-1]).sum(1)
    with torch.no_grad():
        logits, from_flat = (classifier.net(x[None], *beside)[0] for x in (signal, baseline))
    made = []
    for label, output, attribution in zip(labels, outputs, per_lead, strict=True):
        logit, rise = float(logits[output]), float(logits[output] - from_flat[output])
        cam, cam_of = grad_cam(classifier.net, signal, beside, output)
        made.append(Explanation(label, shown, attribution, cam, cam_of, logit, rise - float(attribution.sum())))
    return made


def chosen(diagnosis: Diagnosis, names: Sequence[str] = (), most: int = 3) -> list[Label]:
    """The labels by these names, or the predicted ones with the largest probabilities.

    Raises ValueError with the known names.
    """
    known = {label.name: label for label in diagnosis.labels}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(f"no label {', '.join(unknown)}: these weights answer {', '.join(known)}")
    if diagnosis.abstained:
        return []
    if names:
        return [known[name] for name in names]
    return sorted(diagnosis.predicted, key=lambda label: -label.probability)[:most]


def explain_all(
    image: Sequence[str] = (),
    record: Sequence[str] = (),
    output: str | Path = "out",
    weights: str | Path = DEFAULT,
    label: Sequence[str] = (),
    steps: int = 64,
    layout: str | None = None,
    mm_per_s: float | None = None,
    mm_per_mv: float | None = None,
    device: str = "cpu",
    engine: str = ENGINES[0],
    fs_hz: float | None = None,
    unit: str | None = None,
) -> int:
    """Write `<name>.<label>.explain.png` and `<name>.explain.json` for every page or recording; 1 if any failed, or 0.

    `label` names what to explain; without it, the three most probable of the predicted labels are explained.
    """
    from classify.batch import cases
    from classify.classifier import Classifier
    from classify.explanation.plot import draw
    from classify.scoring.plots import save
    from ecg.formats import write_text

    if steps < 1:
        raise ValueError(f"steps must be at least 1, got {steps}")
    classifier, folder, failed = Classifier.load(weights), Path(output), 0
    for case in cases(image, record, layout, mm_per_s, mm_per_mv, device, engine, fs_hz, unit):
        if case.record is None:
            failed += 1
            print(f"error: {case.error}", file=sys.stderr)
            continue
        diagnosis = case.diagnose(classifier)
        made = explain(classifier, case.record.select(diagnosis.leads_used), chosen(diagnosis, label), steps)
        for one in made:
            save(draw(one), folder / f"{case.name}.{one.label.name}.explain.png")
            print(f"{case.name}: {one.label.title}: {_most(one)}")
        if diagnosis.abstained:
            print(f"{case.name}: {'; '.join(diagnosis.warnings)}")
        found = {"weights": diagnosis.weights, "explained": [one.to_dict() for one in made]}
        write_text(folder / f"{case.name}.explain.json", json.dumps(found, indent=2) + "\n")
    return int(failed > 0)


def _most(explanation: Explanation) -> str:
    """The three leads that add most."""
    ranked = sorted(explanation.per_lead().items(), key=lambda pair: -pair[1])[:3]
    return f"logit {explanation.logit:+.2f}, most from " + ", ".join(f"{lead} {value:+.2f}" for lead, value in ranked)


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        prog="python -m classify.explain", description="Draw what an answer rests on over the twelve leads."
    )
    add_case_options(p)
    p.add_argument("--label", nargs="+", default=[], help="what to explain, by name (default: the predicted labels)")
    p.add_argument("--steps", type=int, default=64, help="steps of the integral (default: 64)")
    return p


def main(argv: Sequence[str] | None = None) -> int:
    """0 when every input was explained or honestly not, 1 when one failed, 2 for a wrong command."""
    return run(parser(), argv, explain_all)


if __name__ == "__main__":
    sys.exit(main())
