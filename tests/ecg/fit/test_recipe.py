"""Recipes: strict keys, typed values, overrides, and the way back; and the learning rates they ask for."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ecg.fit import recipe
from ecg.fit.schedule import Schedule
from ecg.fit.settings import FitSettings


@dataclass(frozen=True)
class Net:
    width: int = 8
    kind: Literal["conv", "recurrent"] = "conv"
    rates: tuple[float, ...] = (0.1, 0.2)


@dataclass(frozen=True)
class Whole:
    title: str = "x"
    note: str | None = None
    net: Net = field(default_factory=Net)
    fit: FitSettings = field(default_factory=FitSettings)


def test_an_unknown_key_suggests_the_nearest(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text("net: {widht: 3}\n")
    with pytest.raises(recipe.RecipeError, match=r"r.yaml: unknown key net.widht; did you mean net.width\?"):
        recipe.load(Whole, path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("net: {width: wide}", "net.width must be a whole number, got 'wide'"),
        ("net: {width: true}", "net.width must be a whole number, got True"),
        ("net: {kind: cnov}", "net.kind must be one of conv, recurrent"),
        ("net: 3", "net must be a group of keys"),
        ("fit: {epochs: 0}", "epochs must be at least 1"),
        ("- 1", "a recipe is a YAML mapping"),
    ],
)
def test_a_wrong_value_is_named(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "r.yaml"
    path.write_text(text)
    with pytest.raises(recipe.RecipeError, match=words):
        recipe.load(Whole, path)


def test_overrides_reach_into_groups_and_are_checked(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text("title: t\n")
    got = recipe.load(Whole, path, ["net.width=3", "fit.lr=1e-4", "net.rates=[1, 2]", "note=null"])
    assert (got.title, got.net.width, got.fit.lr, got.net.rates) == ("t", 3, 1e-4, (1.0, 2.0))
    with pytest.raises(recipe.RecipeError, match=r"fit\.epoch; did you mean fit\.epochs"):
        recipe.load(Whole, path, ["fit.epoch=3"])
    with pytest.raises(recipe.RecipeError, match="key=value"):
        recipe.load(Whole, path, ["net.width"])


@given(st.integers(1, 99), st.sampled_from(["conv", "recurrent"]), st.lists(st.floats(0, 1), max_size=3))
def test_to_dict_and_back(width: int, kind: str, rates: list[float]) -> None:
    whole = Whole(net=Net(width, kind, tuple(rates)))  # type: ignore[arg-type]
    assert recipe.from_dict(Whole, yaml.safe_load(yaml.safe_dump(recipe.to_dict(whole)))) == whole


def test_one_cycle_rises_to_the_rate_and_falls_to_almost_nothing() -> None:
    schedule = Schedule(FitSettings(epochs=10, lr=0.1), 10)
    rates = [schedule.lr(step) for step in range(100)]
    assert max(rates) == pytest.approx(0.1, rel=0.01)
    assert rates.index(max(rates)) in range(28, 32)
    assert rates[-1] < 1e-4


def test_plateau_halves_only_after_waiting() -> None:
    schedule = Schedule(FitSettings(schedule="plateau", best_metric="auc", lr=1.0, plateau_patience=1), 5)
    rates = []
    for value in (0.5, 0.6, 0.6, 0.6, 0.7):
        schedule.after_epoch(value)
        rates.append(schedule.lr(0))
    assert rates == [1.0, 1.0, 1.0, 0.5, 0.5]


def test_steps_and_warm_up() -> None:
    schedule = Schedule(FitSettings(schedule="step", step_epochs=2, lr=1.0, warmup_steps=4), 5)
    assert [schedule.lr(s) for s in (0, 1, 3, 9)] == [0.25, 0.5, 1.0, 1.0]
    assert schedule.lr(10) == pytest.approx(0.1)


def test_steps_at_given_epochs() -> None:
    schedule = Schedule(FitSettings(schedule="step", step_at=(1, 3), lr=1.0), 5)
    assert [schedule.lr(step) for step in (4, 5, 14, 15, 99)] == pytest.approx([1.0, 0.1, 0.1, 0.01, 0.01])


def test_the_plateau_rule_never_goes_below_its_floor() -> None:
    settings = FitSettings(schedule="plateau", best_metric="auc", lr=1.0, plateau_patience=0, lr_min=0.2)
    schedule = Schedule(settings, 5)
    for _ in range(9):
        schedule.after_epoch(0.5)
    assert schedule.lr(0) == pytest.approx(0.2)


@pytest.mark.parametrize("text", ["off", "'off'", '"off"'])
def test_off_means_off_as_the_advice_writes_it(text: str) -> None:
    """YAML 1.1 reads a bare off as false; the loop's own messages recommend fit.amp=off."""
    made = recipe.from_dict(FitSettings, recipe.with_overrides({}, [f"amp={text}"]))
    assert made.amp == "off"
    with pytest.raises(recipe.RecipeError, match="schedule must be one of"):
        recipe.from_dict(FitSettings, recipe.with_overrides({}, ["schedule=off"]))
