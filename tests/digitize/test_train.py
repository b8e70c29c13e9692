"""`digitize.train` from the command line: every option, and why a training cannot start."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from tiny_runs import NAMES, NET, PAGE, ROW, recipe_file

from digitize.train import main, parser

torch.set_num_threads(1)


def code_of(*options: object) -> int | str | None:
    """How a command ends, by itself or by argparse."""
    try:
        return main([str(option) for option in options])
    except SystemExit as stop:
        return stop.code


@pytest.mark.slow
def test_a_run_is_not_resumed_with_another_network_and_nothing_is_lost(
    tmp_path: Path, row_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    last = row_run / "checkpoints" / "last.pth"
    before = {path: path.read_bytes() for path in row_run.rglob("*") if path.is_file()}
    config, other = recipe_file(tmp_path, ROW), "net.encoder=resnet18"
    assert code_of("--config", config, "--resume", last, "--force_cpu", "--set", other) == 2
    assert "net.encoder: 'timm-mobilenetv3_small_minimal_100' then, 'resnet18' now" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in row_run.rglob("*") if path.is_file()} == before


def test_a_run_is_not_resumed_with_another_recipe(
    tmp_path: Path, row_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    last = str(row_run / "checkpoints" / "last.pth")
    options = ["--config", recipe_file(tmp_path, ROW), "--resume", last, "--force_cpu", "--lr", "0.5"]
    assert code_of(*options) == 2
    assert "fit.lr: 0.001 then, 0.5 now" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("recipe", "options", "code", "words"),
    [
        ({**PAGE, "losess": {}}, [], 2, r"recipe\.yaml: unknown key losess; did you mean losses\?"),
        (PAGE, ["--set", "net.hads=[seg]"], 2, r"unknown key net\.hads; did you mean net\.heads\?"),
        ({**PAGE, "net": {**NET, "heads": ["phase"]}}, [], 2, r"unknown heads \['phase'\]: expected some of seg"),
        ({**PAGE, "kind": "column"}, [], 2, r"recipe\.yaml: kind must be one of page, row, names, got 'column'"),
        (PAGE, ["--batch_size", "0"], 2, "batch_size must be at least 1"),
        (PAGE, ["--sim_root", "nowhere"], 2, "nowhere: no such folder; expected"),
        (ROW, ["--sim_root", "nowhere"], 2, "--sim_root holds whole pages: use a recipe of kind page"),
        (NAMES, ["--sim_root", "nowhere"], 2, "--sim_root holds whole pages: use a recipe of kind page"),
        (NAMES, ["--pretrained"], 2, "--pretrained: there are no ImageNet weights for the network of names"),
        (NAMES, ["--loss_weight_seg", "1"], 2, "unknown key losses"),
        (PAGE, ["--device", "tpu"], 2, r"fit\.device must be one of auto, cpu, cuda, mps, got 'tpu'"),
        (PAGE, ["--device", "mps"], 2, "device is 'mps' but torch sees none"),
        (PAGE, ["--data", "nowhere"], 1, "nowhere"),
        (PAGE, ["--resume", "nowhere/last.pth"], 1, r"nowhere/last\.pth"),
    ],
)
def test_a_training_that_cannot_start_says_why(
    recipe: dict, options: list[str], code: int, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = tmp_path / "runs"
    given = ["--config", recipe_file(tmp_path, recipe), "--output", runs, "--force_cpu", *options]
    assert code_of(*given) == code
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert said.startswith("python -m digitize.train: error: ")
    assert re.search(words, said)
    assert not runs.exists()


GUIDE = (
    "sim_root csv_root batch_size num_workers epochs pretrained debug resume cache force_cpu lr max_samples "
    "loss_weight_seg loss_weight_grid loss_weight_baseline loss_weight_theta loss_weight_signal"
)


@pytest.mark.parametrize("flag", ["cache" if flag == "cache" else flag for flag in GUIDE.split()])
def test_every_flag_of_the_guide_is_there(flag: str) -> None:
    assert f"--{flag}" in parser()._option_string_actions


@pytest.mark.parametrize(("named", "taken"), [("", None), ("hearts", Path("hearts"))])
def test_an_empty_variable_names_no_recordings(named: str, taken: Path | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECG_DATA", named)
    assert parser().parse_args([]).data == taken
