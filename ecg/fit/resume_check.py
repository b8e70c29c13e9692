"""A checkpoint is resumed by its own recipe only."""

from __future__ import annotations

from pathlib import Path

from ecg.files import JsonMapping
from ecg.fit.errors import FitError
from ecg.fit.recipe import RecipeError, differences, from_dict, to_dict
from ecg.fit.settings import FREE_ON_RESUME, FitRecipe

# A cache of what was read gives no other numbers, wherever it points; more epochs are what one may resume for.
_FREE = {"data.cache", "data.base_path", "fit.epochs", *(f"fit.{name}" for name in FREE_ON_RESUME)}


def check_same(then: JsonMapping, recipe: FitRecipe, path: Path) -> None:
    """Raise FitError for a recipe that would give other numbers, but for the number of epochs.

    Keys newer than the checkpoint had their defaults.
    """
    try:
        filled = to_dict(from_dict(type(recipe), then))
    except RecipeError as error:
        raise FitError(f"{path}: this checkpoint belongs to another kind of training ({error})") from error
    changed = {key: values for key, values in differences(filled, to_dict(recipe)).items() if key not in _FREE}
    if changed:
        words = "; ".join(f"{key}: {was!r} then, {now!r} now" for key, (was, now) in changed.items())
        raise FitError(
            f"{path}: this checkpoint belongs to another recipe ({words}); give the same, or "
            f"--start {path} for a new run from its weights"
        )
