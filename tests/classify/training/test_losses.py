"""Losses, sampling and ensembles: unknown labels stay silent, weights follow counts, every class is shown as often."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from classify.ensemble import main
from classify.evaluation.tables import markdown
from classify.labels import columns
from classify.nets import build
from classify.recipe import LossSettings, Recipe
from classify.tasks import TASKS
from classify.training.calibrate import calibrate
from classify.training.ensemble import join
from classify.training.losses import Loss, Teacher, label_weights
from classify.training.sampling import Draws
from classify.training.trainer import train
from classify.weights.files import load
from classify.weights.packed import packed, unpacked
from ecg.fit import checkpoint
from ecg.fit.recipe import from_dict

torch.set_num_threads(1)
NAN = float("nan")


def as_given(signal: Tensor, features: Tensor, demographics: Tensor) -> Tensor:
    """A network that answers with its input."""
    return signal


def loss_of(logits: Tensor, target: Tensor, exclusive: bool = False, **settings: float | str) -> Tensor:
    loss = Loss(LossSettings(**settings), np.array([[1, 0, 0], [0, 1, 0]], np.float32), exclusive)
    beside = {"features": torch.zeros(len(logits), 1), "demographics": torch.zeros(len(logits), 2)}
    return loss(as_given, {"signal": logits, "target": target, **beside})["total"]


@pytest.mark.parametrize("settings", [{}, {"weights": "log", "focal": 2.0}])
def test_one_batch_can_be_learned_by_heart(settings: dict[str, float | str]) -> None:
    torch.manual_seed(0)
    net = build("resnet1d", 11, 24, 500, {"widths": (16, 16), "blocks": 1, "dropout": 0.0})
    target = (torch.rand(8, 11) < 0.4).float()
    target[0, 5:] = NAN
    beside = {"features": torch.zeros(8, 8), "demographics": torch.zeros(8, 2)}
    batch = {"signal": torch.randn(8, 24, 500), "target": target, **beside}
    loss_fn = Loss(LossSettings(**settings), target.numpy(), exclusive=False)
    optimiser = torch.optim.Adam(net.parameters(), 0.01)
    for _ in range(60):
        optimiser.zero_grad()
        loss = loss_fn(net, batch)["total"]
        loss.backward()
        optimiser.step()
    assert loss < 0.02


@pytest.mark.parametrize("mixup", [0.0, 0.4])
def test_unknown_labels_carry_no_gradient(mixup: float) -> None:
    logits = torch.zeros(2, 3, requires_grad=True)
    loss_of(logits, torch.tensor([[1.0, NAN, 0.0], [1.0, NAN, NAN]]), mixup=mixup).backward()
    assert not logits.grad[:, 1].any()
    assert logits.grad[0, 0] < 0
    assert loss_of(torch.zeros(1, 3), torch.full((1, 3), NAN)) == 0


def test_exclusive_labels_have_the_loss_of_a_softmax() -> None:
    logits, name = torch.randn(5, 3), torch.tensor([0, 1, 2, 0, 1])
    target = torch.nn.functional.one_hot(name, 3).float()
    expected = torch.nn.functional.cross_entropy(logits, name)
    assert torch.isclose(loss_of(logits, target, exclusive=True), expected, atol=1e-6)
    assert loss_of(logits, target, exclusive=True, focal=2.0) < expected


def test_focus_leaves_little_of_what_is_right_already() -> None:
    target = torch.tensor([[1.0, 1.0, 1.0]])
    right, wrong = torch.full((1, 3), 3.0), torch.full((1, 3), -3.0)
    assert loss_of(right, target, focal=2.0) / loss_of(right, target) < 0.01
    assert loss_of(wrong, target, focal=2.0) / loss_of(wrong, target) > 0.9


def test_weights_follow_the_counts() -> None:
    targets = np.zeros((1000, 3), np.float32)
    targets[:800, 0] = targets[:100, 1] = 1
    targets[:, 2] = NAN
    for kind, ratio in (("none", 1.0), ("inverse", 8.0), ("log", math.log(800) / math.log(100))):
        weights = label_weights(targets, kind)
        assert weights.mean() == pytest.approx(1, abs=1e-6)
        assert weights[1] / weights[0] == pytest.approx(ratio, rel=1e-5)
    with pytest.raises(ValueError, match="focal must not be negative"):
        LossSettings(focal=-1)


class Numbers:
    """A dataset of its own indices."""

    epoch = -1

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return 10

    def __getitem__(self, index: int) -> int:
        return index


def test_every_label_is_drawn_as_often() -> None:
    targets = np.zeros((10, 2), np.float32)
    targets[:7, 0], targets[7, 1] = 1, NAN
    targets[8, 1] = 1
    draws = Draws(Numbers(), 9, 3, targets)
    shown = Counter(draws[i] for i in range(len(draws)))
    assert shown[8] == 3
    assert sum(shown[i] for i in range(7)) == 3
    assert max(shown[i] for i in range(7)) - min(shown[i] for i in range(7)) <= 1
    assert {shown[7], shown[9]} == {1, 2}


def test_no_example_is_drawn_more_than_three_times() -> None:
    targets = np.eye(2, dtype=np.float32)[[0] * 9 + [1]]
    draws = Draws(Numbers(), 20, 3, targets)
    shown = Counter(draws[i] for i in range(len(draws)))
    assert shown[9] == 3
    assert sum(shown.values()) == 20
    assert len(Draws(Numbers(), 200, 3, targets)) == 30


def test_draws_depend_on_seed_and_epoch_alone_and_repeat_nothing_while_they_last() -> None:
    one, other = Draws(Numbers(), 10, 3), Draws(Numbers(), 10, 3)
    assert sorted(one[i] for i in range(10)) == list(range(10))
    first = one.chosen.tolist()
    assert first == other.chosen.tolist()
    one.set_epoch(1)
    assert one.chosen.tolist() != first
    assert one.dataset.epoch == 1


SMALL = {
    "data": {"fs_hz": 100, "simulated": 20},
    "net": {"options": {"widths": [16, 16], "blocks": 1, "kernel": 3}},
    "fit": {"epochs": 1, "batch_size": 4, "amp": "off", "device": "cpu", "best_metric": "score", "threads": 1},
}


def _small(task: str, amplitudes: bool) -> dict[str, object]:
    return {**SMALL, "task": task, "data": {**SMALL["data"], "amplitude_channels": amplitudes}, "loss": {"mixup": 0.2}}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The checkpoints of a wide task and of the plain one, on simulated records."""
    folder = tmp_path_factory.mktemp("runs")
    return [
        train(from_dict(Recipe, _small(task, amplitudes)), output=folder).best
        for task, amplitudes in (("ptbxl_wide", False), ("ptbxl", True))
    ]


