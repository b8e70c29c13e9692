"""A trained `ReconstructionNet` as reading needs it: the same outputs for a fraction of the time, memory and imports.

The normalisations are folded into the convolutions before them, and a convolution of pixels that were doubled first
becomes the transposed convolution with the same sums, which does not see every pixel four times.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_conv_bn_weights

from digitize import nets
from digitize.nets.heads import HEADS, NetSpec

ENCODERS: Mapping[str, tuple[int, ...]] = {"resnet18": (2, 2, 2, 2), "resnet34": (3, 4, 6, 3)}  # name: blocks a stage
_WIDTHS = (64, 128, 256, 512)
_EPS = 1e-5  # of every normalisation

State = Mapping[str, Tensor]


def fused(spec: NetSpec, state: State) -> nn.Module:
    """The network of a spec with trained weights, for reading alone; whole where its encoder is none of `ENCODERS`."""
    if spec.encoder in ENCODERS:
        return FusedNet(spec, state)
    net = nets.ReconstructionNet(spec)
    net.load_state_dict(state)
    return net


def fuse_batchnorm(net: nn.Module) -> nn.Module:
    """Fold every normalisation that follows a convolution in a `Sequential` into it; the network given is changed."""
    for part in [p for p in net.modules() if isinstance(p, nn.Sequential)]:
        for k, (conv, norm) in enumerate(pairwise(part)):
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                part[k], part[k + 1] = fuse_conv_bn_eval(conv.eval(), norm.eval()), nn.Identity()
    return net


class FusedNet(nn.Module):
    """Image [batch, channel, row, col] in, the outputs of a `ReconstructionNet` with these weights; cannot be trained.

    Computes in the type of its weights. Sides must be divisible by 32.
    """

    def __init__(self, spec: NetSpec, state: State) -> None:
        super().__init__()
        self.stem = _conv(*_folded(state, "encoder.conv1", "encoder.bn1"), stride=2)
        self.stages = nn.ModuleList(
            nn.Sequential(*(_Residual(state, f"encoder.layer{stage}.{k}", 2 if stage > 1 and k == 0 else 1)
                            for k in range(blocks)))
            for stage, blocks in enumerate(ENCODERS[spec.encoder], 1)
        )  # fmt: skip
        below = (_WIDTHS[-1], *spec.decoder_channels)
        self.ups = nn.ModuleList(_Up(state, f"decoder.blocks.{k}", below[k]) for k in range(len(spec.decoder_channels)))
        self.heads = nn.ModuleDict({
            name: HEADS[name](spec, spec.decoder_channels[-1], _WIDTHS[-1]) for name in spec.heads
        })  # fmt: skip
        self.heads.load_state_dict({k.removeprefix("heads."): v for k, v in state.items() if k.startswith("heads.")})

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        x = functional.relu_(self.stem(((image - 0.5) * 4).to(self.stem.weight.dtype)))
        seen: list[Tensor | None] = [None, x]
        x = functional.max_pool2d(x, 3, 2, 1)
        for stage in self.stages:
            x = stage(x)
            seen.append(x)
        deepest = seen.pop()
        for up in self.ups:
            x = up(x, seen.pop())
        return {name + end: value for name, head in self.heads.items() for end, value in head(x, deepest).items()}


class _Residual(nn.Module):
    """Two convolutions beside a short cut."""

    def __init__(self, state: State, name: str, stride: int) -> None:
        super().__init__()
        self.first = _conv(*_folded(state, f"{name}.conv1", f"{name}.bn1"), stride)
        self.second = _conv(*_folded(state, f"{name}.conv2", f"{name}.bn2"))
        short = f"{name}.downsample"
        self.short = (
            _conv(*_folded(state, f"{short}.0", f"{short}.1"), stride)
            if f"{short}.0.weight" in state
            else nn.Identity()
        )

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu_(self.second(functional.relu_(self.first(x))).add_(self.short(x)))


class _Up(nn.Module):
    """Twice as many pixels across and down, seen together with what the encoder had at that size."""

    def __init__(self, state: State, name: str, below: int) -> None:
        super().__init__()
        weight, bias = _folded(state, f"{name}.conv1.0", f"{name}.conv1.1")
        self.doubled = nn.ConvTranspose2d(below, len(weight), 4, 2, 1)
        self.doubled.weight, self.doubled.bias = _fixed(_doubling(weight[:, :below])), _fixed(bias)
        self.beside = _conv(weight[:, below:], None) if weight.shape[1] > below else None
        self.conv = _conv(*_folded(state, f"{name}.conv2.0", f"{name}.conv2.1"))

    def forward(self, x: Tensor, beside: Tensor | None) -> Tensor:
        x = self.doubled(x)
        if self.beside is not None:
            x = x.add_(self.beside(beside))
        return functional.relu_(self.conv(functional.relu_(x)))


def _doubling(weight: Tensor) -> Tensor:
    """The kernel [in, out, 4, 4] with stride 2 that sees pixels as [out, in, 3, 3] sees them when they are doubled.

    A pixel doubled across and down meets the small kernel at four places, one beside the other.
    """
    turned = weight.flip(-1, -2).reshape(-1, 1, 3, 3)
    kernel = functional.conv2d(turned, torch.ones(1, 1, 2, 2), padding=1)
    return kernel.reshape(*weight.shape[:2], 4, 4).transpose(0, 1)


def _folded(state: State, conv: str, norm: str) -> tuple[Tensor, Tensor]:
    """Weight and bias of a convolution with the normalisation after it."""
    mean, var, scale, shift = (state[f"{norm}.{k}"] for k in ("running_mean", "running_var", "weight", "bias"))
    return fuse_conv_bn_weights(state[f"{conv}.weight"], None, mean, var, _EPS, scale, shift)


def _conv(weight: Tensor, bias: Tensor | None, stride: int = 1) -> nn.Conv2d:
    out, channels, side, _ = weight.shape
    conv = nn.Conv2d(channels, out, side, stride, side // 2, bias=bias is not None)
    conv.weight, conv.bias = _fixed(weight), None if bias is None else _fixed(bias)
    return conv


def _fixed(value: Tensor) -> nn.Parameter:
    return nn.Parameter(value.detach().contiguous(), requires_grad=False)
