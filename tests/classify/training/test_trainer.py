"""Training from the command line and from Python: it learns, resumes exactly, and its checkpoint becomes weights."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from classify.datasets.collect import collect
from classify.datasets.example import Example
from classify.datasets.simulated import superclasses
from classify.evaluation.runner import evaluate
from classify.nets import build
from classify.recipe import Recipe
from classify.tasks import TASKS
from classify.train import DEBUG, KEYS, RECIPE, main, parser
from classify.training import trainer
from classify.training.calibrate import calibrate
from classify.training.inputs import TrainingSet
from classify.training.trainer import train
from classify.weights import files
from ecg.files import InputError
from ecg.fit import checkpoint
from ecg.fit.options import changes
from ecg.fit.recipe import from_dict, load, to_dict
from ecg.formats import write
from simulate.heart import synthetic_record

torch.set_num_threads(1)

TINY = {
    "data": {"fs_hz": 100, "simulated": 20},
    "net": {"options": {"widths": [8, 8], "blocks": 1, "kernel": 3, "dropout": 0.0}},
    "fit": {"epochs": 2, "batch_size": 4, "amp": "off", "device": "cpu", "best_metric": "score", "threads": 1},
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trained run folder, on simulated records."""
    return train(from_dict(Recipe, TINY), output=tmp_path_factory.mktemp("runs")).last.parent.parent


@pytest.mark.slow
def test_a_run_leaves_everything_that_its_model_needs(run: Path) -> None:
    assert {p.name for p in (run / "checkpoints").iterdir()} == {"best.pth", "last.pth"}
    assert json.loads((run / "config.json").read_text()) == to_dict(from_dict(Recipe, TINY))
    assert list((run / "tensorboard").iterdir())
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert [row["epoch"] for row in rows] == [1, 2]
    assert "superclass_auc_3x4+1" in rows[0]["val"]


@pytest.mark.slow
def test_resuming_a_finished_epoch_gives_the_same_weights(run: Path, tmp_path: Path) -> None:
    recipe = {**TINY, "fit": {**TINY["fit"], "epoch_every": 1}}
    result = train(from_dict(Recipe, recipe), output=tmp_path)
    first = result.last.with_name("epoch_1.pth")
    again = train(from_dict(Recipe, recipe), output=tmp_path, resume=first)
    one, two = (checkpoint.load(path)["model"] for path in (run / "checkpoints" / "last.pth", again.last))
    assert all(torch.equal(one[name], two[name]) for name in one)


@pytest.mark.slow
def test_a_run_cut_off_in_the_middle_of_an_epoch_goes_on_to_the_same_weights(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    get, left = TrainingSet.__getitem__, [4 + 2]  # in the second of three steps

    def interrupting(self: TrainingSet, index: int) -> dict[str, np.ndarray]:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGINT)
        return get(self, index)

    monkeypatch.setattr(TrainingSet, "__getitem__", interrupting)
    with pytest.raises(SystemExit) as stopped:
        train(from_dict(Recipe, TINY), output=tmp_path)
    (last,) = tmp_path.glob("run_*/checkpoints/last.pth")
    assert (stopped.value.code, checkpoint.load(last)["step"]) == (130, 2)
    again = train(from_dict(Recipe, TINY), output=tmp_path, resume=last)
    one, two = (checkpoint.load(path) for path in (run / "checkpoints" / "last.pth", again.last))
    assert (one["step"], two["step"]) == (6, 6)
    for part in ("model", "ema"):
        assert all(torch.equal(one[part][name], two[part][name]) for name in one[part])


