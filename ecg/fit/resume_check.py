"""A checkpoint is resumed by its own recipe only."""

from __future__ import annotations

from pathlib import Path

from ecg.files import JsonMapping
from ecg.fit.errors import FitError
from ecg.fit.recipe import RecipeError, differences, from_dict, to_dict
from ecg.fit.settings import FREE_ON_RESUME, FitRecipe

# What gives no other numbers, wherever it points: a cache of what was read.
_FREE = {"data.cache", *(f"fit.{name}" for name in FREE_ON_RESUME)}
_ENDLESS = ("plateau", "step", "constant")  # under these the rate of a step does not depend on the number of epochs


def check_same(then: JsonMapping, recipe: FitRecipe, path: Path) -> None:
    """Raise FitError for a recipe that would give other numbers; keys newer than the checkpoint had their defaults."""
    try:
        filled = to_dict(from_dict(type(recipe), then))
    except RecipeError as error:
        raise FitError(f"{path}: this checkpoint belongs to another kind of training ({error})") from error
    free = _FREE | ({"fit.epochs"} if recipe.fit.schedule in _ENDLESS else set())
    changed = {key: values for key, values in differences(filled, to_dict(recipe)).items() if key not in free}
    if changed:
        words = "; ".join(f"{key}: {was!r} then, {now!r} now" for key, (was, now) in changed.items())
        raise FitError(
            f"{path}: this checkpoint belongs to another recipe ({words}); give the same, or "
            f"--start {path} for a new run from its weights"
        )
