"""Pretraining without labels: losses that are what they say, exact resume, and what the encoder gives afterwards."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest
import torch

from classify.datasets.collect import load_arrays
from classify.nets import build
from classify.pretrain import main
from classify.pretraining.adaptation import adapted
from classify.pretraining.contrastive import pair_loss, view_pairs
from classify.pretraining.curves import noisy, with_labels
from classify.pretraining.masked import Masked, visible
from classify.pretraining.recipe import ENCODERS, PretextSettings, PretrainRecipe
from classify.pretraining.runner import pretext_task, pretrain
from classify.training.inputs import TrainingSet
from ecg.fit import checkpoint
from ecg.fit.recipe import from_dict

torch.set_num_threads(1)

FIT = {"epochs": 2, "batch_size": 6, "amp": "off", "device": "cpu", "threads": 1}
LATER = {**FIT, "epochs": 2, "best_metric": "score"}
SHARED = {"name": "xresnet1d101", "options": {"blocks": [1, 1, 1, 1], "planes": [8, 8, 8, 8]}}
NETS = {
    "cpc": {"name": "cpc_small", "options": {"units": 16, "layers": 1, "pointwise": 2}},
    "clocs": {"name": "clocs", "options": {"embedding": 8}},
    "st_mem": {"name": "st_mem_small", "options": {"patch": 25, "width": 16, "depth": 1, "heads": 2}},
}
PRETEXT = {"anchors": 4, "negatives": 8, "decoder_width": 16, "decoder_depth": 1, "decoder_heads": 2}


def recipe(method: str, net: dict[str, object] | None = None, **pretext: object) -> PretrainRecipe:
    data = {"fs_hz": 100, "simulated": 24, "page_masks": False, "mask_channels": False}
    return from_dict(
        PretrainRecipe,
        {"method": method, "net": net or NETS[method], "data": data, "pretext": {**PRETEXT, **pretext},
         "fit": FIT, "linear": LATER, "finetune": LATER},
    )  # fmt: skip


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The last checkpoint of a short pretraining by each method."""
    return {method: pretrain(recipe(method), output=tmp_path_factory.mktemp(method)).last for method in NETS}


@pytest.mark.parametrize("method", NETS)
@pytest.mark.slow
def test_a_pretraining_leaves_its_encoder_by_the_names_of_a_classifier(runs: dict[str, Path], method: str) -> None:
    net = build(NETS[method]["name"], 3, 12, 1000, NETS[method]["options"])
    before = {name: value.clone() for name, value in net.state_dict().items()}
    assert checkpoint.load_matching(net, runs[method]) >= sum(name.startswith("trunk.") for name in before)
    changed = [name for name, value in net.state_dict().items() if not torch.equal(value, before[name])]
    assert all(name.startswith("trunk.") for name in changed) and len(changed) > 3


@pytest.mark.parametrize("method", NETS)
@pytest.mark.slow
def test_one_trunk_serves_every_method(method: str, tmp_path: Path) -> None:
    chosen = recipe(method, SHARED, ahead=4)
    arrays = load_arrays(chosen.classifier(chosen.fit), None)
    task = pretext_task(chosen, arrays)
    item = [task.dataset[k] for k in range(6)]
    signal_, patient = torch.stack([torch.from_numpy(x["signal"]) for x in item]), torch.arange(6)
    losses = []
    optimiser = torch.optim.Adam(task.model.parameters(), 0.003)
    for _ in range(25):
        torch.manual_seed(0)
        optimiser.zero_grad()
        losses.append(task.loss_fn(task.model, {"signal": signal_, "patient": patient})["total"])
        losses[-1].backward()
        optimiser.step()
    assert losses[-1] < 0.9 * losses[0]
    net = build("xresnet1d101", 3, 12, 1000, SHARED["options"])  # type: ignore[arg-type]
    names = {name for name in net.state_dict() if name.startswith("trunk.")}
    assert names <= set(task.model.state_dict())


def test_views_of_leads_need_an_encoder_of_leads() -> None:
    chosen = recipe("clocs", SHARED, views="cmlc")
    with pytest.raises(ValueError, match="views cmsc alone, not cmlc"):
        pretext_task(chosen, load_arrays(chosen.classifier(chosen.fit), None))


