"""The figures of an evaluation, as `evaluation.json` holds them; one that is not defined is NaN there, then null."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict


class Counts(TypedDict):
    """The confusion counts of a label, and their ratios."""

    f1: float
    precision: float
    recall: float
    specificity: float
    tp: float
    fp: float
    fn: float
    tn: float
    positives: float
    records: float


class LabelFigures(Counts):
    """What is measured of one label."""

    auc: float
    auprc: float
    brier: float
    threshold: float
    trained: bool


class GroupFigures(TypedDict):
    """What is measured of a label group: means over its labels, pooled decisions, calibration, every label by name."""

    macro_auc: float
    macro_auprc: float
    macro_f1: float
    macro_precision: float
    macro_recall: float
    macro_specificity: float
    macro_auc_95: tuple[float, float]
    macro_f1_95: tuple[float, float]
    micro_auc: float
    micro_auprc: float
    micro_f1: float
    micro_precision: float
    micro_recall: float
    micro_specificity: float
    exact_match: float
    calibration_error: float
    brier: float
    reliability: Mapping[str, list[float]]
    confusion: Mapping[str, Mapping[str, int]]
    labels: dict[str, LabelFigures]


Groups = Mapping[str, GroupFigures]


class NetworkFacts(TypedDict):
    """A network's name and its number of trainable parameters."""

    name: str
    parameters: int


class Evaluation(TypedDict):
    """The figures of weights on one part of a split, by layout and label group."""

    weights: str
    task: str
    part: str
    records: int
    network: NetworkFacts
    layouts: dict[str, dict[str, GroupFigures]]
