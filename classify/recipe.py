"""`Recipe`: what a classifier's training recipe may hold."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal

from classify.nets.catalog import NETS
from classify.signal.settings import DataSettings
from classify.tasks import TASKS, Task
from ecg.fit.settings import FitSettings
from ecg.leads import STANDARD

Distance = Literal["bce", "kl", "labels"]


@dataclass(frozen=True)
class NetSettings:
    """A network of the registry and its own keyword arguments."""

    name: str = "resnet1d"
    options: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.name not in NETS:
            raise ValueError(f"unknown network {self.name!r}: expected one of {', '.join(NETS)}")


@dataclass(frozen=True)
class LossSettings:
    """`weights` by how often a label stands in training: none, 1/n or 1/ln n (mean 1 over the labels).

    `focal` is the exponent of the focal loss (Lin et al. 2017); `mixup` the parameter of the Beta distribution that
    recordings and their labels are mixed by (Zhang et al. 2018). 0 leaves either out. `teacher` names trained weights
    (.safetensors) for knowledge distillation: their probabilities are learnt with the labels, by the share `taught`,
    by a `distance`: cross-entropy, KL of softmaxes ("kl") or of every label's two outcomes ("labels"), both softened by
    `temperature`. `contrast` is the weight of a loss that brings the encodings of both networks together; `correlation`
    that of the squared correlation of the halves of an encoding (the two branches of `token_selection`).
    """

    weights: Literal["none", "inverse", "log"] = "none"
    focal: float = 0.0
    mixup: float = 0.0
    teacher: str = ""
    taught: float = 0.5
    distance: Distance = "bce"
    temperature: float = 2.0
    contrast: float = 0.0
    correlation: float = 0.0

    def __post_init__(self) -> None:
        for name in ("focal", "mixup", "contrast"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be negative, got {getattr(self, name)}")
        if not 0 <= self.taught <= 1:
            raise ValueError(f"taught must be in [0, 1], got {self.taught}")
        if not self.temperature > 0:
            raise ValueError(f"temperature must be positive, got {self.temperature}")
        if self.contrast and not self.teacher:
            raise ValueError("contrast compares the encodings of two networks: name the other as teacher")


@dataclass(frozen=True)
class Recipe:
    """A whole training; saved in the run's folder and in every checkpoint."""

    task: str = "ptbxl"
    data: DataSettings = field(default_factory=DataSettings)
    net: NetSettings = field(default_factory=NetSettings)
    loss: LossSettings = field(default_factory=LossSettings)
    fit: FitSettings = field(default_factory=FitSettings)

    def __post_init__(self) -> None:
        if self.task not in TASKS:
            raise ValueError(f"unknown task {self.task!r}: expected one of {', '.join(TASKS)}")
        of_beats = TASKS[self.task].of_beats
        if of_beats and (self.data.page_masks or self.data.vary):
            raise ValueError(
                f"task {self.task} judges single beats, and data.page_masks and data.vary hide and shift parts of "
                "whole recordings: set both to false, as configs/beats.yaml does"
            )
        if self.data.from_usual and not of_beats:
            beats = ", ".join(name for name, task in TASKS.items() if task.of_beats)
            raise ValueError(f"from_usual needs many beats of a patient: set it to false, or take one of {beats}")

    @property
    def channels(self) -> int:
        return len(self.asked.leads or STANDARD) * (1 + self.data.mask_channels + self.data.amplitude_channels)

    @property
    def asked(self) -> Task:
        """The task, of the leads that the recipe chooses."""
        task = TASKS[self.task]
        return replace(task, leads=self.data.leads) if self.data.leads else task
