"""Recipes: what an option changes, the ones in configs/, and those of the old form."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch
from tiny_runs import PAGE, recipe_file

from digitize.train import DEBUG, KEYS, RECIPE, parser
from digitize.training.losses import LossWeights
from digitize.training.recipe import PassRecipe, Recipe, load_recipe
from ecg.fit.options import changes
from ecg.fit.recipe import from_dict

torch.set_num_threads(1)


def recipe_of(options: list[str]) -> Recipe:
    """What a command line asks for."""
    args = parser().parse_args(options)
    return load_recipe(args.config or RECIPE, changes(args, KEYS, DEBUG))


@pytest.mark.parametrize(
    ("options", "key", "value"),
    [
        (["--epochs", "7"], "fit.epochs", 7),
        (["--batch_size", "3"], "fit.batch_size", 3),
        (["--num_workers", "2"], "fit.num_workers", 2),
        (["--lr", "0.02"], "fit.lr", 0.02),
        (["--max_samples", "11"], "pages.samples", 11),
        (["--max_samples", "11"], "pages.limit", 11),
        (["--val_fraction", "0.25"], "pages.val_fraction", 0.25),
        (["--force_cpu"], "fit.device", "cpu"),
        (["--debug"], "pages.samples", 100),
        (["--debug"], "fit.epochs", 3),
        (["--debug", "--epochs", "1"], "fit.epochs", 1),
        (["--epochs", "7", "--set", "fit.epochs=9"], "fit.epochs", 9),
        (["--set", "pages.shares.photo=0.5"], "pages.shares", {"clean": 1.0, "photo": 0.5}),
        *[
            ([f"--loss_weight_{n}", "0.125"], f"losses.{n}", 0.125)
            for n in ("seg", "grid", "baseline", "theta", "signal")
        ],
    ],
)
def test_an_option_changes_one_value_of_the_recipe(options: list[str], key: str, value: object, tmp_path: Path) -> None:
    config = recipe_file(tmp_path, PAGE)
    plain, changed = (asdict(recipe_of(["--config", config, *o])) for o in ([], options))
    group, name = key.split(".")
    assert changed[group][name] == value != plain[group][name]
    if len(options) <= 2 and options[0] not in ("--debug", "--max_samples"):  # these change several
        changed[group][name] = plain[group][name]
        assert changed == plain


@pytest.mark.parametrize(
    ("name", "kind"), [("page", "page"), ("row", "row"), ("whole_page", "page"), ("small", "page")]
)
def test_the_recipes_in_configs_are_sound(name: str, kind: str) -> None:
    recipe = recipe_of(["--config", f"configs/{name}.yaml"])
    width, height = recipe.pages.size_px
    assert recipe.kind == ("row" if name == "row" else "page") and width % 32 == height % 32 == 0


def test_a_config_json_of_the_old_form_is_understood(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"loss_weights": {"seg": 0.5, "signal": 3.0}, "lr": 1e-05, "batch_size": 2}))
    recipe = recipe_of(["--config", str(path), "--loss_weight_grid", "0.25", "--epochs", "7"])
    assert (recipe.losses.seg, recipe.losses.signal, recipe.losses.grid) == (0.5, 3.0, 0.25)
    assert (recipe.fit.lr, recipe.fit.batch_size, recipe.fit.epochs) == (1e-5, 2, 7)
    whole = recipe_of(["--config", "configs/whole_page.yaml"])
    named = {"losses": whole.losses, "fit": replace(whole.fit, lr=1e-5, batch_size=2, epochs=7)}
    assert recipe == replace(whole, **{**named, "losses": LossWeights(0.5, 0.25, 0.8, 0.3, 3.0)})
    path.write_text(json.dumps({"num_workers": 3, "max_samples": 50}))
    recipe = recipe_of(["--config", str(path)])
    assert recipe == replace(whole, fit=replace(whole.fit, num_workers=3), pages=replace(whole.pages, limit=50))


def test_whole_pages_are_trained_as_the_guide_says() -> None:
    recipe = recipe_of([])
    assert (recipe.fit.lr, recipe.fit.epochs, recipe.fit.epoch_every, recipe.fit.batch_size) == (1e-4, 100, 10, 8)
    assert (recipe.pages.limit, recipe.pages.val_fraction) == (0, 0.1)


@pytest.mark.slow
def test_a_runs_own_config_json_is_a_recipe(page_run: Path) -> None:
    recipe = recipe_of(["--config", str(page_run / "config.json")])
    assert recipe == from_dict(PassRecipe, json.loads((page_run / "config.json").read_text()))


@pytest.mark.parametrize(
    ("old", "words"),
    [
        ({"loss_weights": {"segg": 1.0}}, r"config\.json: unknown key losses\.segg; did you mean losses\.seg\?"),
        ({"loss_weights": {}, "batchsize": 2}, r"config\.json: .*keys of no meaning: batchsize; known: loss_weights, "),
    ],
)
def test_an_old_config_json_with_wrong_keys_is_refused(old: dict, words: str, tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(old))
    with pytest.raises(ValueError, match=words):
        recipe_of(["--config", str(path)])
