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
    "max_samples": "pages.samples",
}


def load_recipe(path: str | Path, overrides: Sequence[str] = ()) -> Recipe:
    """The recipe in a YAML or JSON file after `a.b=c` overrides; the old form {"loss_weights": {...}} is understood.

    Raises RecipeError.
    """
    data = read_mapping(path)
    try:
        return recipe_from_dict(with_overrides(_modern(data) if "loss_weights" in data else data, overrides))
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


def _modern(old: Mapping[str, Any]) -> dict[str, Any]:
    """A config.json of the old form as a recipe of today; what is not in it has its default."""
    unknown = sorted(set(old) - {*_OLD_KEYS, "loss_weights"})
    if unknown:
        known = ", ".join(["loss_weights", *_OLD_KEYS])
        raise RecipeError(f"beside loss_weights there are keys of no meaning: {', '.join(unknown)}; known: {known}")
    flat = [f"{new}={json.dumps(old[key])}" for key, new in _OLD_KEYS.items() if key in old]
    return with_overrides({"losses": old["loss_weights"]}, flat)
