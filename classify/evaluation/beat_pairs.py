"""Classes of beats that the program finds itself, against the annotated ones of whole recordings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from classify.beat_classifier import BeatClassifier
from classify.datasets.aami import annotated_classes, folder_of
from classify.evaluation.beat_benchmark import TOLERANCE_S
from ecg.formats import read
from ecg.markdown import table

NONE = "none"  # stands for an annotated beat that was not found, and for a found one that is not annotated
Pairs = list[tuple[str, str]]


def paired(true_s: Sequence[float], true: Sequence[str], found_s: Sequence[float], found: Sequence[str]) -> Pairs:
    """(annotated class, found class) of every beat, both in order of time; `NONE` where one has no other within
    75 ms.
    """
    pairs, i, j = Pairs(), 0, 0
    while i < len(true) or j < len(found):
        apart_s = (found_s[j] - true_s[i]) if i < len(true) and j < len(found) else np.inf if i < len(true) else -np.inf
        if abs(apart_s) <= TOLERANCE_S:
            pairs.append((true[i], found[j]))
        else:
            pairs.append((true[i], NONE) if apart_s > 0 else (NONE, found[j]))
        i, j = i + (pairs[-1][0] != NONE), j + (pairs[-1][1] != NONE)
    return pairs


def measure(data: Path, records: Iterable[str], classifier: BeatClassifier) -> Pairs:
    """The pairs of all beats of these MIT-BIH records, in `data` or its folder `mitdb`."""
    pairs, folder = Pairs(), folder_of(data)
    for name in records:
        path = folder / f"{name}.hea"
        beats = classifier(read(path))
        true_s, true = annotated_classes(path)
        pairs += paired(true_s, true, beats.times_s.tolist(), beats.classes)
    return pairs


def as_markdown(pairs: Pairs, names: Sequence[str]) -> str:
    """Sensitivity, PPV and F1 of every class, and how often each was taken for which other."""
    counts = Counter(pairs)
    rows = []
    for name in names:
        hits = counts[name, name]
        true = sum(count for (one, _), count in counts.items() if one == name)
        said = sum(count for (_, other), count in counts.items() if other == name)
        figures = [hits / true if true else np.nan, hits / said if said else np.nan]
        figures.append(2 * hits / (true + said) if true + said else np.nan)
        taken = [str(counts[name, other]) for other in (*names, NONE)]
        rows.append([name, str(true), *(f"{value:.3f}" for value in figures), *taken])
    rows.append([NONE, "", "", "", "", *(str(counts[NONE, other]) for other in names), ""])
    return table(["annotated", "beats", "Se", "PPV", "F1", *(f"as {name}" for name in (*names, NONE))], rows)