@pytest.mark.slow
@pytest.mark.parametrize("method", NETS)
def test_a_run_cut_off_in_the_middle_goes_on_to_the_same_weights(
    runs: dict[str, Path], method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    get, left = TrainingSet.__getitem__, [6 + 2]  # in the second step

    def interrupting(self: TrainingSet, index: int) -> dict[str, np.ndarray]:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGINT)
        return get(self, index)

    monkeypatch.setattr(TrainingSet, "__getitem__", interrupting)
    with pytest.raises(SystemExit, match="130"):
        pretrain(recipe(method), output=tmp_path)
    (last,) = tmp_path.glob("run_*/checkpoints/last.pth")
    again = pretrain(recipe(method), output=tmp_path, resume=last)
    one, two = (checkpoint.load(path)["model"] for path in (runs[method], again.last))
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_another_recipe_is_not_resumed(runs: dict[str, Path]) -> None:
    with pytest.raises(ValueError, match=r"another recipe \(pretext.hidden"):
        pretrain(recipe("st_mem", hidden=0.5), resume=runs["st_mem"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "pretext"),
    [("cpc", {}), ("clocs", {}), ("clocs", {"views": "cmlc", "leads": [1, 4, 7]}),
     ("clocs", {"views": "cmsmlc", "leads": [0, 1]}),
     ("st_mem", {}), ("st_mem", {"masking": "time"}), ("st_mem", {"masking": "lead"})],
)  # fmt: skip
def test_every_method_learns_a_batch_by_heart(method: str, pretext: dict[str, object]) -> None:
    chosen = recipe(method, **pretext)
    task = pretext_task(chosen, load_arrays(chosen.classifier(chosen.fit), None))
    items = [task.dataset[k] for k in range(8)]
    batch = {"signal": torch.stack([torch.from_numpy(x["signal"]) for x in items]), "patient": torch.arange(8)}
    optimiser, losses = torch.optim.Adam(task.model.parameters(), 0.01), []
    for _ in range(40):
        torch.manual_seed(0)
        optimiser.zero_grad()
        loss = task.loss_fn(task.model, batch)["total"]
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.9 * losses[0]
    assert all(p.grad is not None for p in task.model.parameters() if p.requires_grad) or method == "clocs"


def test_the_loss_of_a_pair_counts_the_record_itself_and_others_of_the_same_patient() -> None:
    likeness = torch.randn(4, 4, generator=torch.Generator().manual_seed(0))
    own = torch.eye(4, dtype=torch.bool)
    rows, columns = likeness.exp() / likeness.exp().sum(1, keepdim=True), likeness.exp() / likeness.exp().sum(0)
    plain = (-rows.diagonal().log().mean() - columns.diagonal().log().mean()) / 2
    assert torch.allclose(pair_loss(likeness, own), plain)
    same = own.clone()
    same[0, 2] = same[2, 0] = True
    others = [-x[[0, 2], [2, 0]].log().mean() for x in (rows, columns)]
    assert torch.allclose(pair_loss(likeness, same), (2 * plain + sum(others)) / 4)


def test_views_are_segments_leads_or_both() -> None:
    assert len(view_pairs("cmsc", list(range(12)), 2)) == 12
    assert len(view_pairs("cmlc", [1, 7, 4, 3], 2)) == 2 * 6
    assert len(view_pairs("cmsmlc", [0, 1, 2], 2)) == 15
    with pytest.raises(ValueError, match="nothing to compare in 12 leads and 1 frames"):
        view_pairs("cmsc", list(range(12)), 1)


@pytest.mark.parametrize("masking", ["both", "time", "lead"])
def test_a_quarter_stays_visible(masking: str) -> None:
    seen = visible(masking, (3, 12, 20), 0.75, torch.device("cpu"))  # type: ignore[arg-type]
    assert seen.shape == (3, 12, 20) and seen.float().mean() == 0.25
    assert (seen == seen[:, :1]).all() == (masking == "time")
    assert (seen == seen[:, :, :1]).all() == (masking == "lead")


