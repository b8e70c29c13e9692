"""How a network is trained, as one recipe: kind, network, losses, pages, schedule."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from digitize.nets.heads import NetSpec
from digitize.nets.word_net import WordNetSpec
from digitize.training.losses import LossWeights
from ecg.fit.recipe import RecipeError, from_dict, read_mapping, with_overrides
from ecg.fit.settings import FitSettings


@dataclass(frozen=True)
class Pages:
    """What is drawn: each preset's share, how hard (0..1), how many samples an epoch has, and the seed.

    `size_px` is (width, height) of the network's input: whole pages, or the width of a row crop. Of pages on disk all
    are used, or the first `limit` of them, and the share `val_fraction` of their recordings is held out to validate;
    `validation_samples` are drawn where none is.
    """

    shares: dict[str, float] = field(default_factory=lambda: {"clean": 0.2, "scan": 0.4, "photo": 0.4})
    difficulty: float = 1.0
    size_px: tuple[int, int] = (672, 512)
    samples: int = 4000
    validation_samples: int = 64
    seed: int = 1
    limit: int = 0
    val_fraction: float = 0.1

    def __post_init__(self) -> None:
        if not 0 <= self.val_fraction < 1:
            raise ValueError(f"val_fraction must be in [0, 1), got {self.val_fraction}")
        if self.limit < 0:
            raise ValueError(f"limit must not be negative, got {self.limit}")


@dataclass(frozen=True)
class PassRecipe:
    """A recipe of the reconstruction network; `kind` is page (whole pages) or row (rectified rows)."""

    kind: Literal["page", "row"] = "page"
    net: NetSpec = field(default_factory=NetSpec)
    losses: LossWeights = field(default_factory=LossWeights)
    pages: Pages = field(default_factory=Pages)
    fit: FitSettings = field(default_factory=FitSettings)


@dataclass(frozen=True)
class NameRecipe:
    """A recipe of the network that reads lead names, speed and gain; `pages.size_px` is the size of a crop."""

    kind: Literal["names"] = "names"
    net: WordNetSpec = field(default_factory=WordNetSpec)
    pages: Pages = field(default_factory=Pages)
    fit: FitSettings = field(default_factory=FitSettings)


Recipe = PassRecipe | NameRecipe
_KINDS: Mapping[str, type[Recipe]] = {"page": PassRecipe, "row": PassRecipe, "names": NameRecipe}

# The keys of a config.json of the old form, flat but for its loss_weights, and where they belong now.
_OLD_KEYS = {
    "batch_size": "fit.batch_size",
    "num_workers": "fit.num_workers",
    "epochs": "fit.epochs",
    "lr": "fit.lr",
    "max_samples": "pages.limit",
}
# What such a file changes: it says a few values of this recipe, and the rest stays.
_BASE = "configs/whole_page.yaml"


def load_recipe(path: str | Path, overrides: Sequence[str] = ()) -> Recipe:
    """The recipe in a YAML or JSON file after `a.b=c` overrides.

    The old form {"loss_weights": {...}, "batch_size": 4 ...} is understood: what it does not name stays as in
    configs/whole_page.yaml.

    Raises RecipeError.
    """
    data = read_mapping(path)
    try:
        return recipe_from_dict(with_overrides(_modern(data) if _is_old(data) else data, overrides))
    except RecipeError as error:
        raise RecipeError(f"{path}: {error}") from error


def load_pass_recipe(path: str | Path, overrides: Sequence[str] = ()) -> PassRecipe:
    """As `load_recipe`, of a page or row recipe only."""
    return only_pass(load_recipe(path, overrides), path)


def only_pass(recipe: Recipe, path: str | Path) -> PassRecipe:
    """The recipe itself where it is one of the reconstruction network; raises RecipeError for another."""
    if not isinstance(recipe, PassRecipe):
        raise RecipeError(f"{path}: expected a recipe of kind page or row, got kind {recipe.kind}")
    return recipe


def recipe_from_dict(data: Mapping[str, Any]) -> Recipe:
    """The recipe of the kind that `data` names (default: page), as a checkpoint or a YAML file holds it."""
    kind = data.get("kind", "page")
    if kind not in _KINDS:
        raise RecipeError(f"kind must be one of {', '.join(_KINDS)}, got {kind!r}")
    return from_dict(_KINDS[kind], data)


def _is_old(data: Mapping[str, Any]) -> bool:
    return "loss_weights" in data or any(key in _OLD_KEYS for key in data)


def _modern(old: Mapping[str, Any]) -> dict[str, Any]:
    """A config.json of the old form as a recipe of today."""
    unknown = sorted(set(old) - {*_OLD_KEYS, "loss_weights"})
    if unknown:
        known = ", ".join(["loss_weights", *_OLD_KEYS])
        raise RecipeError(f"beside loss_weights there are keys of no meaning: {', '.join(unknown)}; known: {known}")
    named = {new: old[key] for key, new in _OLD_KEYS.items() if key in old}
    named |= {f"losses.{name}": weight for name, weight in old.get("loss_weights", {}).items()}
    return with_overrides(read_mapping(_BASE), [f"{key}={json.dumps(value)}" for key, value in named.items()])
