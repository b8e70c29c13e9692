"""By how much each of many recordings is worth a look: pure functions of arrays, the larger the more.

Margin, entropy and disagreement are those of Settles, Active learning literature survey (2009); k-centre is the greedy
core-set of Sener and Savarese (2018).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_TINY = 1e-12


def margin(probability: np.ndarray, threshold: np.ndarray) -> np.ndarray:
    """Score [record]: how near the least certain label of probability [record, label] is to its threshold [label]."""
    distance = np.abs(probability - threshold) / np.where(probability > threshold, 1 - threshold, threshold)
    return _known(1 - np.nanmin(_filled(distance), axis=1), probability)


def entropy(probability: np.ndarray) -> np.ndarray:
    """Score [record]: the sum over labels of the entropy of each, in bits."""
    p = np.clip(probability, _TINY, 1 - _TINY)
    return _known(np.nansum(-p * np.log2(p) - (1 - p) * np.log2(1 - p), axis=1), probability)


def disagreement(probability: np.ndarray) -> np.ndarray:
    """Score [record]: the standard deviation over members of probability [member, record, label], summed."""
    return _known(np.nansum(probability.std(axis=0), axis=1), probability[0])


def _filled(distance: np.ndarray) -> np.ndarray:
    """A record without any probability gets 1 for all, so that there is a smallest."""
    return np.where(np.isnan(distance).all(axis=1, keepdims=True), 1.0, distance)


def _known(score: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """NaN where a record has no probability at all."""
    return np.where(np.isnan(probability).all(axis=1), np.nan, score)


def k_centre(vectors: np.ndarray, count: int, known: Sequence[int] = ()) -> list[int]:
    """The numbers of `count` records, each the farthest from all that are known or were taken before.

    `vectors` is float [record, k]; where nothing is known the first is the one farthest from the mean.
    """
    if count <= 0 or not len(vectors):
        return []
    distance = np.full(len(vectors), np.inf)
    for index in known:
        distance = np.minimum(distance, _squares(vectors, vectors[index]))
    if not len(known):
        distance = _squares(vectors, vectors.mean(axis=0))
    taken = [int(distance.argmax())]
    if not len(known):
        distance = np.full(len(vectors), np.inf)
    for _ in range(min(count, len(vectors) - len(known)) - 1):
        distance = np.minimum(distance, _squares(vectors, vectors[taken[-1]]))
        taken.append(int(distance.argmax()))
    return taken


def _squares(vectors: np.ndarray, centre: np.ndarray) -> np.ndarray:
    squares: np.ndarray = ((vectors - centre) ** 2).sum(axis=1)
    return squares


def standardised(features: np.ndarray) -> np.ndarray:
    """Features [record, k] as standard scores between -5 and 5; 0 where one is not known."""
    known = np.isfinite(features)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, features, 0).sum(axis=0) / count
    spread = np.sqrt((np.where(known, features - mean, 0) ** 2).sum(axis=0) / count)
    return np.where(known, np.clip((features - mean) / np.where(spread > 0, spread, 1), -5, 5), 0.0)


def percentiles(score: np.ndarray) -> np.ndarray:
    """Scores as ranks from 0 to 1, so that different ones can be added; 0 where there is none."""
    known = np.isfinite(score)
    order = np.argsort(np.argsort(np.where(known, score, -np.inf), kind="stable"), kind="stable")
    return np.where(known, order / max(1, len(score) - 1), 0.0)