@pytest.mark.parametrize("eight_bit", [False, True])
@pytest.mark.slow
def test_networks_joined_answer_with_the_mean_of_their_logits(
    runs: list[Path], tmp_path: Path, eight_bit: bool
) -> None:
    path = join(runs, tmp_path / "joined.pth", "ptbxl")
    calibrate(path, output=tmp_path / "joined.safetensors", eight_bit=eight_bit)
    net, card = load(tmp_path / "joined.safetensors")
    signal = torch.randn(2, 36, 1000)
    said = []
    for run, channels in zip(runs, (24, 36), strict=True):
        state = checkpoint.load(run)
        outputs = state["model"]["head.2.bias"].numel()
        member = build("resnet1d", outputs, channels, 1000, state["recipe"]["net"]["options"])
        member.load_state_dict(checkpoint.weights(state))
        said.append(member.eval()(signal[:, :channels])[:, : len(card.labels)])
    assert torch.allclose(net(signal), (said[0] + said[1]) / 2, atol=5e-2 if eight_bit else 2e-2)
    assert said[0].shape == (2, 11)
    first, second = card.recipe["net"]["options"]["members"]
    assert (first["trained"]["task"], second["trained"]["task"]) == ("ptbxl_wide", "ptbxl")
    assert first["trained"]["loss"]["mixup"] == 0.2
    assert markdown(card).count("`resnet1d` {'widths': [16, 16], 'blocks': 1, 'kernel': 3}") == 2


@pytest.fixture(scope="module")
def teacher(runs: list[Path]) -> Path:
    """The weights of the plain task's network."""
    path = runs[1].parent / "teacher.safetensors"
    calibrate(runs[1], output=path)
    return path


