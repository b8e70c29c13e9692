"""Training a pass through its command line: what it writes, that it learns, goes on, and says what is wrong."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
import yaml
from oracle import heart, scene
from safetensors.torch import load_file, save_file

from digitize.nets.pretrained import load_pass
from digitize.nets.reconstruction import NetSpec, ReconstructionNet
from digitize.studies import review
from digitize.train import borrow, build, load_recipe, main, parser
from digitize.training import release as shipping
from digitize.training.losses import LossWeights, total_loss
from digitize.training.recipe import PassRecipe
from digitize.training.release import ship
from digitize.training.samples import PageDataset, RowDataset
from digitize.training.validation import Validation
from ecg.fit import checkpoint
from ecg.fit.recipe import from_dict
from ecg.fit.run_folder import RunFolder
from ecg.formats import write
from simulate.dataset.page_stream import MixedHearts, PageStream, SyntheticHearts

torch.set_num_threads(1)

NET = {"encoder": "timm-mobilenetv3_small_minimal_100", "decoder_channels": [16, 16, 8, 8, 8]}
PAGE = {
    "kind": "page",
    "net": NET,
    "pages": {"shares": {"clean": 1.0}, "size_px": [128, 96], "samples": 8, "validation_samples": 2},
    "fit": {
        "epochs": 2,
        "batch_size": 4,
        "amp": "off",
        "ema_decay": 0.9,
        "log_every": 1,
        "lr": 0.001,
        "show_every": 0,
        "threads": 1,
    },
}
MEASURES = {"error_px", "error_p95_px", "pearson"}
ROW = {
    **PAGE,
    "kind": "row",
    "net": {
        **NET,
        "in_channels": 4,
        "heads": ["seg", "signal"],
        "seg_classes": 5,
        "signal_leads": 1,
        "columns_per_px": 2,
    },
    "pages": {**PAGE["pages"], "size_px": [64, 320]},
}


def recipe_file(folder: Path, recipe: dict, **changes: object) -> str:
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump({**recipe, **changes}))
    return str(path)


def trained(folder: Path, recipe: dict, *options: str) -> Path:
    """The run folder of a training that went well."""
    folder.mkdir(exist_ok=True)
    assert (
        main(["--config", recipe_file(folder, recipe), "--output", str(folder / "runs"), "--force_cpu", *options]) == 0
    )
    (run,) = (folder / "runs").iterdir()
    return run


@pytest.fixture(autouse=True, scope="module")
def no_recordings() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("ECG_DATA", raising=False)
        yield


@pytest.fixture(scope="module")
def page_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(tmp_path_factory.mktemp("page"), PAGE, "--set", "fit.show_every=2")


@pytest.fixture(scope="module")
def row_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(tmp_path_factory.mktemp("row"), ROW)


# --- what a run leaves ------------------------------------------------------------------------------------------------


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


def test_the_row_pass_is_measured_by_the_error_of_its_height(row_run: Path) -> None:
    last = json.loads((row_run / "metrics.jsonl").read_text().splitlines()[-1])
    assert set(last["val"]) == {"seg_loss", "signal_loss", "total_loss"} | MEASURES
    assert 0 < last["val"]["error_px"] <= last["val"]["error_p95_px"] < 320


# --- learning ---------------------------------------------------------------------------------------------------------


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

    monkeypatch.setattr("digitize.nets.reconstruction.ReconstructionNet", offline)
    with pytest.raises(
        ValueError, match=r"--pretrained: .* could not be fetched \(no network\).* without --pretrained"
    ):
        build(recipe, pretrained=True)


def test_validation_is_the_same_whatever_came_before() -> None:
    recipe = from_dict(PassRecipe, ROW)
    held_out = RowDataset(PageStream(MixedHearts([SyntheticHearts()], [1.0]), 5, {"clean": 1.0}), 5, 64)
    model = build(recipe).eval()
    validate = Validation(held_out, recipe)
    first = validate(model)
    torch.rand(10)
    assert validate(model) == Validation(held_out, recipe)(model) == first


# --- going on ---------------------------------------------------------------------------------------------------------


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


def test_a_run_is_not_resumed_with_another_network_and_nothing_is_lost(
    tmp_path: Path, row_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    last = row_run / "checkpoints" / "last.pth"
    before = {path: path.read_bytes() for path in row_run.rglob("*") if path.is_file()}
    config, other = recipe_file(tmp_path, ROW), "net.encoder=resnet18"
    assert main(["--config", config, "--resume", str(last), "--force_cpu", "--set", other]) == 2
    assert "net.encoder: 'timm-mobilenetv3_small_minimal_100' then, 'resnet18' now" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in row_run.rglob("*") if path.is_file()} == before


def test_a_run_is_not_resumed_with_another_recipe(
    tmp_path: Path, row_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    last = str(row_run / "checkpoints" / "last.pth")
    options = ["--config", recipe_file(tmp_path, ROW), "--resume", last, "--force_cpu", "--lr", "0.5"]
    assert main(options) == 2
    assert "fit.lr: 0.001 then, 0.5 now" in capsys.readouterr().err


def test_a_pass_may_start_from_the_other_ones_weights(row_run: Path, tmp_path: Path) -> None:
    page = build(from_dict(PassRecipe, PAGE))
    before = {name: value.clone() for name, value in page.state_dict().items()}
    taken = borrow(page, row_run / "checkpoints" / "last.pth")
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
        borrow(build(other), tmp_path / "alien.pth")


def test_a_pass_may_start_from_shipped_weights(tmp_path: Path) -> None:
    recipe = from_dict(PassRecipe, PAGE)
    shipped = build(recipe)
    with torch.no_grad():
        for value in shipped.parameters():
            value.fill_(0.25)
    save_file(shipped.state_dict(), tmp_path / "page.safetensors")
    page = build(recipe)
    assert borrow(page, tmp_path / "page.safetensors") == len(page.state_dict())
    assert all(bool((value == 0.25).all()) for value in page.parameters())
    (tmp_path / "torn.safetensors").write_bytes(b"not weights")
    with pytest.raises(ValueError, match=r"torn\.safetensors: no weights"):
        borrow(page, tmp_path / "torn.safetensors")


# --- pages from disk --------------------------------------------------------------------------------------------------


def write_pages(folder: Path, signals: Path, count: int = 4) -> None:
    """Pages as the simulator writes them, small."""
    signals.mkdir(exist_ok=True)
    for i in range(count):
        page, truth = replace(scene(i, long_side_px=300), effects={}).render(heart(i))
        cv2.imwrite(str(folder / f"p{i}.png"), page.pixels[..., ::-1])
        truth.save_json(folder / f"p{i}.json")
        write(truth.record, signals / f"p{i}.csv")


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
    )
    runs = [
        trained(tmp_path / name, PAGE, *options, *cache)
        for name, cache in (("plain", ()), ("kept", ("--cache", "--cache_dir", str(tmp_path / "cache"))))
    ]
    plain, kept = (checkpoint.load(run / "checkpoints" / "last.pth") for run in runs)
    assert plain["step"] == 1  # three pages are one short batch
    assert all(torch.equal(plain["model"][name], kept["model"][name]) for name in plain["model"])
    assert len(list((tmp_path / "cache").iterdir())) == 3


def test_a_checkpoint_is_reviewed_by_itself_and_on_whole_pages(
    page_run: Path, row_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    best = page_run / "checkpoints" / "best.pth"
    assert review.main(["--checkpoint", str(best), "--output", str(tmp_path / "out")]) == 0
    report = json.loads((tmp_path / "out/review.json").read_text())
    last = json.loads((page_run / "metrics.jsonl").read_text().splitlines()[-1])
    assert report["measures"] == pytest.approx(last["val"])
    assert {path.name for path in (tmp_path / "out").glob("*.png")} == set(report["pictures"])
    assert "2 held-out pages (synthetic)" in capsys.readouterr().out
    with pytest.raises(ValueError, match="--pages tries a page pass, this is a row pass"):
        review.road(row_run / "checkpoints" / "best.pth", [tmp_path], tmp_path, None)


# --- what is wrong is said --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("recipe", "options", "words"),
    [
        ({**PAGE, "losess": {}}, [], r"recipe\.yaml: unknown key losess; did you mean losses\?"),
        (PAGE, ["--set", "net.hads=[seg]"], r"unknown key net\.hads; did you mean net\.heads\?"),
        ({**PAGE, "net": {**NET, "heads": ["phase"]}}, [], r"unknown heads \['phase'\]: expected some of seg, grid"),
        (PAGE, ["--batch_size", "0"], "batch_size must be at least 1"),
        (PAGE, ["--sim_root", "nowhere"], "nowhere: no such folder; expected"),
        (ROW, ["--sim_root", "nowhere"], "--sim_root holds whole pages: use a recipe of kind page"),
        (PAGE, ["--data", "nowhere"], "nowhere"),
        (PAGE, ["--resume", "nowhere/last.pth"], r"nowhere/last\.pth"),
    ],
)
def test_a_training_that_cannot_start_says_why(
    recipe: dict, options: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = tmp_path / "runs"
    assert main(["--config", recipe_file(tmp_path, recipe), "--output", str(runs), "--force_cpu", *options]) == 2
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert said.startswith("digitize.train: ")
    assert re.search(words, said)
    assert not runs.exists()


# --- options ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "key", "value"),
    [
        (["--epochs", "7"], "fit.epochs", 7),
        (["--batch_size", "3"], "fit.batch_size", 3),
        (["--num_workers", "2"], "fit.num_workers", 2),
        (["--lr", "0.02"], "fit.lr", 0.02),
        (["--max_samples", "11"], "pages.samples", 11),
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
    plain, changed = (asdict(load_recipe(parser().parse_args(["--config", config, *o]))) for o in ([], options))
    group, name = key.split(".")
    assert changed[group][name] == value != plain[group][name]
    if len(options) <= 2 and "--debug" not in options:
        changed[group][name] = plain[group][name]
        assert changed == plain


@pytest.mark.parametrize(
    ("name", "kind"), [("page", "page"), ("row", "row"), ("whole_page", "page"), ("small", "page")]
)
def test_the_recipes_in_configs_are_sound(name: str, kind: str) -> None:
    recipe = load_recipe(parser().parse_args(["--config", f"configs/{name}.yaml"]))
    width, height = recipe.pages.size_px
    assert recipe.kind == ("row" if name == "row" else "page") and width % 32 == height % 32 == 0


def test_a_config_json_of_the_old_form_is_understood(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"loss_weights": {"seg": 0.5, "signal": 3.0}, "lr": 1e-05, "batch_size": 2}))
    recipe = load_recipe(parser().parse_args(["--config", str(path), "--loss_weight_grid", "0.25", "--epochs", "7"]))
    assert (recipe.losses.seg, recipe.losses.signal, recipe.losses.grid) == (0.5, 3.0, 0.25)
    assert (recipe.fit.lr, recipe.fit.batch_size, recipe.fit.epochs) == (1e-5, 2, 7)
    assert (recipe.kind, recipe.pages.size_px, len(recipe.net.heads)) == ("page", (672, 512), 5)


def test_a_runs_own_config_json_is_a_recipe(page_run: Path) -> None:
    recipe = load_recipe(parser().parse_args(["--config", str(page_run / "config.json")]))
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
        load_recipe(parser().parse_args(["--config", str(path)]))


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


# --- shipping ---------------------------------------------------------------------------------------------------------


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
    assert shipping.main(["--checkpoint", best, "--output", str(first)]) == 0
    before = json.loads((first / "row.json").read_text())
    before.update(hours=1.5, history=["90 steps", "4 steps in 1.5 hours from row-0a1b"])
    before["recipe"]["fit"]["lr"] = 0.5
    (first / "row.json").write_text(json.dumps(before))
    assert shipping.main(["--checkpoint", best, "--after", str(first / "row.json"), "--output", str(then)]) == 0
    card = json.loads((then / "row.json").read_text())
    assert card["history"] == [*before["history"], f"{card['steps']} steps from {before['version']} with fit.lr=0.001"]
    assert card["validation"] == epoch["val"]
    assert shipping.main(["--checkpoint", best, "--after", str(run.path / "config.json"), "--output", str(then)]) == 2
    assert "config.json: not a card of shipped weights; expected one like" in capsys.readouterr().err


def test_weights_are_shipped_as_the_mean_with_those_before(
    row_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    best, first, then = str(row_run / "checkpoints" / "best.pth"), tmp_path / "first", tmp_path / "then"
    assert shipping.main(["--checkpoint", best, "--output", str(first)]) == 0
    before = load_file(first / "row.safetensors")
    save_file({name: 3 * value for name, value in before.items()}, first / "row.safetensors")
    options = ["--checkpoint", best, "--after", str(first / "row.json"), "--averaged", "--output", str(then)]
    assert shipping.main(options) == 0
    after = load_file(then / "row.safetensors")
    name = next(name for name, value in before.items() if value.dim() == 4)
    torch.testing.assert_close(after[name], 2 * before[name], rtol=2e-3, atol=1e-6)
    assert json.loads((then / "row.json").read_text())["history"][-1].endswith(
        "the mean of the weights before and after"
    )
    assert shipping.main(["--checkpoint", best, "--averaged", "--output", str(then)]) == 2
    assert "--after has to name the card" in capsys.readouterr().err


def test_missing_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"page\.safetensors: the weights of the page pass are missing"):
        load_pass("page", folder=tmp_path)
