"""The networks in their form for reading: the outputs of the trained ones, and those of encoders it does not know."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from digitize.nets.fused import FusedNet, fuse_batchnorm, fused
from digitize.nets.heads import NetSpec
from digitize.nets.pretrained import load_pass
from digitize.nets.reconstruction import ReconstructionNet
from digitize.nets.word_net import WordNet, WordNetSpec
from ecg.fit import device as precision

torch.set_num_threads(1)


def settled(net: nn.Module) -> nn.Module:
    """The network with normalisations that do something."""
    torch.manual_seed(3)
    for part in net.modules():
        if isinstance(part, nn.BatchNorm2d):
            for value, low, high in ((part.running_mean, -0.3, 0.3), (part.running_var, 0.5, 2.0)):
                assert value is not None
                value.uniform_(low, high)
            with torch.no_grad():
                part.weight.uniform_(0.5, 1.5)
                part.bias.uniform_(-0.3, 0.3)
    return net.eval()


@pytest.mark.parametrize("encoder", ["resnet18", "resnet34"])
def test_a_lean_network_gives_the_outputs_of_the_trained_one(encoder: str) -> None:
    spec = NetSpec(encoder, 4, seg_classes=3, signal_leads=2, columns_per_px=2, decoder_channels=(16, 12, 8, 8, 8))
    whole = settled(ReconstructionNet(spec))
    net = fused(spec, whole.state_dict())
    assert isinstance(net, FusedNet)
    image = torch.rand(2, 4, 64, 96)
    with torch.no_grad():
        wanted, got = whole(image), net(image)
    assert wanted.keys() == got.keys()
    for name, value in wanted.items():
        torch.testing.assert_close(got[name], value, rtol=1e-4, atol=1e-4)


def test_a_pass_rounded_to_bf16_reads_what_the_exact_one_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = NetSpec("resnet18", 4, seg_classes=3, signal_leads=2, columns_per_px=2, decoder_channels=(16, 12, 8, 8, 8))
    weights = settled(ReconstructionNet(spec)).state_dict()
    save_file({name: value.half() if value.is_floating_point() else value for name, value in weights.items()},
              tmp_path / "row.safetensors")  # fmt: skip
    card = {"version": "row-0", "recipe": {"net": asdict(spec), "pages": {"size_px": [96, 64]}}}
    (tmp_path / "row.json").write_text(json.dumps(card))
    monkeypatch.setattr(precision, "_cpu_has_bf16", lambda: True)
    exact, rounded = (load_pass("row", folder=tmp_path, exact=e).net for e in (True, False))
    assert isinstance(rounded, FusedNet)
    assert [{p.dtype for p in net.parameters()} for net in (exact, rounded)] == [{torch.float32}, {torch.bfloat16}]
    image = torch.rand(2, 4, 64, 96)
    with torch.no_grad():
        wanted, got = exact(image), rounded(image)
    assert wanted.keys() == got.keys()
    for name, value in wanted.items():
        error = (got[name].float() - value).square().mean().sqrt()
        assert 0 < error < 0.05 * value.std(), name


def test_a_device_that_is_not_there_is_named() -> None:
    for name in ("gpu", "cuda:99"):
        with pytest.raises(
            ValueError, match=f"device '{name}': torch cannot compute there .* expected cpu, cuda or mps"
        ):
            load_pass("names", name)


def test_an_encoder_of_other_blocks_is_kept_whole() -> None:
    spec = NetSpec("mobilenet_v2", heads=("grid",), decoder_channels=(8, 8, 8, 8, 8))
    assert isinstance(fused(spec, ReconstructionNet(spec).state_dict()), ReconstructionNet)


def test_folding_changes_the_network_and_not_its_outputs() -> None:
    net = settled(WordNet(WordNetSpec((4, 6), 8, (1, 2))))
    image = torch.rand(1, 3, 32, 48)
    with torch.no_grad():
        wanted = net(image)
        got = fuse_batchnorm(net)(image)
    assert not any(isinstance(part, nn.BatchNorm2d) for part in net.modules())
    torch.testing.assert_close(got, wanted, rtol=1e-4, atol=1e-4)
