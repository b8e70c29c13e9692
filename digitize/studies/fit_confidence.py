"""Fit what the confidence says to how near the traces come to the truth, on pages of the project's own simulator."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import cache
from itertools import product, repeat
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from tqdm import tqdm

from digitize.evaluation.confidence_metrics import laid_over
from digitize.evaluation.ground_truth import Truth
from digitize.evaluation.layout_metrics import layout_agreement
from digitize.evaluation.simulated_pages import drawn_pages
from digitize.trace.confidence import FITTED, SIGNS, WITHIN_MM
from ecg.cli import add_data, run
from ecg.formats import write_text
from ecg.page import Page, traces_to_record

if TYPE_CHECKING:
    from digitize.pipeline import Digitizer

_SEED = 910_000
_A_PAGE = 4000  # samples taken of each page, so that none outweighs the others


def calibrate(
    presets: Sequence[str], count: int, seed: int = _SEED, data: Path | None = None, workers: int = 1
) -> dict[str, object]:
    """Read `count` fresh pages of each preset and fit the confidence to those whose layout was read right.

    Gives the weights of `digitize.trace.confidence.confidence` and what they were fitted on.
    """
    jobs = list(product(presets, range(seed, seed + count)))
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        found = list(tqdm(pool.map(_gather, jobs, repeat(data)), "calibrate", len(jobs), unit="page"))
    read = [(seen, near) for seen, near in found if near.size]
    seen, near = (np.concatenate(parts, axis=-1) for parts in zip(*read, strict=True))
    facts = {"pages": len(read), "drawn": len(jobs), "presets": list(presets), "within_mm": WITHIN_MM}
    return {"weights": fit(seen, near), "row": _digitizer().nets.versions["row"], **facts}


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


def _gather(job: tuple[str, int], data: Path | None) -> tuple[np.ndarray, np.ndarray]:
    """Signs [len(SIGNS), sample] and nearness [sample] of one page; none where it was not read or misunderstood."""
    preset, seed = job
    _, page, truth = next(iter(drawn_pages([preset], 1, seed, data)))
    return signs_of(_digitizer(), page, truth, np.random.default_rng(seed))


@cache
def _digitizer() -> Digitizer:
    import torch

    from digitize.pipeline import Digitizer

    torch.set_num_threads(1)
    return Digitizer.load()


def signs_of(digitizer: Digitizer, page: Page, truth: Truth, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A page's samples: their signs [len(SIGNS), sample] and whether they are near the truth [sample]."""
    from digitize.errors import NotAnEcg
    from digitize.stages import LocatedPage
    from digitize.trace.lead_traces import boxes_with_rows, cut, signs_along
    from digitize.trace.row_reading import read_rows

    nothing = np.zeros((len(SIGNS), 0)), np.zeros(0, bool)
    try:
        reading = digitizer(page)
    except NotAnEcg:
        return nothing
    assert truth.layout is not None
    if min(layout_agreement(truth.layout, reading.layout).values()) < 1:
        return nothing
    layout, geometry = reading.layout, reading.geometry
    located = LocatedPage(geometry, layout, (0.0,) * len(layout.rows()), (), is_named=True, is_confirmed=True)
    pairs = boxes_with_rows(layout, read_rows(page, located, digitizer.nets.row))
    traces = tuple(cut(box, row, geometry) for box, row in pairs)
    again = replace(reading, traces=traces, record=traces_to_record(traces, geometry, layout))
    along = [signs_along(box, row) for box, row in pairs]
    found = []
    for k in range(len(SIGNS)):
        signed = tuple(replace(trace, confidence=sign[k]) for trace, sign in zip(traces, along, strict=True))
        found.append(laid_over(truth.record, replace(again, traces=signed)))
    seen = np.stack([np.concatenate([sign for sign, _ in leads]) for leads in found])
    error_uv = np.concatenate([error for _, error in found[0]])
    known = np.flatnonzero(np.isfinite(seen).all(0))
    some = rng.choice(known, min(_A_PAGE, known.size), replace=False)
    return seen[:, some], error_uv[some] * layout.mm_per_mv <= 1000 * WITHIN_MM


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m digitize.studies.fit_confidence", description=__doc__)
    made.add_argument("--presets", nargs="+", default=["clean", "scan", "photo", "damaged", "fax", "screen"])
    made.add_argument("--count", type=int, default=24, help="pages of each preset (default: 24)")
    made.add_argument("--seed", type=int, default=_SEED, help=f"of the pages (default: {_SEED})")
    add_data(made)
    made.add_argument("--workers", type=int, default=1, help="processes (default: 1)")
    made.add_argument(
        "--output",
        type=Path,
        default=FITTED,
        help=f"where the weights go (default: {FITTED.name} beside the networks' weights)",
    )
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """0 when fitted and written, 2 for a wrong command."""
    return run(parser(), argv, _calibrate_and_tell)


def _calibrate_and_tell(
    presets: Sequence[str], count: int, seed: int, data: Path | None, workers: int, output: Path
) -> int:
    report = calibrate(presets, count, seed, Path(data) if data else None, workers)
    write_text(output, json.dumps(report, indent=1) + "\n")
    print(json.dumps(report, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
