"""From a checkpoint to shipped weights and their card."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from digitize.nets.pretrained import load_pass
from digitize.nets.reconstruction import ReconstructionNet
from digitize.training import release
from digitize.training.recipe import PassRecipe
from digitize.training.shipping import ship
from ecg.fit import checkpoint
from ecg.fit.recipe import from_dict
from ecg.fit.run_folder import RunFolder

torch.set_num_threads(1)


@pytest.mark.parametrize("kind", ["page", "row"])
def test_shipped_weights_read_the_same_to_half_precision(
    kind: str, page_run: Path, row_run: Path, tmp_path: Path
) -> None:
    last = (page_run if kind == "page" else row_run) / "checkpoints" / "last.pth"
    path = ship(last, {"note": "tiny"}, tmp_path)
    card = json.loads(path.with_suffix(".json").read_text())
    assert (path.name, card["note"], card["steps"]) == (f"{kind}.safetensors", "tiny", 4)
    shipped = load_pass(kind, folder=tmp_path, exact=True)
    state = checkpoint.load(last)
    spec = from_dict(PassRecipe, state["recipe"]).net
    exact = ReconstructionNet(spec).eval()
    exact.load_state_dict(state["ema"])
    image = torch.rand(1, spec.in_channels, 96, 128)
    with torch.no_grad():
        wanted, got = exact(image), shipped.net(image)
    assert wanted.keys() == got.keys()
    for name in wanted:
        spread = float(wanted[name].std()) + 1e-3
        assert float((wanted[name] - got[name]).abs().max()) < 0.05 * spread, name
    assert shipped.size_px == from_dict(PassRecipe, state["recipe"]).pages.size_px
    assert not shipped.net.training
    assert path.stat().st_size < 0.6 * sum(v.numel() * v.element_size() for v in state["ema"].values())
    assert ship(last, {}, tmp_path) == path
    assert load_pass(kind, folder=tmp_path).version == shipped.version == card["version"]


def test_a_card_tells_what_led_to_its_weights(
    row_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, then, run = tmp_path / "first", tmp_path / "then", RunFolder(tmp_path / "run")
    shutil.copytree(row_run, run.path)
    epoch = run.rows()[-1]
    run.metrics({**epoch, "epoch": epoch["epoch"] + 1, "val": {"error_px": 7.0}})  # a later one, not of these weights
    best = str(run.checkpoints / "best.pth")
    assert release.main(["--checkpoint", best, "--output", str(first)]) == 0
    before = json.loads((first / "row.json").read_text())
    before.update(hours=1.5, history=["90 steps", "4 steps in 1.5 hours from row-0a1b"])
    before["recipe"]["fit"]["lr"] = 0.5
    (first / "row.json").write_text(json.dumps(before))
    assert release.main(["--checkpoint", best, "--after", str(first / "row.json"), "--output", str(then)]) == 0
    card = json.loads((then / "row.json").read_text())
    assert card["history"] == [*before["history"], f"{card['steps']} steps from {before['version']} with fit.lr=0.001"]
    assert card["validation"] == epoch["val"]
    with pytest.raises(SystemExit) as stop:
        release.main(["--checkpoint", best, "--after", str(run.path / "config.json"), "--output", str(then)])
    assert stop.value.code == 2
    assert "config.json: not a card of shipped weights; expected one like" in capsys.readouterr().err


def test_weights_are_shipped_as_the_mean_with_those_before(
    row_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    best, first, then = str(row_run / "checkpoints" / "best.pth"), tmp_path / "first", tmp_path / "then"
    assert release.main(["--checkpoint", best, "--output", str(first)]) == 0
    before = load_file(first / "row.safetensors")
    save_file({name: 3 * value for name, value in before.items()}, first / "row.safetensors")
    options = ["--checkpoint", best, "--after", str(first / "row.json"), "--averaged", "--output", str(then)]
    assert release.main(options) == 0
    after = load_file(then / "row.safetensors")
    name = next(name for name, value in before.items() if value.dim() == 4)
    torch.testing.assert_close(after[name], 2 * before[name], rtol=2e-3, atol=1e-6)
    assert json.loads((then / "row.json").read_text())["history"][-1].endswith(
        "the mean of the weights before and after"
    )
    with pytest.raises(SystemExit) as stop:
        release.main(["--checkpoint", best, "--averaged", "--output", str(then)])
    assert stop.value.code == 2
    assert "--after has to name the card" in capsys.readouterr().err


def test_missing_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"page\.safetensors: the weights of the page pass are missing"):
        load_pass("page", folder=tmp_path)
