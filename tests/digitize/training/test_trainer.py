"""Training a network: what a run leaves, that it learns, and that it goes on."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from oracle import heart, scene
from safetensors.torch import save_file
from tiny_runs import NET, PAGE, ROW, recipe_file, trained

from digitize.nets.heads import NetSpec
from digitize.nets.reconstruction import ReconstructionNet
from digitize.train import main
from digitize.training.losses import LossWeights, total_loss
from digitize.training.page_samples import PageDataset
from digitize.training.recipe import PassRecipe
from digitize.training.row_samples import RowDataset
from digitize.training.trainer import build
from ecg.fit import checkpoint, split_file
from ecg.fit.recipe import from_dict
from ecg.formats import write
from simulate.dataset.page_stream import MixedHearts, PageStream, SyntheticHearts

torch.set_num_threads(1)

MEASURES = {"error_px", "error_p95_px", "pearson"}


def test_a_run_leaves_checkpoints_its_recipe_and_its_measures(page_run: Path) -> None:
    assert page_run.name.startswith("run_")
    assert {path.name for path in (page_run / "checkpoints").iterdir()} == {"best.pth", "last.pth"}
    recipe = from_dict(PassRecipe, json.loads((page_run / "config.json").read_text()))
    assert (recipe.kind, recipe.net.encoder, recipe.pages.size_px) == ("page", NET["encoder"], (128, 96))
    state = checkpoint.load(page_run / "checkpoints" / "last.pth")
    assert (state["epoch"], state["step"]) == (2, 4)
    assert from_dict(PassRecipe, state["recipe"]) == recipe
    rows = [json.loads(line) for line in (page_run / "metrics.jsonl").read_text().splitlines()]
    assert [row["epoch"] for row in rows] == [1, 2]
    assert set(rows[0]["train"]) == {"seg", "grid", "baseline", "theta", "signal", "total"}
    assert {f"{name}_loss" for name in rows[0]["train"]} | MEASURES == set(rows[0]["val"])
    assert all(np.isfinite(value) for row in rows for part in ("train", "val") for value in row[part].values())


def test_tensorboard_has_the_tags_of_the_guide(page_run: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(page_run / "tensorboard"))
    events.Reload()
    tags = set(events.Tags()["scalars"])
    pictures = {f"Val/{kind}/{index}" for kind in ("overlay", "heads", "traces") for index in (0, 1)}
    assert set(events.Tags()["images"]) == pictures
    assert events.Tags()["histograms"] == ["Val/errors_px"]
    losses = ("signal_loss", "total_loss", "seg_loss", "grid_loss", "baseline_loss", "theta_loss")
    assert {f"{part}/{name}" for part in ("Train", "Val") for name in losses} | {"Train/lr"} <= tags


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["page", "row"])
def test_one_batch_can_be_learnt_by_heart(kind: str) -> None:
    stream = PageStream(MixedHearts([SyntheticHearts()], [1.0]), 5, {"clean": 1.0})
    dataset = PageDataset(stream, 2, (128, 96)) if kind == "page" else RowDataset(stream, 2, 64)
    model = build(from_dict(PassRecipe, PAGE if kind == "page" else ROW))
    batch = {name: torch.stack([dataset[0][name], dataset[1][name]]) for name in dataset[0]}
    optimiser = torch.optim.AdamW(model.parameters(), lr=0.01)
    totals = []
    for _ in range(16):
        optimiser.zero_grad()
        losses = total_loss(model(batch["image"]), batch, LossWeights())
        losses["total"].backward()
        optimiser.step()
        totals.append(losses["total"].item())
    assert totals[-1] < 0.7 * totals[0]


def test_the_same_recipe_starts_alike_and_pretrained_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = from_dict(PassRecipe, PAGE)
    one, two = build(recipe).state_dict(), build(recipe).state_dict()
    assert all(torch.equal(one[name], two[name]) for name in one)

    def offline(spec: NetSpec, weights: str | None = None) -> ReconstructionNet:
        assert weights == "imagenet"
        raise OSError("no network")

    monkeypatch.setattr("digitize.training.trainer.ReconstructionNet", offline)
    with pytest.raises(
        ValueError, match=r"--pretrained: .* could not be fetched \(no network\).* without --pretrained"
    ):
        build(recipe, pretrained=True)


@pytest.mark.slow
def test_an_interrupted_run_goes_on_to_the_same_end(
    tmp_path: Path, row_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = recipe_file(tmp_path, ROW)
    get, left = RowDataset.__getitem__, [10]  # in the second epoch's first batch

    def interrupting(self: RowDataset, index: int) -> dict[str, torch.Tensor]:
        if len(self) == 8:
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGINT)
        return get(self, index)

    monkeypatch.setattr(RowDataset, "__getitem__", interrupting)
    with pytest.raises(SystemExit) as stopped:
        main(["--config", config, "--output", str(tmp_path / "runs"), "--force_cpu"])
    assert stopped.value.code == 130
    (run,) = (tmp_path / "runs").iterdir()
    last = run / "checkpoints" / "last.pth"
    assert checkpoint.load(last)["step"] == 3
    assert main(["--config", config, "--resume", str(last), "--force_cpu"]) == 0
    whole, resumed = (checkpoint.load(r / "checkpoints" / "last.pth") for r in (row_run, run))
    assert resumed["step"] == whole["step"] == 4
    assert all(torch.equal(whole["ema"][name], resumed["ema"][name]) for name in whole["ema"])


def test_a_pass_may_start_from_the_other_ones_weights(row_run: Path, tmp_path: Path) -> None:
    page = build(from_dict(PassRecipe, PAGE))
    before = {name: value.clone() for name, value in page.state_dict().items()}
    taken = checkpoint.load_matching(page, row_run / "checkpoints" / "last.pth")
    row = checkpoint.load(row_run / "checkpoints" / "last.pth")["ema"]
    after = page.state_dict()
    assert taken > 100
    deep = "decoder.blocks.0.conv1.0.weight"
    assert torch.equal(after[deep], row[deep]) and not torch.equal(before[deep], row[deep])
    stem = next(name for name, value in row.items() if value.dim() == 4 and value.shape[1] == 4)
    assert torch.equal(after[stem], row[stem][:, :3])  # three of its four channels
    other = from_dict(PassRecipe, {**PAGE, "net": {**NET, "encoder": "resnet18", "heads": ["theta"]}})
    with pytest.raises(ValueError, match="none of its weights fits"):
        alien = {**checkpoint.load(row_run / "checkpoints" / "last.pth"), "ema": {"x": torch.zeros(1)}}
        checkpoint.save(tmp_path / "alien.pth", {k: v for k, v in alien.items() if k != "format"})
        checkpoint.load_matching(build(other), tmp_path / "alien.pth")


def test_a_pass_may_start_from_shipped_weights(tmp_path: Path) -> None:
    recipe = from_dict(PassRecipe, PAGE)
    shipped = build(recipe)
    with torch.no_grad():
        for value in shipped.parameters():
            value.fill_(0.25)
    save_file(shipped.state_dict(), tmp_path / "page.safetensors")
    page = build(recipe)
    assert checkpoint.load_matching(page, tmp_path / "page.safetensors") == len(page.state_dict())
    assert all(bool((value == 0.25).all()) for value in page.parameters())
    (tmp_path / "torn.safetensors").write_bytes(b"not weights")
    with pytest.raises(ValueError, match=r"torn\.safetensors: no weights"):
        checkpoint.load_matching(page, tmp_path / "torn.safetensors")


def write_pages(folder: Path, signals: Path, count: int = 4) -> None:
    """Pages as the simulator writes them, small."""
    signals.mkdir(exist_ok=True)
    for i in range(count):
        page, truth = replace(scene(i, long_side_px=300), effects={}).render(heart(i))
        cv2.imwrite(str(folder / f"p{i}.png"), page.pixels[..., ::-1])
        truth.save_json(folder / f"p{i}.json")
        write(truth.record, signals / f"p{i}.csv")


@pytest.mark.slow
def test_pages_from_disk_are_trained_on(tmp_path: Path) -> None:
    write_pages(tmp_path, tmp_path / "signals")
    options = (
        "--sim_root",
        str(tmp_path),
        "--csv_root",
        str(tmp_path / "signals"),
        "--epochs",
        "1",
        "--max_samples",
        "3",
        "--val_fraction",
        "0",
    )
    runs = [
        trained(tmp_path / name, PAGE, *options, *cache)
        for name, cache in (("plain", ()), ("kept", ("--cache", "--cache_dir", str(tmp_path / "cache"))))
    ]
    plain, kept = (checkpoint.load(run / "checkpoints" / "last.pth") for run in runs)
    assert plain["step"] == 1  # three pages are one short batch
    assert all(torch.equal(plain["model"][name], kept["model"][name]) for name in plain["model"])
    assert len(list((tmp_path / "cache").iterdir())) == 3


@pytest.mark.slow
def test_own_pages_hold_out_their_own_and_a_checkpoint_is_all_that_a_resume_needs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pages = tmp_path / "pages"
    pages.mkdir()
    write_pages(pages, pages, count=5)
    run = trained(tmp_path / "first", PAGE, "--sim_root", str(pages), "--set", "fit.epoch_every=1", "--epochs", "1")
    assert "5 pages; 4 train, 1 are held out" in capsys.readouterr().err
    parts = split_file.read(run / "split.csv")
    assert sorted(part for _, part in parts.values()) == ["train"] * 4 + ["validation"]
    first = run / "checkpoints" / "epoch_1.pth"
    assert main(["--resume", str(first), "--epochs", "2"]) == 0
    assert checkpoint.load(run / "checkpoints" / "last.pth")["epoch"] == 2
    assert "2 epochs instead of 1" in capsys.readouterr().err
    assert json.loads((run / "config.json").read_text())["fit"]["epochs"] == 2
    (pages / "p5.png").write_bytes((pages / "p4.png").read_bytes())
    for suffix in (".json", ".csv"):
        (pages / f"p5{suffix}").write_bytes((pages / f"p4{suffix}").read_bytes())
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    assert main(["--resume", str(first), "--epochs", "3"]) == 1
    assert "this run was trained on other pages (0 missing, 1 new" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before
