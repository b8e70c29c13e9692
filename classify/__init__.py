"""From a Record to a Diagnosis: features, networks, training, evaluation and the report."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from classify.classifier import Classifier
    from classify.diagnosis import Diagnosis

__all__ = ["Classifier", "Diagnosis"]


def __getattr__(name: str) -> object:
    if name == "Classifier":
        from classify.classifier import Classifier

        return Classifier
    if name == "Diagnosis":
        from classify.diagnosis import Diagnosis

        return Diagnosis
    raise AttributeError(f"module 'classify' has no attribute {name!r}")
