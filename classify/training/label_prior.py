"""Correction for training on balanced classes: what brings back how rare they are."""

from __future__ import annotations

import numpy as np

from classify.scoring.metrics import macro_f1

_FACTORS = np.linspace(0, 1, 11)


def prior_bias(logits: np.ndarray, target: np.ndarray, trained: np.ndarray, balanced: bool) -> np.ndarray:
    """What to add to logits [label] of a network that saw every class as often as the others, although they are not.

    It is the logarithm of the classes' shares in the training targets `trained`, times the factor (0 without
    `balanced`) with the best macro F1 on the validation records, whose `logits` and `target` are [record, label].
    """
    log_share = np.log(np.maximum(trained.mean(0), 1e-6))
    factors = _FACTORS if balanced else [0.0]
    f1 = [macro_f1(most_probable(logits + factor * log_share), target) for factor in factors]
    bias: np.ndarray = factors[int(np.nanargmax(f1))] * log_share
    return bias


def most_probable(logits: np.ndarray) -> np.ndarray:
    """bool [record, label]: the label of each record with the largest logit."""
    return logits.argmax(1)[:, None] == np.arange(logits.shape[1])
