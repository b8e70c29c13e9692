"""Which labels a classifier reports, from its card alone."""

from __future__ import annotations

import json
from pathlib import Path

from archive.settings import Work
from archive.storage.table import Label
from classify.card import Card
from classify.weights import DEFAULT
from ecg.files import InputError


def reported(work: Work) -> tuple[Label, ...]:
    """(group, name) of every label with a probability. Raises InputError where there is no card."""
    path = (Path(work.weights) if work.weights else DEFAULT).with_suffix(".json")
    try:
        card = Card.from_dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path}: not a card of classifier weights ({error})") from error
    return tuple(label for index, label in enumerate(card.labels) if index not in card.untrained)
