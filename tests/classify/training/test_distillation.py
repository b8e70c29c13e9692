"""Distillation: distances vanish where both agree; encodings are drawn to the same record, not to the same disease."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from classify.nets import build
from classify.recipe import LossSettings
from classify.training.distillation import DISTANCES, disease_contrast, encoding_of
from classify.training.losses import Loss, Teacher

torch.set_num_threads(1)


@pytest.mark.parametrize("name", DISTANCES)
@given(seed=st.integers(0, 1000), temperature=st.floats(0.5, 8.0))
def test_a_distance_is_least_where_student_and_teacher_agree(name: str, seed: int, temperature: float) -> None:
    teacher, other = torch.randn(2, 5, 4, generator=torch.Generator().manual_seed(seed)).unbind(0)
    student = teacher.clone().requires_grad_(True)
    distance = DISTANCES[name](student, teacher, temperature)  # type: ignore[index]
    assert distance <= DISTANCES[name](other, teacher, temperature) + 1e-5  # type: ignore[index]
    (slope,) = torch.autograd.grad(distance, student)
    assert slope.abs().max() < 1e-4
    if name != "bce":
        assert distance.abs() < 1e-4


def test_labels_are_softened_one_by_one() -> None:
    """By hand: one record and label, teacher p = 0.8 and student p = 0.5, at temperature 1."""
    teacher, student = torch.logit(torch.tensor([[0.8]])), torch.zeros(1, 1)
    expected = 0.8 * torch.log(torch.tensor(0.8 / 0.5)) + 0.2 * torch.log(torch.tensor(0.2 / 0.5))
    assert DISTANCES["labels"](student, teacher, 1.0).item() == pytest.approx(expected.item(), abs=1e-6)


def test_the_same_disease_is_no_negative() -> None:
    torch.manual_seed(0)
    student, teacher = torch.randn(4, 6), torch.randn(4, 9)
    every, none = torch.ones(4, 2), torch.eye(4)
    assert disease_contrast(student, teacher, every).item() == pytest.approx(0.0, abs=1e-6)  # nobody to be told from
    assert disease_contrast(student, teacher, none) > 0
    unknown = torch.full((4, 2), float("nan"))
    assert disease_contrast(student, teacher, unknown).isfinite()


def test_training_draws_the_encodings_of_a_record_together() -> None:
    torch.manual_seed(0)
    student, teacher = torch.randn(6, 8, requires_grad=True), torch.randn(6, 16)
    optimiser = torch.optim.Adam([student], 0.1)
    first = disease_contrast(student, teacher, torch.eye(6)).item()
    for _ in range(100):
        optimiser.zero_grad()
        loss = disease_contrast(student, teacher, torch.eye(6))
        loss.backward()
        optimiser.step()
    assert loss.item() < first / 2


def test_encodings_are_collected_while_asked_for() -> None:
    net = build("mvms_single", 2, 12, 200, {"width": 16, "stem": 8, "inner": 4}).eval()
    signal = torch.randn(3, 12, 200)
    with encoding_of(net) as found:
        net(signal)
    net(signal)
    (one,) = found
    assert torch.equal(one, net.encode(signal))
    with pytest.raises(ValueError, match="Linear has no trunk"), encoding_of(nn.Linear(2, 2)):
        pass


def test_a_teacher_answers_and_encodes_in_one_pass() -> None:
    net = build("mvms_single", 2, 12, 200, {"width": 16, "stem": 8, "inner": 4}).eval()
    teacher, calls = object.__new__(Teacher), []
    teacher.net, teacher.settings = net, LossSettings(teacher="weights", contrast=0.5)
    shown = [torch.randn(3, 12, 200), torch.zeros(3, 1), torch.zeros(3, 2)]
    hook = net.trunk.register_forward_hook(lambda *_: calls.append(1))
    logits, encoded = teacher.told(shown)
    hook.remove()
    assert len(calls) == 1
    assert torch.equal(logits, net(*shown)) and torch.equal(encoded, net.encode(shown[0]))


def test_the_correlation_of_two_branches_is_a_loss() -> None:
    options = {"width": 16, "depths": (1, 1), "select_at": (1, 1), "maps": 16}
    net = build("token_selection", 2, 12, 200, options)
    batch = {"signal": torch.randn(4, 12, 200), "target": torch.eye(2).repeat(2, 1)}
    batch |= {"features": torch.zeros(4, 1), "demographics": torch.zeros(4, 2)}
    losses = Loss(LossSettings(correlation=0.1), batch["target"].numpy(), False)(net, batch)
    assert 0 <= losses["correlation"] <= 1
    plain = Loss(LossSettings(), batch["target"].numpy(), False)(net.eval(), batch)
    assert set(plain) == {"total"} and set(losses) == {"total", "correlation"}


def test_settings_that_cannot_be_followed_are_refused() -> None:
    with pytest.raises(ValueError, match="name the other as teacher"):
        LossSettings(contrast=1.0)
    with pytest.raises(ValueError, match="temperature must be positive"):
        LossSettings(temperature=0.0)
