"""Which labels a classifier reports, from its card alone."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from archive.settings import Work
from archive.storage.table import Label
from classify.card import Card
from classify.weights import DEFAULT
from ecg.files import InputError


def reported(work: Work) -> tuple[Label, ...]:
    """(group, name) of every label with a probability. Raises InputError where there is no card."""
    card = _card(work)
    return tuple(label for index, label in enumerate(card.labels) if index not in card.untrained)


def thresholds(work: Work) -> np.ndarray:
    """Of these labels, float [label]: from which probability one is predicted; one half where the largest counts."""
    card = _card(work)
    found = [card.threshold(index) for index in range(len(card.labels)) if index not in card.untrained]
    return np.nan_to_num(np.array(found), nan=0.5)


def _card(work: Work) -> Card:
    path = (Path(work.weights) if work.weights else DEFAULT).with_suffix(".json")
    try:
        return Card.from_dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path}: not a card of classifier weights ({error})") from error
