"""The heads' losses on cases small enough to work out by hand."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pytest
import torch
from torch import Tensor, nan

from digitize.nets.heads import NetSpec
from digitize.nets.reconstruction import ReconstructionNet
from digitize.training.losses import LossWeights, heat_loss, seg_loss, signal_loss, theta_loss, total_loss, word_loss

torch.set_num_threads(1)

LN2 = float(np.log(2))


def sure(target: Tensor, classes: int, logit: float = 30.0) -> Tensor:
    return logit * torch.nn.functional.one_hot(target, classes).movedim(-1, 1).float()


def test_seg_of_the_truth_is_nothing_and_of_a_guess_is_known() -> None:
    target = torch.tensor([[[0, 1]]])
    assert float(seg_loss(sure(target, 2), target)) == pytest.approx(0, abs=1e-6)
    # Entropy ln 2; of the one ink class half a pixel is hit: Dice (2 * 0.5 + 1) / (2 + 1).
    assert float(seg_loss(torch.zeros(1, 2, 1, 2), target)) == pytest.approx(LN2 + 0.5 * (1 - 2 / 3))


def test_background_counts_a_quarter_in_seg() -> None:
    logits = torch.tensor([0.0, np.log(3.0)])[None, :, None, None].expand(1, 2, 1, 2)  # a quarter, three quarters
    hit, size = 0.75, 1.5 + 1
    wanted = (0.25 * np.log(4) + np.log(4 / 3)) / 1.25 + 0.5 * (1 - (2 * hit + 1) / (size + 1))
    assert float(seg_loss(logits, torch.tensor([[[0, 1]]]))) == pytest.approx(wanted, rel=1e-5)


def test_seg_without_any_ink_is_plain_entropy() -> None:
    logits = torch.zeros(1, 3, 2, 2, requires_grad=True)
    loss = seg_loss(logits, torch.zeros(1, 2, 2, dtype=torch.int64))
    loss.backward()
    assert loss.item() == pytest.approx(np.log(3), rel=1e-5)
    assert logits.grad is not None and logits.grad.isfinite().all()


def test_seg_classes_that_are_not_there_do_not_count_in_dice() -> None:
    target = torch.tensor([[[0, 1]]])
    two, five = (float(seg_loss(sure(target, n, 3.0), target)) for n in (2, 5))
    assert five - two < 0.2  # a mean over five classes would add more than 0.3


@pytest.mark.parametrize(("target", "wanted"), [(0.0, LN2), (1.0, 7 * LN2), (0.5, 4 * LN2)])
def test_heat_of_a_guess(target: float, wanted: float) -> None:
    assert float(heat_loss(torch.zeros(1, 1, 2, 2), torch.full((1, 1, 2, 2), target))) == pytest.approx(wanted)


def test_heat_of_the_truth_is_nothing() -> None:
    target = torch.tensor([[[[0.0, 1.0]]]])
    assert float(heat_loss(40 * (target - 0.5), target)) < 1e-6


@pytest.mark.parametrize(("turn_deg", "wanted"), [(0, 0.0), (60, 0.5), (90, 1.0), (180, 2.0)])
def test_theta_is_one_minus_the_cosine(turn_deg: float, wanted: float) -> None:
    a, b = (torch.tensor([[np.sin(t), np.cos(t)]], dtype=torch.float32) for t in (0.4, 0.4 + np.radians(turn_deg)))
    assert float(theta_loss(a, b)) == pytest.approx(wanted, abs=1e-6)


def gaussian(y_px: Tensor, rows: int) -> Tensor:
    """The column logits that the loss asks for, [b, lead, row, col]."""
    at = torch.arange(rows, dtype=torch.float32)[:, None]
    return -((at - torch.nan_to_num(y_px)[:, :, None]) ** 2) / 2


Y_PX = torch.tensor([[[5.0, 7.25, nan, 9.5]]])
PRESENT = torch.tensor([[[30.0, 30.0, -30.0, 30.0]]])


def test_signal_of_the_truth_is_the_least_there_is() -> None:
    logits = gaussian(Y_PX, 20).requires_grad_()
    loss = signal_loss(logits, PRESENT, Y_PX)
    loss.backward()
    assert loss.item() == pytest.approx(0.5 * np.log(2 * np.pi * np.e), abs=1e-3)  # the entropy of a Gaussian of 1 px
    assert logits.grad is not None and float(logits.grad.abs().max()) < 1e-4


def test_signal_of_a_guess_over_four_heights() -> None:
    y_px = torch.tensor([[[1.0]]])
    heights = np.arange(4)
    target = np.exp(-((heights - 1.0) ** 2) / 2)
    offset = 0.5 * 0.5**2  # smooth L1 of 1.5 against 1
    wanted = np.log(4) + 0.1 * offset + LN2
    assert float(signal_loss(torch.zeros(1, 1, 4, 1), torch.zeros(1, 1, 1), y_px)) == pytest.approx(wanted, rel=1e-5)
    slope = torch.zeros(1, 1, 4, 1) + torch.arange(4.0)[:, None]
    share = np.exp(heights) / np.exp(heights).sum()
    entropy = -(target / target.sum() * np.log(share)).sum()
    off = (share * heights).sum() - 1
    wanted = entropy + 0.1 * (off - 0.5 if off > 1 else 0.5 * off**2) + LN2
    assert float(signal_loss(slope, torch.zeros(1, 1, 1), y_px)) == pytest.approx(wanted, rel=1e-5)


def test_columns_without_a_trace_do_not_count_in_signal() -> None:
    logits = torch.randn(1, 1, 20, 4, generator=torch.Generator().manual_seed(0))
    other = logits.clone()
    other[..., 2] = 50 * torch.randn(20, generator=torch.Generator().manual_seed(1))
    assert float(signal_loss(logits, PRESENT, Y_PX)) == float(signal_loss(other, PRESENT, Y_PX))
    believed = PRESENT.clone()
    believed[..., 2] = 30.0  # but claiming a trace there costs
    assert float(signal_loss(logits, believed, Y_PX) - signal_loss(logits, PRESENT, Y_PX)) == pytest.approx(7.5)


def test_a_picture_without_traces_still_teaches_presence() -> None:
    logits, valid = torch.randn(1, 2, 6, 3).requires_grad_(), torch.zeros(1, 2, 3, requires_grad=True)
    loss = signal_loss(logits, valid, torch.full((1, 2, 3), nan))
    loss.backward()
    assert loss.item() == pytest.approx(LN2)
    assert valid.grad is not None and (valid.grad > 0).all()
    assert logits.grad is not None and not logits.grad.any()


def all_heads() -> tuple[ReconstructionNet, dict[str, Tensor]]:
    torch.manual_seed(0)
    net = ReconstructionNet(NetSpec(seg_classes=4, signal_leads=2, decoder_channels=(16, 16, 8, 8, 8)))
    y_px = torch.rand(2, 2, 64) * 60
    y_px[:, :, 40:] = nan
    unit = torch.nn.functional.normalize(torch.randn(2, 2), dim=1)
    batch = {"image": torch.rand(2, 3, 64, 64), "seg": torch.randint(0, 4, (2, 64, 64)), "theta": unit}
    return net, {
        **batch,
        "grid": torch.rand(2, 1, 64, 64),
        "baseline": torch.rand(2, 1, 64, 64),
        "signal": y_px,
        "signal_edge": torch.rand(y_px.shape),
    }


def test_the_total_is_the_weighted_sum_and_reaches_every_parameter() -> None:
    net, batch = all_heads()
    weights = LossWeights(seg=0.3, grid=2.0, baseline=0.7, theta=1.1, signal=0.4)
    losses = total_loss(net(batch["image"]), batch, weights)
    assert set(losses) == {"seg", "grid", "baseline", "theta", "signal", "total"}
    wanted = sum(weight * losses[name].item() for name, weight in asdict(weights).items())
    assert losses["total"].item() == pytest.approx(wanted, rel=1e-5)
    losses["total"].backward()
    untouched = [name for name, p in net.named_parameters() if p.grad is None or not p.grad.any()]
    assert untouched == []


def test_a_weight_of_zero_switches_a_head_off_and_a_missing_head_is_left_out() -> None:
    net, batch = all_heads()
    out = net(batch["image"])
    off = total_loss(out, batch, replace(LossWeights(0, 0, 0, 0, 0), theta=3.0))
    assert off["total"].item() == pytest.approx(3 * off["theta"].item())
    assert set(total_loss({"grid": out["grid"]}, batch, LossWeights())) == {"grid", "total"}


def test_the_weights_are_those_of_the_guide() -> None:
    assert asdict(LossWeights()) == {"seg": 1.0, "grid": 0.5, "baseline": 0.8, "theta": 0.3, "signal": 2.0}


def test_the_loss_of_words_by_hand() -> None:
    """One centre and one place beside it that may not be known, at logits whose sigmoid is a half."""
    heat = torch.tensor([[[[1.0, 0.0, 0.5]]]])
    care = torch.tensor([[[[1.0, 1.0, 0.0]]]])
    loss = word_loss(torch.zeros(1, 1, 1, 3), {"heat": heat, "care": care})
    wanted = 0.25 * LN2 + 0.25 * LN2  # missed and invented; the last place does not count
    assert float(loss["total"]) == pytest.approx(wanted)


def test_words_where_none_is_cost_what_is_invented() -> None:
    nothing = {"heat": torch.zeros(1, 2, 1, 1), "care": torch.ones(1, 2, 1, 1)}
    assert float(word_loss(torch.full((1, 2, 1, 1), -30.0), nothing)["total"]) == pytest.approx(0, abs=1e-6)
    assert float(word_loss(torch.zeros(1, 2, 1, 1), nothing)["total"]) == pytest.approx(2 * 0.25 * LN2)
