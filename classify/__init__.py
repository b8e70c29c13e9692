"""From a Record to a Diagnosis: features, networks, training, evaluation and the report."""

from __future__ import annotations

from typing import Any

__all__ = ["Classifier", "Diagnosis"]


def __getattr__(name: str) -> Any:
    if name == "Classifier":
        from classify.classifier import Classifier

        return Classifier
    if name == "Diagnosis":
        from classify.diagnosis import Diagnosis

        return Diagnosis
    raise AttributeError(f"module 'classify' has no attribute {name!r}")
