"""How much pretraining is worth: by the share of labels that training sees, and by the noise that testing adds."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import nn

from classify.datasets.arrays import Arrays
from classify.datasets.collect import load_arrays
from classify.nets.predict import predict
from classify.pretraining.adaptation import PROTOCOLS, adapted
from classify.pretraining.recipe import PretrainRecipe
from classify.recipe import Recipe
from classify.scoring.metrics import bootstrap, macro_auc
from classify.training.inputs import fixed_inputs
from ecg.files import atomic_path, write_text
from ecg.fit import checkpoint
from ecg.fit.recipe import from_dict
from ecg.markdown import table

SHARES = (0.01, 0.05, 0.25, 1.0)
NOISE_DB = (float("inf"), 24.0, 12.0, 6.0, 0.0)  # signal-to-noise ratio of what is tested; infinite is as recorded


@dataclass(frozen=True)
class Point:
    """Macro AUC with its 95 % interval on the test records, of a network trained by a protocol.

    `share` of the training records, `records` in number, had labels; the test records had white noise at `noise_db`.
    """

    protocol: str
    share: float
    records: int
    noise_db: float
    auc: float
    low: float
    high: float


def curves(
    starts: Sequence[Path],
    data: Path | None,
    output: Path,
    shares: Sequence[float] = SHARES,
    noise_db: Sequence[float] = NOISE_DB,
    protocols: Sequence[str] = PROTOCOLS,
) -> str:
    """Measure the checkpoints of pretrainings; writes curves.json, .md and .png to `output`, and gives the tables.

    Every share is trained by every protocol, and every network tested clean; those of the largest share at all levels
    of noise. Several pretrainings must be of one network on one set of recordings, which is trained from nothing once.
    Raises ValueError for a share outside (0, 1], and for pretrainings that cannot be compared.
    """
    if not all(0 < share <= 1 for share in shares):
        raise ValueError(f"shares must be above 0 and at most 1, got {', '.join(map(str, shares))}")
    recipes = _comparable(starts)
    arrays = load_arrays(recipes[0].classifier(recipes[0].linear), data)
    points: list[Point] = []
    for share in sorted(shares):
        part = with_labels(arrays, share, recipes[0].fit.seed)
        levels = noise_db if share == max(shares) else (float("inf"),)
        for number, (start, recipe) in enumerate(zip(starts, recipes, strict=True)):
            asked = [name for name in protocols if name != "scratch" or not number]
            for protocol, net in adapted(asked, recipe, part, start, output / "runs"):
                named = protocol if protocol == "scratch" or len(starts) == 1 else f"{recipe.method}, {protocol}"
                points += [_measured(net, recipe, part, named, share, level) for level in levels]
                _write(points, output)
    return as_markdown(points)


def _comparable(starts: Sequence[Path]) -> list[PretrainRecipe]:
    """The recipes of the checkpoints; raises ValueError where they differ in more than method and pretext."""
    recipes = [from_dict(PretrainRecipe, checkpoint.load(start)["recipe"]) for start in starts]
    first = recipes[0]
    for start, recipe in zip(starts, recipes, strict=True):
        if replace(recipe, method=first.method, pretext=first.pretext) != first:
            raise ValueError(f"{start}: only method and pretext may differ from those of {starts[0]}")
    return recipes


def with_labels(arrays: Arrays, share: float, seed: int) -> Arrays:
    """The arrays with whole patients of training left out until the share of them remains; at least one stays.

    A smaller share is part of a larger one.
    """
    train = arrays.part == "train"
    patients = np.random.default_rng(seed).permutation(np.unique(arrays.patient[train]))
    kept = patients[: max(round(share * len(patients)), 1)]
    return arrays.where(~train | np.isin(arrays.patient, kept))


def noisy(arrays: Arrays, noise_db: float, seed: int = 0) -> Arrays:
    """The arrays with white noise on every lead, so many dB below the power of the lead around its mean."""
    if np.isinf(noise_db):
        return arrays
    signal = arrays.signal.astype(np.float32)
    spread = np.nan_to_num(np.nanstd(signal, axis=2, keepdims=True))
    noise = np.random.default_rng(seed).normal(size=signal.shape).astype(np.float32)
    return replace(arrays, signal=(signal + noise * spread * 10 ** (-noise_db / 20)).astype(arrays.signal.dtype))


def _measured(
    net: nn.Module, recipe: PretrainRecipe, arrays: Arrays, protocol: str, share: float, level: float
) -> Point:
    classifier: Recipe = recipe.classifier(recipe.linear)
    test = noisy(arrays.of("test"), level, recipe.fit.seed)
    logits = predict(net, fixed_inputs(test, "full", classifier.data))
    low, high = bootstrap(logits, test.targets, macro_auc, test.patient)
    return Point(
        protocol, share, int((arrays.part == "train").sum()), level, macro_auc(logits, test.targets), low, high
    )


def as_markdown(points: Sequence[Point]) -> str:
    """Two tables: by labels, without noise, and by noise, with the most labels."""
    clean = [point for point in points if np.isinf(point.noise_db)]
    most = max(point.share for point in points)
    by_noise = [point for point in points if point.share == most]
    return "\n\n".join(
        (
            _table("training records with labels", clean, lambda point: f"{point.records}"),
            _table("noise", by_noise, lambda point: "none" if np.isinf(point.noise_db) else f"{point.noise_db:g} dB"),
        )
    )


def _table(what: str, points: Sequence[Point], row_of: Callable[[Point], str]) -> str:
    protocols = list(dict.fromkeys(point.protocol for point in points))
    found = {
        (row_of(point), point.protocol): f"{point.auc:.3f} ({point.low:.3f}..{point.high:.3f})" for point in points
    }
    rows = dict.fromkeys(row_of(point) for point in points)
    return table([what, *protocols], [[row, *(found.get((row, p), "") for p in protocols)] for row in rows])


def _write(points: Sequence[Point], output: Path) -> None:
    rows = [{**asdict(point), "noise_db": None if np.isinf(point.noise_db) else point.noise_db} for point in points]
    write_text(output / "curves.json", json.dumps(rows, indent=2) + "\n")
    write_text(output / "curves.md", as_markdown(points) + "\n")
    with atomic_path(output / "curves.png") as temporary:
        drawn(points).savefig(temporary, dpi=120)


def drawn(points: Sequence[Point]) -> Figure:
    """The figures by the share of labels and, where there are several levels of it, by noise."""
    most = max(point.share for point in points)
    clean = [point for point in points if np.isinf(point.noise_db)]
    disturbed = [point for point in points if point.share == most and np.isfinite(point.noise_db)]
    both = len({point.noise_db for point in disturbed}) > 1
    figure = Figure(figsize=(11 if both else 6.5, 4), layout="constrained")
    left, *right = figure.subplots(1, 1 + both, squeeze=False)[0]
    _draw(left, clean, "share", "share of training patients with labels")
    left.set_xscale("log")
    for axes in right:
        _draw(axes, disturbed, "noise_db", "signal to noise, dB")
        axes.invert_xaxis()
    return figure


def _draw(axes: Axes, points: Sequence[Point], along: str, label: str) -> None:
    for protocol in dict.fromkeys(point.protocol for point in points):
        own = sorted((p for p in points if p.protocol == protocol), key=lambda point: float(getattr(point, along)))
        x = [getattr(point, along) for point in own]
        axes.plot(x, [point.auc for point in own], "o-", label=protocol, markersize=4)
        axes.fill_between(x, [point.low for point in own], [point.high for point in own], alpha=0.08)
    axes.set(xlabel=label, ylabel="macro AUC, test")
    axes.grid(alpha=0.3)
    if points:
        axes.legend(fontsize=8)
