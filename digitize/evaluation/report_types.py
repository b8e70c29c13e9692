"""What an evaluation reports: plain JSON types, as report.json holds them."""

from __future__ import annotations

from typing import NotRequired, TypedDict

from digitize.evaluation.confidence_metrics import ConfidenceStep
from digitize.evaluation.honesty import Honesty
from digitize.evaluation.layout_metrics import LeadCalibration


class Review(TypedDict):
    """What a checkpoint is worth on pages that it never trained on, drawn as its recipe says."""

    checkpoint: str
    kind: str
    epochs: int
    steps: int
    pages: int
    recordings: str
    measures: dict[str, float]
    pictures: list[str]


class Calibration(LeadCalibration):
    """What the confidence of leads and of samples is worth."""

    samples: list[ConfidenceStep]


class Group(TypedDict):
    """The pages of one folder under one condition."""

    folder: str
    condition: str
    pages: int
    with_truth: int
    read: int
    refused: int
    crashed: int
    metrics: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    agreement: dict[str, float]
    calibration: Calibration
    honesty: Honesty | None
    seconds_per_page: float
    causes: dict[str, list[str]]
    not_read: dict[str, str]
    loss_db: NotRequired[float]


class Kind(TypedDict):
    """The clean pages of one preset, layout or scale."""

    what: str
    kind: str
    pages: int
    read: int
    metrics: dict[str, float]
    agreement: dict[str, float]
    honesty: Honesty | None


class StressLoss(TypedDict):
    """What one folder's pages lose under stress."""

    folder: str
    mean_loss_db: float
    worst_loss_db: float
    worst: str
    refused_share: float
    crashed: int


class Report(TypedDict):
    """The figures of an evaluation in plain JSON types; a figure that there is not is None, although typed float."""

    groups: list[Group]
    kinds: list[Kind]
    stresses: list[StressLoss]
    weights: object
    peak_memory_mb: float
    checkpoint: NotRequired[Review]
