"""AUC against the number of labels: what each rule of `archive rank` is worth, on recordings whose labels are known.

Fifty records chosen at random are labelled; then each rule chooses, again and again, as many as are labelled already,
and a committee that learns from them is measured on the test part. The committee is five logistic regressions on the
measured features, each on a bootstrap of the labelled records: quick enough for many seeds, and no more than a stand-in
for a network that is trained anew.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from sklearn.linear_model import LogisticRegression
from tqdm import tqdm

from archive.ranking import rules
from classify.datasets.ptbxl import ptbxl
from classify.features import measure
from classify.labels import GROUPS
from classify.scoring.metrics import macro_auc
from ecg import read
from ecg.files import atomic_path
from ecg.markdown import table

LABELLED = (50, 100, 200, 400, 800)
MEMBERS = 5
GROUP = "superclass"
Choose = Callable[[np.ndarray, np.ndarray, Sequence[int], int, np.random.Generator], np.ndarray]


def dataset(data: Path, cache: Path) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """(features [record, k], labels [record, label]) of the training and of the test part."""
    examples = [e for e in ptbxl(data) if e.source == "ptbxl" and e.found.get(GROUP) and e.part in ("train", "test")]
    if not cache.is_file():
        made = [measure(read(example.path)) for example in tqdm(examples, desc="features", file=sys.stderr)]
        with atomic_path(cache) as temporary:
            np.savez(temporary, features=np.stack(made), ids=[example.id for example in examples])
    with np.load(cache) as saved:
        if saved["ids"].tolist() != [example.id for example in examples]:
            raise ValueError(f"{cache}: holds the features of other records; remove it")
        features = rules.standardised(saved["features"])
    names = GROUPS[GROUP].classes
    labels = np.array([[name in (example.found[GROUP] or ()) for name in names] for example in examples])
    is_test = np.array([example.part == "test" for example in examples])
    return (features[~is_test], labels[~is_test]), (features[is_test], labels[is_test])


def committee(features: np.ndarray, labels: np.ndarray, asked: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """Probabilities [member, record, label] of the asked records, of members that learned from bootstraps."""
    found = np.empty((MEMBERS, len(asked), labels.shape[1]))
    for member in range(MEMBERS):
        drawn = chance.integers(len(features), size=len(features))
        for label in range(labels.shape[1]):
            target = labels[drawn, label]
            if target.all() or not target.any():  # nothing to tell apart: the share stands for all
                found[member, :, label] = target.mean()
                continue
            fitted = LogisticRegression(C=0.1, max_iter=200).fit(features[drawn], target)
            found[member, :, label] = fitted.predict_proba(asked)[:, 1]
    return found


def curves(
    choose: Choose, pool: tuple[np.ndarray, np.ndarray], test: tuple[np.ndarray, np.ndarray], seeds: int
) -> np.ndarray:
    """Macro AUC [seed, step] on the test part, after as many labels as `LABELLED` says."""
    features, labels = pool
    found = np.empty((seeds, len(LABELLED)))
    for seed in range(seeds):
        chance = np.random.default_rng(seed)
        known = chance.permutation(len(features))[: LABELLED[0]].tolist()
        for step, count in enumerate(LABELLED):
            if count > len(known):
                told = committee(features[known], labels[known], features, chance)
                known += choose(features, told, known, count - len(known), chance).tolist()
            told = committee(features[known], labels[known], test[0], chance)
            found[seed, step] = macro_auc(told.mean(0), test[1].astype(float))
    return found


def best(score: np.ndarray, known: Sequence[int], count: int) -> np.ndarray:
    """The numbers of the highest scores among those that are not known."""
    score = score.copy()
    score[list(known)] = -np.inf
    return np.argsort(-score, kind="stable")[:count]


def _mixture(
    features: np.ndarray, told: np.ndarray, known: Sequence[int], count: int, chance: np.random.Generator
) -> np.ndarray:
    """Of the most uncertain, four times as many as are wanted, those that cover the rest best."""
    likely = best(rules.entropy(told.mean(0)), known, 4 * count)
    both = np.concatenate([np.array(known), likely])
    taken = rules.k_centre(features[both], count, range(len(known)))
    return both[taken]


RULES: dict[str, Choose] = {
    "random": lambda features, told, known, count, chance: best(chance.random(len(features)), known, count),
    "margin": lambda features, told, known, count, chance: best(
        rules.margin(told.mean(0), np.full(told.shape[2], 0.5)), known, count
    ),
    "entropy": lambda features, told, known, count, chance: best(rules.entropy(told.mean(0)), known, count),
    "disagreement": lambda features, told, known, count, chance: best(rules.disagreement(told), known, count),
    "k-centre": lambda features, told, known, count, chance: np.array(rules.k_centre(features, count, known)),
    "entropy, then k-centre": _mixture,
}


def as_table(found: dict[str, np.ndarray]) -> str:
    """Mean and standard deviation over the seeds."""
    lines = [
        [name, *(f"{mean:.3f} ± {spread:.3f}" for mean, spread in zip(auc.mean(0), auc.std(0), strict=True))]
        for name, auc in found.items()
    ]
    return table(["labels", *map(str, LABELLED)], lines, padded=True)


def plot(found: dict[str, np.ndarray]) -> Figure:
    figure = Figure(figsize=(7, 4.5))
    axes = figure.subplots()
    for name, auc in found.items():
        (line,) = axes.plot(LABELLED, auc.mean(0), "--ko" if name == "random" else "-o", markersize=4, label=name)
        if name == "random":
            axes.fill_between(
                LABELLED, auc.mean(0) - auc.std(0), auc.mean(0) + auc.std(0), color=line.get_color(), alpha=0.12
            )
    axes.set_xscale("log")
    axes.set_xticks(LABELLED, map(str, LABELLED))
    axes.minorticks_off()
    axes.set_xlabel("labelled records")
    axes.set_ylabel("macro AUC, five superclasses, test part")
    seeds = len(next(iter(found.values())))
    axes.set_title(f"PTB-XL, {seeds} seeds; shaded: ± one standard deviation of random", fontsize=10)
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    return figure
