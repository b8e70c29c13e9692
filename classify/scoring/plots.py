"""Pictures of an evaluation: ROC and precision-recall curves, reliability, confusion, and what the last layer sees."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.manifold import TSNE
from sklearn.metrics import precision_recall_curve, roc_curve

from classify.card import Card
from classify.report.figures import save_png
from classify.scoring import metrics

_MAX_TSNE_POINTS = 1500  # t-SNE takes seconds for these, minutes for ten times as many
_MAX_NAMED_CLASSES = 20  # more counts in a matrix, or more lines in a legend, cannot be read


def write_all(folder: Path, probability: np.ndarray, target: np.ndarray, inner: np.ndarray, card: Card) -> list[Path]:
    """curves, reliability, confusion and tsne, each as <group>_<kind>.png; gives their paths."""
    predicted, place = card.decide(probability), embed(inner)
    written = []
    for group, own in card.groups.items():
        names = [card.labels[k][1] for k in own]
        p, t, d = probability[:, own], target[:, own], predicted[:, own]
        for kind, figure in (
            ("curves", curves(p, t, names)),
            ("reliability", reliability(p, t)),
            ("confusion", confusion(d, t, names)),
            ("tsne", tsne(place, t[: len(place)], names)),
        ):
            written.append(save_png(figure, folder / f"{group}_{kind}.png"))
    return written


def curves(probability: np.ndarray, target: np.ndarray, names: Sequence[str]) -> Figure:
    """ROC and precision-recall curves of every label that is there and not everywhere."""
    figure, (roc, pr) = _axes(2)
    for k, name in enumerate(names):
        known = np.isfinite(target[:, k])
        t, p = target[known, k] > 0.5, probability[known, k]
        if not 0 < t.sum() < t.size:
            continue
        false, true, _ = roc_curve(t, p)
        roc.plot(false, true, label=f"{name} {metrics.auc(p, t.astype(float)):.3f}")
        precision, recall, _ = precision_recall_curve(t, p)
        pr.plot(recall, precision, label=f"{name} {metrics.auprc(p, t.astype(float)):.3f}")
    roc.plot([0, 1], [0, 1], color="0.8", lw=1, zorder=0)
    _label(roc, "1 - specificity", "sensitivity", "ROC (area)")
    _label(pr, "sensitivity", "positive predictive value", "precision and recall (average precision)")
    for axes in (roc, pr):
        _legend(axes)
    return figure


def reliability(probability: np.ndarray, target: np.ndarray) -> Figure:
    """Probability against observed frequency; the area of a dot is the number of records in its bin."""
    figure, (axes,) = _axes(1)
    bins = metrics.reliability(probability, target)
    axes.plot([0, 1], [0, 1], color="0.8", lw=1, zorder=0)
    axes.plot(bins.stated, bins.observed, color="C0", lw=1)
    axes.scatter(bins.stated, bins.observed, 12 + 400 * bins.size / bins.size.sum(), color="C0")
    title = f"calibration error {bins.error:.3f}, Brier {metrics.brier(probability, target):.3f}"
    _label(axes, "stated probability", "observed frequency", title)
    return figure


def confusion(predicted: np.ndarray, target: np.ndarray, names: Sequence[str]) -> Figure:
    """Predicted labels (columns) of the records that have a label (rows): counts, coloured by their part of the row."""
    size = min(4 + 0.3 * len(names), 14)
    figure, (axes,) = _axes(1, size)
    counts, holds = metrics.confusion(predicted, target), np.nansum(target, axis=0)
    axes.imshow(counts / np.maximum(holds, 1)[:, None], cmap="Blues", vmin=0, vmax=1)
    for i, row in enumerate(counts if len(names) <= _MAX_NAMED_CLASSES else ()):
        for j, count in enumerate(row):
            ink = "white" if count > 0.6 * holds[i] else "0.2"
            axes.text(j, i, str(count), ha="center", va="center", color=ink, fontsize=8)
    axes.set_xticks(range(len(names)), names, rotation=90 if len(names) > 6 else 0)
    axes.set_yticks(range(len(names)), [f"{name} ({count:.0f})" for name, count in zip(names, holds, strict=True)])
    _label(axes, "predicted", "holds (records)", "")
    return figure


def embed(inner: np.ndarray) -> np.ndarray:
    """The first records of [record, unit] in two dimensions by t-SNE (van der Maaten and Hinton, 2008)."""
    chosen = inner[:_MAX_TSNE_POINTS]
    if len(chosen) < 5:
        return np.zeros((len(chosen), 2))
    maker = TSNE(perplexity=min(30.0, (len(chosen) - 1) / 3), init="pca", random_state=0, learning_rate="auto")
    return maker.fit_transform(chosen)


def tsne(place: np.ndarray, target: np.ndarray, names: Sequence[str]) -> Figure:
    """The records as the last layer sees them, in the colour of their rarest label; grey has none."""
    figure, (axes,) = _axes(1)
    holds = np.nan_to_num(target)
    rank = np.where(holds > 0.5, holds.sum(0), np.inf)
    label = np.where(np.isfinite(rank).any(1), rank.argmin(1), -1) if len(rank) else np.zeros(0, int)
    for k in range(-1, len(names)):
        rows, colour = label == k, "0.8" if k < 0 else _colour(k, len(names))
        if rows.any():
            axes.scatter(place[rows, 0], place[rows, 1], s=8, color=colour, label="none" if k < 0 else names[k])
    axes.set_xticks([])
    axes.set_yticks([])
    _legend(axes)
    _label(axes, "", "", "last layer, t-SNE")
    return figure


def _colour(k: int, count: int) -> str | tuple[float, float, float, float]:
    return f"C{k}" if count <= 10 else matplotlib.colormaps["turbo"](k / count)


def _axes(count: int, size: float = 4.4) -> tuple[Figure, Sequence[Axes]]:
    """A figure apart from pyplot: it opens no window and is in no global list."""
    figure = Figure(figsize=(size * count + 0.6, size))
    return figure, figure.subplots(1, count, squeeze=False)[0]


def _label(axes: Axes, x: str, y: str, title: str) -> None:
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.set_title(title, fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)


def _legend(axes: Axes) -> None:
    found = axes.get_legend_handles_labels()[1]
    if 0 < len(found) <= _MAX_NAMED_CLASSES:
        axes.legend(fontsize=7, frameon=False)
