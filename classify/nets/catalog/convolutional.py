"""Residual networks, networks that share kernels among leads, inception."""

from __future__ import annotations

from collections.abc import Mapping

from classify.nets.catalog.row import Row

BLOCKS_50, BLOCKS_101 = (3, 4, 6, 3), (3, 4, 23, 3)
_XRESNET = {
    "planes": (64,) * 4, "kernels": (5,) * 4, "stem": ((32, 5, 2), (32, 5, 1), (64, 5, 1)), "dropout": 0.0,
}  # fmt: skip
# The head of the PTB-XL benchmark (Strodthoff et al. 2020).
_BENCHMARK_HEAD = {"hidden": ((128, 0.5, True),), "head_dropout": 0.5}


def _bottlenecks(blocks: tuple[int, ...], **options: object) -> Row:
    return Row("bottleneck", "BottleneckNet", {"blocks": blocks, **options}, {"head_dropout": 0.2})


ROWS: Mapping[str, Row] = {
    "resnet1d": Row("resnet", "ResNet1d", {}, None),
    "resnet50": _bottlenecks(BLOCKS_50),
    "resnet101": _bottlenecks(BLOCKS_101),
    "resnext50_2x64d": _bottlenecks(BLOCKS_50, groups=2),
    "resnext101_4x64d": _bottlenecks(BLOCKS_101, groups=4),
    "seresnet50": _bottlenecks(BLOCKS_50, squeeze=True),
    "seresnet101": _bottlenecks(BLOCKS_101, squeeze=True),
    "xresnet1d101": Row("bottleneck", "BottleneckNet", {"blocks": BLOCKS_101, **_XRESNET}, _BENCHMARK_HEAD),
    "inception1d": Row("inception", "Inception", {}, _BENCHMARK_HEAD),
    "ecgnet_v1": Row("ecgnet", "EcgNet"),
    "ecgnet_v2": Row("ecgnet", "EcgNet", {"kernels": (3, 5, 7)}),
    "ecgnet_v3": Row(
        "ecgnet", "EcgNet",
        {"stem": ((50, False), (16, True)), "row_blocks": 1, "strides": (2, 2, 2, 2), "dropout": 0.2},
    ),
    "beat_cnn": Row("beat_cnn", "BeatCnn", {}, {"features": 8, "branch": ((32, 0.0, False),)}),
}  # fmt: skip