@pytest.mark.parametrize("masking", ["both", "time", "lead"])
def test_what_is_hidden_is_never_seen(masking: str) -> None:
    settings = PretextSettings(masking=masking, decoder_width=16, decoder_depth=1, decoder_heads=2)  # type: ignore[arg-type]
    trunk = build("st_mem_small", 1, 12, 500, {"patch": 25, "width": 16, "depth": 1, "heads": 2}).trunk
    net = Masked(trunk, settings).eval()
    patches = net.trunk.patches(torch.randn(2, 12, 500))
    seen = visible(settings.masking, patches.shape[:3], 0.75, patches.device)
    changed = torch.where(seen[..., None], patches, torch.randn_like(patches))
    assert torch.equal(net._told(patches, seen), net._told(changed, seen))
    other = torch.where(seen[..., None], torch.randn_like(patches), patches)
    assert not torch.equal(net._told(patches, seen), net._told(other, seen))


def test_an_encoder_of_another_method_is_refused() -> None:
    wrong = recipe("cpc")
    mixed = from_dict(PretrainRecipe, {"method": "cpc", "net": NETS["clocs"]})
    assert set(ENCODERS) == set(NETS)
    words = r"cpc pretrains an encoder of nets/encoders/predictive\.py, or of nets/bottleneck\.py, not 'clocs'"
    with pytest.raises(ValueError, match=words):
        pretext_task(mixed, load_arrays(wrong.classifier(wrong.fit), None))


@pytest.mark.slow
def test_a_linear_layer_leaves_the_encoder_as_it_was_and_fine_tuning_does_not(
    runs: dict[str, Path], tmp_path: Path
) -> None:
    chosen = recipe("clocs")
    arrays = load_arrays(chosen.classifier(chosen.linear), None)
    kept = checkpoint.load(runs["clocs"])["model"]
    made = dict(adapted(("linear", "finetune"), chosen, arrays, runs["clocs"], tmp_path))
    assert len(list(tmp_path.glob("run_*"))) == 2  # the layer is trained once for both
    linear, tuned = made["linear"], made["finetune"]
    names = [name for name in kept if name.startswith("trunk.") and name.endswith("weight")]
    assert all(torch.equal(kept[name], linear.state_dict()[name]) for name in names)
    assert any(not torch.equal(kept[name], tuned.state_dict()[name]) for name in names)
    with pytest.raises(ValueError, match="unknown protocol 'none'"):
        next(adapted(["none"], chosen, arrays, None, tmp_path))


def test_a_smaller_share_of_labels_is_part_of_a_larger_one() -> None:
    chosen = recipe("clocs")
    arrays = load_arrays(chosen.classifier(chosen.linear), None)
    few, more = (set(with_labels(arrays, share, 3).of("train").id) for share in (0.1, 0.5))
    assert 0 < len(few) < len(more) < (arrays.part == "train").sum() and few <= more
    assert len(with_labels(arrays, 0.1, 3).of("test")) == len(arrays.of("test"))


def test_noise_has_the_power_that_it_says() -> None:
    chosen = recipe("clocs")
    arrays = load_arrays(chosen.classifier(chosen.linear), None)
    signal = arrays.signal.astype(np.float32)
    added = noisy(arrays, 6.0).signal.astype(np.float32) - signal
    ratio = np.nanstd(signal, axis=2).mean() / np.nanstd(added, axis=2).mean()
    assert 20 * np.log10(ratio) == pytest.approx(6.0, abs=0.3)
    assert noisy(arrays, float("inf")) is arrays


@pytest.mark.slow
def test_the_command_measures_a_pretraining(
    runs: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [
        "--curves",
        str(runs["clocs"]),
        "--output",
        str(tmp_path),
        "--shares",
        "0.5",
        "1",
        "--noise_db",
        "inf",
        "0",
    ]
    assert main([*words, "--protocols", "linear"]) == 0
    rows = json.loads((tmp_path / "curves.json").read_text())
    assert [(row["share"], row["noise_db"]) for row in rows] == [(0.5, None), (1.0, None), (1.0, 0.0)]
    assert (tmp_path / "curves.png").stat().st_size > 5000
    assert "| training records with labels | linear |" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="2"):
        main(["--curves", str(runs["clocs"]), "--shares", "2", "--output", str(tmp_path)])
