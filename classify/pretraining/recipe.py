"""`PretrainRecipe`: what a pretraining, and the trainings that measure it, may be told."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from classify.recipe import LossSettings, NetSettings, Recipe
from classify.signal.settings import DataSettings
from ecg.fit.settings import FitSettings

Method = Literal["cpc", "clocs", "st_mem"]
Views = Literal["cmsc", "cmlc", "cmsmlc"]
Masking = Literal["both", "time", "lead"]
ENCODERS: dict[Method, str] = {"cpc": "predictive", "clocs": "contrastive", "st_mem": "masked"}


@dataclass(frozen=True)
class PretextSettings:
    """What each method asks of its encoder.

    CPC: predict the `ahead` next samples at `anchors` places of a record, each among `negatives` others of the record.
    CLOCS: `views` are the segments of a lead, the leads of a segment, or both; `temperature` divides cosines; `leads`
    (indices, none for all) are those that are compared. ST-MEM: the `hidden` share of the patches of every lead, of
    moments ("time", MTAE) or of leads ("lead", MLAE) is to be told from the rest by a decoder of `decoder_width`,
    `decoder_depth` and `decoder_heads`. A trunk that all methods share has no patches of its own: there they have
    `patch` samples, and the first `shown_leads` channels are those of the signal.
    """

    ahead: int = 12
    anchors: int = 32
    negatives: int = 128
    views: Views = "cmsc"
    temperature: float = 0.1
    leads: tuple[int, ...] = ()
    masking: Masking = "both"
    hidden: float = 0.75
    decoder_width: int = 256
    decoder_depth: int = 4
    decoder_heads: int = 4
    patch: int = 25
    shown_leads: int = 12

    def __post_init__(self) -> None:
        for name in ("ahead", "anchors", "negatives", "patch", "shown_leads"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if not 0 < self.hidden < 1:
            raise ValueError(f"hidden must be between 0 and 1, got {self.hidden}")
        if not self.temperature > 0:
            raise ValueError(f"temperature must be positive, got {self.temperature}")


@dataclass(frozen=True)
class PretrainRecipe:
    """A pretraining on the recordings of a task, whose labels are not looked at, and the trainings that follow it.

    `linear` trains a linear layer on the frozen encoder's output, `finetune` then all weights.
    """

    task: str = "ptbxl"
    method: Method = "cpc"
    data: DataSettings = field(default_factory=lambda: DataSettings(page_masks=False))
    net: NetSettings = field(default_factory=lambda: NetSettings("cpc_small"))
    pretext: PretextSettings = field(default_factory=PretextSettings)
    fit: FitSettings = field(default_factory=FitSettings)
    linear: FitSettings = field(default_factory=lambda: FitSettings(epochs=50, schedule="constant"))
    finetune: FitSettings = field(default_factory=lambda: FitSettings(epochs=20, lr=1e-4))

    def __post_init__(self) -> None:
        self.classifier(self.linear)  # refuses an unknown task, as a training would

    def classifier(self, fit: FitSettings) -> Recipe:
        """The recipe of a classifier with this encoder; the newest weights are taken where no metric is named."""
        return Recipe(self.task, self.data, self.net, LossSettings(), replace(fit, seed=self.fit.seed))
