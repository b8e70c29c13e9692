"""What a classifier's training recipe may say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from classify.nets import NETS
from classify.sources import TASKS
from ecg.fit.settings import FitSettings
from ecg.leads import STANDARD


@dataclass(frozen=True)
class DataSettings:
    """Grid and variations; `simulated` records are made when no data is given, `cache` holds arrays once read."""

    fs_hz: float = 125.0
    page_masks: bool = True
    vary: bool = True
    mask_channels: bool = True
    amplitude_channels: bool = False
    simulated: int = 96
    cache: str = "data/cache"


@dataclass(frozen=True)
class NetSettings:
    """A network of the registry and its own keyword arguments."""

    name: str = "resnet1d"
    options: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.name not in NETS:
            raise ValueError(f"unknown network {self.name!r}: expected one of {', '.join(NETS)}")


@dataclass(frozen=True)
class Recipe:
    """A whole training; saved in the run's folder and in every checkpoint."""

    task: str = "ptbxl"
    data: DataSettings = field(default_factory=DataSettings)
    net: NetSettings = field(default_factory=NetSettings)
    fit: FitSettings = field(default_factory=FitSettings)

    def __post_init__(self) -> None:
        if self.task not in TASKS:
            raise ValueError(f"unknown task {self.task!r}: expected one of {', '.join(TASKS)}")

    @property
    def channels(self) -> int:
        return len(STANDARD) * (1 + self.data.mask_channels + self.data.amplitude_channels)
