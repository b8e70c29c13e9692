"""Dropping heads one at a time: what is trained, what the table says, and that nothing is trained twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from digitize.nets.heads import NetSpec
from digitize.studies.head_ablation import main, table, variants
from digitize.training.recipe import PassRecipe

TINY = {
    "kind": "page",
    "net": {
        "encoder": "timm-mobilenetv3_small_minimal_100",
        "decoder_channels": [16, 16, 8, 8, 8],
        "heads": ["seg", "grid", "theta"],
    },
    "pages": {"shares": {"clean": 1.0}, "size_px": [96, 64], "samples": 2, "validation_samples": 1},
    "fit": {"epochs": 1, "batch_size": 2, "amp": "off", "show_every": 0, "threads": 1},
}


def test_each_head_is_dropped_once_and_nothing_else_changes() -> None:
    recipe = PassRecipe(net=NetSpec(heads=("seg", "grid", "theta")))
    made = dict(variants(recipe))
    assert {name: v.net.heads for name, v in made.items()} == {
        "none": ("seg", "grid", "theta"),
        "seg": ("grid", "theta"),
        "grid": ("seg", "theta"),
        "theta": ("seg", "grid"),
    }
    kept = (recipe.losses, recipe.pages, recipe.fit, recipe.net.encoder)
    assert all((v.losses, v.pages, v.fit, v.net.encoder) == kept for v in made.values())
    assert [name for name, _ in variants(recipe, ["theta"])] == ["none", "theta"]
    with pytest.raises(ValueError, match="no head signal"):
        list(variants(recipe, ["signal"]))


def test_the_table_leaves_what_a_network_lacks_empty() -> None:
    rows = [
        {"dropped": "none", "steps": 3, "measures": {"seg_loss": 0.5, "theta_loss": 0.25, "total_loss": 1.0}},
        {"dropped": "seg", "steps": 3, "measures": {"theta_loss": 0.125}},
    ]
    assert table(rows).splitlines() == [
        "| dropped | steps | seg loss | theta loss |",
        "| --- | --- | --- | --- |",
        "| none | 3 | 0.500 | 0.250 |",
        "| seg | 3 | - | 0.125 |",
    ]


@pytest.mark.slow
def test_the_command_trains_each_and_trains_none_twice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config, output = tmp_path / "tiny.yaml", tmp_path / "out"
    config.write_text(yaml.safe_dump(TINY))
    command = ["--config", str(config), "--heads", "seg", "--output", str(output)]
    assert main(command) == 0
    first = capsys.readouterr().out
    rows = json.loads((output / "ablation.json").read_text())
    assert [(row["dropped"], row["steps"]) for row in rows] == [("none", 1), ("seg", 1)]
    assert "seg_loss" in rows[0]["measures"] and "seg_loss" not in rows[1]["measures"]
    assert rows[0]["measures"]["grid_loss"] > 0
    runs = sorted((output / "runs").iterdir())
    assert main(command) == 0
    assert capsys.readouterr().out == first
    assert sorted((output / "runs").iterdir()) == runs
    trained = next(runs[0].glob("checkpoints/best.pth"))
    assert main([*command, "--set", "fit.lr=0.01", "--start", str(trained)]) == 0
    assert len(list((output / "runs").iterdir())) == 4
    assert json.loads((output / "ablation.json").read_text())[0]["measures"] != rows[0]["measures"]


def test_an_unknown_head_is_a_wrong_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "tiny.yaml"
    config.write_text(yaml.safe_dump(TINY))
    with pytest.raises(SystemExit) as left:
        main(["--config", str(config), "--heads", "signal", "--output", str(tmp_path / "out")])
    assert left.value.code == 2
    assert "no head signal: expected some of seg, grid, theta" in capsys.readouterr().err
