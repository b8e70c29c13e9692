"""How a pass is trained, as one recipe: network, losses, pages, schedule."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from digitize.losses import LossWeights
from digitize.nets import NetSpec
from digitize.page.names import NameSpec
from ecg.fit.settings import FitSettings


@dataclass(frozen=True)
class Pages:
    """What is drawn: each preset's share, how hard (0..1), how many samples an epoch has, and the seed.

    `size_px` is (width, height) of the network's input: whole pages, or the width of a row crop.
    """

    shares: dict[str, float] = field(default_factory=lambda: {"clean": 0.2, "scan": 0.4, "photo": 0.4})
    difficulty: float = 1.0
    size_px: tuple[int, int] = (672, 512)
    samples: int = 4000
    validation_samples: int = 64
    seed: int = 1


@dataclass(frozen=True)
class PassRecipe:
    """A recipe of `digitize.train`; `kind` is page (whole pages) or row (rectified rows)."""

    kind: Literal["page", "row"] = "page"
    net: NetSpec = field(default_factory=NetSpec)
    losses: LossWeights = field(default_factory=LossWeights)
    pages: Pages = field(default_factory=Pages)
    fit: FitSettings = field(default_factory=FitSettings)


@dataclass(frozen=True)
class NameRecipe:
    """A recipe of `digitize.train_names`; `pages.size_px` is the size of a crop."""

    kind: Literal["names"] = "names"
    net: NameSpec = field(default_factory=NameSpec)
    pages: Pages = field(default_factory=Pages)
    fit: FitSettings = field(default_factory=FitSettings)