@pytest.fixture
def wider(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on the data hold one recording more."""
    load = trainer.load_arrays
    more = replace(from_dict(Recipe, TINY), data=replace(from_dict(Recipe, TINY).data, simulated=21))
    monkeypatch.setattr(trainer, "load_arrays", lambda recipe, data: load(more, data))


def contents(run: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in sorted(run.rglob("*")) if path.is_file()}


def test_other_recordings_are_not_resumed_and_leave_the_run_as_it_is(run: Path, wider: None) -> None:
    before = contents(run)
    with pytest.raises(InputError, match=r"other recordings \(0 missing, 1 new, 0 in another part, e.g. .*--start"):
        train(from_dict(Recipe, TINY), resume=run / "checkpoints" / "last.pth")
    assert contents(run) == before


def test_another_recipe_is_not_resumed_and_leaves_the_run_as_it_is(run: Path, wider: None) -> None:
    before = contents(run)
    recipe = from_dict(Recipe, {**TINY, "fit": {**TINY["fit"], "lr": 0.5}})
    with pytest.raises(ValueError, match=r"another recipe \(fit.lr.*--start"):
        train(recipe, resume=run / "checkpoints" / "last.pth")
    assert contents(run) == before


@pytest.mark.slow
def test_another_cache_folder_is_the_same_recipe(run: Path, tmp_path: Path) -> None:
    moved = shutil.copytree(run, tmp_path / "run")
    recipe = from_dict(Recipe, {**TINY, "data": {**TINY["data"], "cache": str(tmp_path)}})
    assert train(recipe, resume=moved / "checkpoints" / "last.pth").epochs == 2


def test_the_board_has_curves_and_errors(run: Path) -> None:
    events = EventAccumulator(str(run / "tensorboard"))
    events.Reload()
    tags = events.Tags()
    assert {"Val/curves_full", "Val/curves_3x4+1"} == set(tags["images"])
    assert {"Val/error_full", "Val/error_3x4+1"} == set(tags["histograms"])
    assert "NORM_full" in tags["tensors"]  # precision over recall, for the board's own page
    assert {"Train/total_loss", "Train/lr", "Val/score"} <= set(tags["scalars"])


def test_options_change_the_recipe(tmp_path: Path) -> None:
    args = parser().parse_args(["--debug", "--max_samples", "50", "--batch_size", "2", "--cache_dir", str(tmp_path)])
    recipe = load(Recipe, RECIPE, changes(args, KEYS, DEBUG))
    assert (recipe.fit.epochs, recipe.fit.batch_size, recipe.data.draws) == (3, 2, 50)
    assert (recipe.data.simulated, recipe.data.cache) == (100, str(tmp_path))


@pytest.mark.slow
def test_a_checkpoint_becomes_weights_that_are_evaluated(run: Path, tmp_path: Path) -> None:
    path = tmp_path / "tiny.safetensors"
    card = calibrate(run / "checkpoints" / "best.pth", output=path)
    assert set(card.thresholds) == {"superclass", "rhythm"}
    assert card.data == ("recordings invented by this program's simulator",)
    result = evaluate(path, output=tmp_path / "eval", update_card=True)
    assert set(result["layouts"]) == {"full", "3x4+1", "3x4", "6x2"}
    assert json.loads((tmp_path / "eval/evaluation.json").read_text())["records"] == 4
    assert "| superclass NORM |" in (tmp_path / "eval/evaluation.md").read_text()
    assert "test" in files.load_card(path).metrics
    net, _ = files.load(path)
    state = checkpoint.weights(checkpoint.load(run / "checkpoints" / "best.pth"))
    assert all(torch.allclose(net.state_dict()[k].float(), v.float(), rtol=1e-3, atol=1e-4) for k, v in state.items())


def test_weights_that_were_changed_are_refused(run: Path, tmp_path: Path) -> None:
    path = tmp_path / "tiny.safetensors"
    calibrate(run / "checkpoints" / "best.pth", output=path)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(ValueError, match="do they belong together"):
        files.load(path)
    path.with_suffix(".json").unlink()
    with pytest.raises(FileNotFoundError, match=r"tiny\.json"):
        files.load(path)


def test_an_unreadable_recording_is_listed_and_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(synthetic_record(1), tmp_path / "good.hea")
    (tmp_path / "bad.hea").write_text("nonsense")
    found = [
        Example(tmp_path / f"{stem}.hea", "x", stem, "train", {"superclass": frozenset(["MI"]), "rhythm": None})
        for stem in ("bad", "good")
    ]
    made = collect(TASKS["ptbxl_superdiagnostic"], found, 125.0, tmp_path / "cache")
    assert "bad.hea" in capsys.readouterr().err
    assert made.targets.tolist() == [[0, 1, 0, 0, 0]]
    again = collect(TASKS["ptbxl_superdiagnostic"], found, 125.0, tmp_path / "cache")
    assert np.array_equal(made.signal, again.signal, equal_nan=True)
    assert again.fs_hz == 125.0


@pytest.mark.parametrize("name", ["diagnosis", "plrnn"])
def test_the_recipes_in_configs_can_be_followed(name: str) -> None:
    recipe = load(Recipe, f"configs/{name}.yaml")
    samples = round(10 * recipe.data.fs_hz)
    net = build(recipe.net.name, 11, recipe.channels, samples, recipe.net.options).eval()
    assert net(torch.zeros(1, recipe.channels, samples), torch.zeros(1, 8)).shape == (1, 11)


def test_a_wrong_recipe_ends_with_words_and_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--set", "fit.epoch=1"])
    assert "did you mean fit.epochs" in capsys.readouterr().err


def test_simulated_hearts_have_the_superclasses_of_their_conditions() -> None:
    assert superclasses("SR", []) == {"NORM"}
    assert superclasses("SR", ["AMI", "LVH"]) == {"MI", "HYP"}
    assert superclasses("3AVB", ["STD_lateral"]) == {"CD", "STTC"}


@pytest.mark.parametrize("module", ["classify.train", "classify.infer", "classify.evaluate", "classify.calibrate"])
def test_help_needs_no_torch(module: str) -> None:
    code = (
        f"import sys, {module} as m\n"
        "try: m.main(['--help'])\n"
        "except SystemExit: pass\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
