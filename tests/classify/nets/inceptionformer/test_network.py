"""InceptionFormer and its relatives have the sizes of the document, block by block, and the forms that they name."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from classify.evaluation.network_cost import cost
from classify.nets import build
from classify.nets.inceptionformer.blocks import CoordinateGate, GlobalBlock
from classify.nets.inceptionformer.network import InceptionFormer, kinds
from classify.nets.inceptionformer.two_branch import SummedInverted, fuse_kernels
from classify.nets.layers import Squeeze, trainable_parameters

torch.set_num_threads(1)

SMALL = {"dims": (16, 24, 32, 40), "depths": (1, 2, 2, 2)}


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("inceptionformer", 12_451_321),
        ("inceptionformer_2482", 8_245_753),
        ("inceptionformer_stage3", 3_644_153),
        ("inceptionformer_linear", 12_451_321),  # another order of the same blocks
        ("db_ecgnet", 6_907_185),
    ],
)
def test_parameters_are_those_of_the_document(name: str, count: int) -> None:
    assert cost(name, 9, 12, 1000).parameters == count


@pytest.mark.parametrize(("name", "millions"), [("inceptionformer_tiny", 3.13), ("inceptionformer_sparse", 17.19)])
def test_parameters_are_as_the_document_rounds_them(name: str, millions: float) -> None:
    assert round(cost(name, 9, 12, 1000).parameters / 1e6, 2) == millions


@pytest.mark.parametrize(
    ("name", "millions"),
    [("inceptionformer", 2139), ("inceptionformer_2482", 1610), ("inceptionformer_stage3", 1040),
     ("inceptionformer_tiny", 536.07)],
)  # fmt: skip
def test_multiply_adds_are_within_a_percent_of_the_document(name: str, millions: float) -> None:
    assert cost(name, 9, 12, 1000).macs / 1e6 == pytest.approx(millions, rel=0.01)


def test_every_part_has_the_size_of_the_document() -> None:
    with torch.device("meta"):
        net = InceptionFormer(12, 1000)
    assert trainable_parameters(net.stem) == 36_720
    assert [trainable_parameters(stage) for stage in net.stages] == [35_072, 271_360, 3_175_424, 8_411_136]
    assert [trainable_parameters(fusion) for fusion in net.fusions] == [24_704, 98_560, 393_728]
    local, among = net.stages[2][:2]
    assert (trainable_parameters(local), trainable_parameters(among)) == (266_752, 527_104)


def test_every_order_of_blocks_is_what_it_says() -> None:
    depths = (2, 4, 8, 4)
    assert kinds("crossed", depths) == ["cc", "cccc", "cacacaca", "aaaa"]
    assert kinds("crossed", depths, modulation=True) == ["cc", "cmcm", "mamamama", "aaaa"]
    assert kinds("serial", depths) == ["cc", "cccc", "ccccaaaa", "aaaa"]
    assert kinds("sandwich", depths) == ["cc", "cccc", "caccacca", "cacc"]
    assert kinds("convolution", depths) == ["cc", "cccc", "cccccccc", "cccc"]
    assert kinds("crossed", depths[:3]) == ["cc", "cccc", "cacacaca"]


def test_every_second_block_with_shifted_windows_is_shifted() -> None:
    net = InceptionFormer(12, 200, attention="shifted", **SMALL, attention_options={"size": 5})
    shifts = [m.block.attention.shift for stage in net.stages for m in stage if isinstance(m, GlobalBlock)]
    assert shifts == [False, False, True]


def test_a_cls_token_is_kept_aside_from_convolutions_and_answers() -> None:
    net = build("inceptionformer_cls", 2, 12, 200, SMALL).eval()
    signal = torch.randn(2, 12, 200)
    before = net(signal)
    nn.init.normal_(net.trunk.token)
    assert not torch.allclose(before, net(signal))
    with pytest.raises(ValueError, match="a CLS token has no place in time"):
        build("inceptionformer_cls", 2, 12, 200, {**SMALL, "attention": "window"})
    with pytest.raises(ValueError, match="without a CLS token"):
        build("inceptionformer_cls", 2, 12, 200, {**SMALL, "sparse": 6})


@pytest.mark.parametrize("gate", [Squeeze(16), CoordinateGate(16)])
def test_gates_only_make_smaller(gate: nn.Module) -> None:
    x = torch.randn(2, 16, 9)
    assert (gate.eval()(x).abs() <= x.abs()).all()


def test_a_sum_of_kernels_is_one_kernel() -> None:
    torch.manual_seed(0)
    block, x = SummedInverted(8).eval(), torch.randn(3, 8, 50)
    single = copy.deepcopy(block)
    single.fuse()
    assert len(single.kernels) == 1
    assert torch.allclose(block(x), single(x), atol=1e-5)


def test_a_whole_network_answers_alike_with_its_kernels_fused() -> None:
    torch.manual_seed(0)
    net = build("db_ecgnet", 3, 12, 100, {"patch": 20, "dims": (16, 24, 32), "depths": (1, 1, 2)})
    for module in net.modules():
        if isinstance(module, nn.BatchNorm1d):
            nn.init.normal_(module.running_mean)
    fused = fuse_kernels(copy.deepcopy(net))
    assert trainable_parameters(fused) < trainable_parameters(net)
    signal = torch.randn(2, 12, 100)
    assert torch.allclose(net.eval()(signal), fused.eval()(signal), atol=1e-5)


def test_the_maps_of_the_two_branches_never_read_the_tokens() -> None:
    net = build("db_ecgnet", 3, 12, 100, {"patch": 20, "dims": (16, 24, 32), "depths": (1, 1, 1)}).eval().trunk
    block, maps = net.stages[0][0], torch.randn(1, 16, 50)
    first, second = (block(maps, torch.randn(1, 6, 16))[0] for _ in range(2))
    assert torch.equal(first, second)


def test_a_signal_shorter_than_a_patch_is_refused() -> None:
    with pytest.raises(ValueError, match="50 samples are shorter than a patch of 100"):
        build("db_ecgnet", 3, 12, 50)
