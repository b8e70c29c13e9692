"""The networks: a table of makers, one file per family.

Every network is called as `net(signal, features=None, demographics=None)` with signal float [batch, channel, sample],
features float [batch, k] and demographics float [batch, 2] (age in years and sex, NaN where unknown), and returns
logits [batch, label].
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Row:
    """A maker and the options that make this network of it; `beside` are the layers around it (`Beside`).

    A maker is called with (channels, samples, **options) and gives a trunk; one with `beside` None is a network of its
    own and is called with (labels, channels, samples, **options).
    """

    module: str
    maker: str
    options: Mapping[str, Any] = field(default_factory=dict)
    beside: Mapping[str, Any] | None = field(default_factory=dict)


_SIDES = ("features", "demographics", "branch", "hidden", "head_dropout")  # what `Beside` takes


def _resnet(blocks: tuple[int, ...], **options: Any) -> Row:
    return Row("bottleneck", "BottleneckNet", {"blocks": blocks, **options}, {"head_dropout": 0.2})


def _per_lead(**options: Any) -> Row:
    return Row("gru", "LeadRecurrent", options)


def _behind_resnet(reading: str) -> Row:
    return Row("gru", "ResidualRecurrent", {"reading": reading, "blocks": _50, "squeeze": True})


_50, _101 = (3, 4, 6, 3), (3, 4, 23, 3)
_XRESNET = {
    "planes": (64,) * 4, "kernels": (5,) * 4, "stem": ((32, 5, 2), (32, 5, 1), (64, 5, 1)), "dropout": 0.0,
}  # fmt: skip
_HEAD_OF_THE_BENCHMARK = {"hidden": ((128, 0.5, True),), "head_dropout": 0.5}
_TWO_LAYERS = ((64, 0.4, True), (32, 0.3, False))

# Imported when asked for, so that naming the networks needs no torch.
NETS: Mapping[str, Row] = {
    # five rhythms
    "plrnn": Row("plrnn", "Plrnn", {}, {"features": 8, "branch": ((24, 0.2, True),), "hidden": _TWO_LAYERS}),
    "plrnn_shallow": Row("plrnn", "ShallowPlrnn"),
    "lstm_lite": Row("lstm", "LstmLite", {}, {"features": 8, "hidden": ((32, 0.3, True),)}),
    "cnn_bilstm": Row(
        "lstm", "CnnBiLstm", {},
        {"features": 8, "branch": ((32, 0.2, True), (16, 0.2, True)), "hidden": _TWO_LAYERS},
    ),
    "lstm": Row("lstm", "Lstm", {"units": 64}),
    "transformer": Row("attention", "Transformer"),
    "resnet1d": Row("resnet", "ResNet1d", {}, None),
    # single beats
    "lstm_soft_attention": Row("attention", "SoftAttention"),
    "lstm_bahdanau": Row("attention", "Bahdanau"),
    "beat_cnn": Row("beat", "BeatCnn", {}, {"features": 8, "branch": ((32, 0.0, False),)}),
    # many labels
    "resnet50": _resnet(_50),
    "resnet101": _resnet(_101),
    "resnext50_2x64d": _resnet(_50, groups=2),
    "resnext101_4x64d": _resnet(_101, groups=4),
    "seresnet50": _resnet(_50, squeeze=True),
    "seresnet101": _resnet(_101, squeeze=True),
    "ecgnet_v1": Row("ecgnet", "EcgNet"),
    "ecgnet_v2": Row("ecgnet", "EcgNet", {"kernels": (3, 5, 7)}),
    "ecgnet_v3": Row(
        "ecgnet", "EcgNet",
        {"stem": ((50, False), (16, True)), "row_blocks": 1, "strides": (2, 2, 2, 2), "dropout": 0.2},
    ),
    "lstm_v1": Row("lstm", "Lstm", {"both_ways": True}),
    "lstm_v2": _per_lead(cell="lstm"),
    "gru_v1": _per_lead(),
    "gru_v1_shared": _per_lead(shared=True),
    "gru_v2_1": _per_lead(attention="after"),
    "gru_v2_2": _per_lead(attention="before"),
    "gru_v3": Row("gru", "LeadRecurrent", {"dropout": 0.3}, {"demographics": True}),
    "seresnet_gru_v1": _behind_resnet("one"),
    "seresnet_gru_v2": _behind_resnet("rows"),
    "seresnet_gru_v3": _behind_resnet("regroup"),
    # what the field uses on PTB-XL
    "xresnet1d101": Row("bottleneck", "BottleneckNet", {"blocks": _101, **_XRESNET}, _HEAD_OF_THE_BENCHMARK),
    "inception1d": Row("inception", "Inception", {}, _HEAD_OF_THE_BENCHMARK),
    "s4": Row("s4", "S4"),
    # trained ones as one
    "ensemble": Row("ensemble", "Ensemble", {}, None),
}  # fmt: skip


def build(name: str, labels: int, channels: int, samples: int, options: Mapping[str, Any] | None = None) -> nn.Module:
    """A network by name for `labels` outputs; options change those of its row."""
    if name not in NETS:
        raise ValueError(f"unknown network {name!r}: expected one of {', '.join(NETS)}")
    row = NETS[name]
    maker = getattr(import_module(f"classify.nets.{row.module}"), row.maker)
    wanted = {**row.options, **(row.beside or {}), **(options or {})}
    try:
        if row.beside is None:
            whole: nn.Module = maker(labels, channels, samples, **wanted)
            return whole
        from classify.nets.fusion_head import Beside

        trunk = maker(channels, samples, **{k: v for k, v in wanted.items() if k not in _SIDES})
        return Beside(trunk, labels, **{k: v for k, v in wanted.items() if k in _SIDES})
    except TypeError as error:
        raise ValueError(f"network {name!r}: {error}") from error