@pytest.mark.slow
def test_what_a_teacher_says_is_learned_where_no_label_is_known(teacher: Path) -> None:
    recipe = from_dict(Recipe, {**_small("ptbxl_wide", True), "loss": {"teacher": str(teacher), "taught": 0.25}})
    known = load(teacher)[1].labels
    signal = torch.randn(2, 36, 1000)
    wide = len(columns(TASKS["ptbxl_wide"].groups))
    logits, target = torch.zeros(2, wide, requires_grad=True), torch.full((2, wide), NAN)
    beside = {"features": torch.zeros(2, 8), "demographics": torch.zeros(2, 2)}
    batch = {"signal": signal, "target": target, **beside}
    loss = Loss(recipe.loss, np.ones((1, wide), np.float32), False, Teacher(teacher, recipe))
    losses = loss(lambda *given: logits, batch)
    losses["total"].backward()
    said = torch.sigmoid(load(teacher)[0](signal)).detach()
    assert wide > len(known) == 11
    assert losses["labels"] == 0
    assert torch.allclose(logits.grad[:, :11], 0.25 * (0.5 - said) / said.numel(), atol=1e-5)
    assert not logits.grad[:, 11:].any()


def test_a_student_of_one_lead_learns_from_a_teacher_of_twelve(teacher: Path) -> None:
    settings = {"teacher": str(teacher), "distance": "labels", "contrast": 0.5}
    recipe = from_dict(Recipe, {**_small("ptbxl_wide", True), "loss": settings})
    wide = len(columns(TASKS["ptbxl_wide"].groups))
    student = build("mvkt", wide, 36, 1000, {"planes": (8, 8, 8, 8)})
    target = torch.eye(wide)[:4]
    beside = {"features": torch.zeros(4, 8), "demographics": torch.zeros(4, 2)}
    loss = Loss(recipe.loss, np.ones((1, wide), np.float32), False, Teacher(teacher, recipe))
    losses = loss(student, {"signal": torch.randn(4, 36, 1000), "target": target, **beside})
    expected = torch.lerp(losses["labels"], losses["taught"], 0.5) + 0.5 * losses["contrast"]
    assert torch.allclose(losses["total"], expected) and losses["contrast"] > 0
    losses["contrast"].backward()
    assert all(p.grad is not None for p in student.trunk.parameters())
    assert all(p.grad is None for p in student.head.parameters())


def test_a_teacher_that_sees_or_answers_something_else_is_refused(teacher: Path) -> None:
    with pytest.raises(ValueError, match="a teacher must see what its network sees"):
        Teacher(teacher, from_dict(Recipe, _small("ptbxl", False)))
    with pytest.raises(ValueError, match="a teacher's labels must be among those of task 'ptbxl_form'"):
        Teacher(teacher, from_dict(Recipe, _small("ptbxl_form", True)))
    with pytest.raises(ValueError, match="taught must be in"):
        LossSettings(taught=1.5)


def test_eight_bits_keep_kernels_within_half_a_level() -> None:
    torch.manual_seed(0)
    state = {"a.weight": torch.randn(4, 3, 5), "a.scale": torch.randn(4), "b.weight": torch.zeros(2, 3)}
    state["count"] = torch.tensor(7)
    small = packed(state)
    assert small["a.weight"].dtype == torch.int8
    again = unpacked(small)
    assert set(again) == set(state)
    level = state["a.weight"].abs().flatten(1).amax(1)[:, None, None] / 127
    assert ((again["a.weight"] - state["a.weight"]).abs() <= level / 2 + 1e-6).all()
    assert not again["b.weight"].any()
    assert torch.equal(again["count"], state["count"])
    assert torch.allclose(again["a.scale"], state["a.scale"], atol=1e-3)


def test_what_cannot_be_joined_is_named(runs: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--checkpoints", str(runs[1]), "--task", "ptbxl_wide", "--output", str(tmp_path / "x.pth")]) == 1
    assert "trained on task 'ptbxl', which has no label" in capsys.readouterr().err


@pytest.mark.parametrize("change", [{"fs_hz": 50.0}, {"from_usual": True}])
def test_networks_that_see_other_inputs_are_not_joined(
    runs: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], change: dict[str, object]
) -> None:
    paths = []
    for number, data in enumerate(({}, change)):
        state = checkpoint.load(runs[0])
        state["recipe"]["task"] = "aami_inter"  # of beats: `from_usual` is for nothing else
        state["recipe"]["data"] |= {"page_masks": False, "vary": False, **data}
        paths.append(str(tmp_path / f"{number}.pth"))
        checkpoint.save(Path(paths[-1]), {k: v for k, v in state.items() if k != "format"})
    assert main(["--checkpoints", *paths, "--output", str(tmp_path / "x.pth")]) == 1
    assert "sees other inputs" in capsys.readouterr().err
