"""Fit what the confidence says to how near the traces come to the truth, on pages of the project's own simulator."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import numpy as np
from tqdm import tqdm

from digitize.trace.confidence import DOUBTS, FITTED, SIGNS, WITHIN_MM
from ecg.cli import add_device, add_drawing, command_parser, entry
from ecg.files import write_text
from ecg.markdown import table

if TYPE_CHECKING:
    from digitize.studies.confidence_samples import PageSamples

PRESETS = ("clean", "scan", "photo", "damaged", "fax", "screen", "quilted")
FIRST_SEED = 910_000
SURE = 0.95  # what is stated with more than this is looked at apart


class FittedConfidence(TypedDict):
    """The weights of the confidence, the row pass they belong to, and what they were fitted on."""

    weights: dict[str, float]
    row: str
    pages: int
    drawn: int
    presets: list[str]
    within_mm: float


def fit(seen: np.ndarray, near: np.ndarray) -> dict[str, float]:
    """Logistic weights of the signs [len(SIGNS), sample] for `near` [sample], whether a sample is near the truth."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    scale = StandardScaler().fit(seen.T)
    model = LogisticRegression(C=1e3).fit(scale.transform(seen.T), near)
    slopes = model.coef_[0] / scale.scale_
    constant = float(model.intercept_[0] - slopes @ scale.mean_)
    return {name: round(float(slope), 4) for name, slope in zip(SIGNS, slopes, strict=True)} | {
        "constant": round(constant, 4)
    }


def fit_to(pages: Sequence[PageSamples]) -> dict[str, float]:
    """Logistic weights from the pages that were read and of whose scale no note casts doubt: doubts count apart."""
    sure = [page for page in pages if page.near.size and not DOUBTS.keys() & set(page.codes)]
    return fit(np.concatenate([page.seen for page in sure], axis=1), np.concatenate([page.near for page in sure]))


def reliability(pages: Sequence[tuple[str, PageSamples]], weights: Mapping[str, Mapping[str, float]]) -> str:
    """Markdown: by preset and in all, what each of the weights states of the pages read, and how much is near."""
    head = ["pages", "read", *(f"{name}: {what}" for name in weights for what in ("stated", "near", *_SURE_HEAD))]
    kinds = [("all", [page for _, page in pages])]
    kinds += [(kind, [page for of, page in pages if of == kind]) for kind in dict.fromkeys(kind for kind, _ in pages)]
    return table(head, [[kind, *_reliability(of_kind, weights)] for kind, of_kind in kinds], padded=True)


_SURE_HEAD = (f"of > {SURE:g} stated", "near")


def _reliability(pages: Sequence[PageSamples], weights: Mapping[str, Mapping[str, float]]) -> list[str]:
    read = [page for page in pages if page.near.size]
    near = np.concatenate([page.near for page in read]) if read else np.zeros(0, bool)
    cells = [f"{len(read)} of {len(pages)}"]
    for each in weights.values():
        stated = np.concatenate([page.stated(each) for page in read]) if read else np.zeros(0)
        for some in (np.ones(len(near), bool), stated > SURE):
            cells += [f"{stated[some].mean():.1%}", f"{near[some].mean():.1%}"] if some.any() else ["", ""]
    return cells


def parser() -> argparse.ArgumentParser:
    made = command_parser("digitize.studies.fit_confidence")
    add_drawing(made, PRESETS, 24, FIRST_SEED, "--presets")
    what = "of the pages of each preset, so many are not fitted to, but show what the fit is worth (default: 8)"
    made.add_argument("--held", type=int, default=8, help=what)
    what = "folder that keeps the samples of every page: what is there is not read again (default: out/confidence)"
    made.add_argument("--samples", type=Path, default=Path("out/confidence"), help=what)
    what = f"where the weights go (default: nowhere; the shipped ones are {FITTED.name} beside the networks')"
    made.add_argument("--output", type=Path, help=what)
    add_device(made)
    return made


@entry(parser)
def main(options: argparse.Namespace) -> int:
    """0 when fitted, and written where that was asked for, 2 for a wrong command."""
    from digitize.nets.pretrained import load_networks
    from digitize.studies.confidence_samples import gathered

    o = options
    if not 0 < o.held < o.count:
        raise ValueError(f"of {o.count} pages at least 1 is fitted to and at least 1 held back, got --held {o.held}")
    total = len(o.presets) * o.count
    pages = list(tqdm(gathered(o.presets, o.count, o.seed, o.data, o.samples, o.device), "fit_confidence", total))
    held = len(o.presets) * o.held
    fitted = FittedConfidence(
        weights=fit_to([page for _, page in pages[:-held]]),
        row=load_networks(o.device).versions["row"],
        pages=sum(page.near.size > 0 for _, page in pages[:-held]),
        drawn=total - held,
        presets=list(o.presets),
        within_mm=WITHIN_MM,
    )
    shipped: FittedConfidence = json.loads(FITTED.read_text())
    print(json.dumps(fitted, indent=1))
    print(reliability(pages[-held:], {"shipped": shipped["weights"], "fitted": fitted["weights"]}))
    if o.output:
        write_text(o.output, json.dumps(fitted, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
