"""The reconstruction U-Net: one encoder-decoder, five heads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class NetSpec:
    """What a `ReconstructionNet` looks like; saved with its weights.

    `seg_classes` counts the background; `signal_leads` is 12 for whole pages and 1 for a row. A head is built when it
    is named in `heads`. `in_channels` is 3 (RGB) or 4 (RGB and the height below the row's zero line). The signal head
    gives `columns_per_px` columns for every pixel across.
    """

    encoder: str = "resnet18"
    in_channels: int = 3
    heads: tuple[str, ...] = ("seg", "grid", "baseline", "theta", "signal")
    seg_classes: int = 15
    signal_leads: int = 12
    columns_per_px: int = 1
    decoder_channels: tuple[int, ...] = (128, 96, 64, 32, 16)

    def __post_init__(self) -> None:
        object.__setattr__(self, "heads", tuple(self.heads))
        object.__setattr__(self, "decoder_channels", tuple(self.decoder_channels))
        unknown = set(self.heads) - set(HEADS)
        if unknown:
            raise ValueError(f"unknown heads {sorted(unknown)}: expected some of {', '.join(HEADS)}")

    def to_dict(self) -> dict[str, Any]:
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}


class DenseHead(nn.Module):
    """Per-pixel logits [batch, channels, row, col] from the decoder's features."""

    def __init__(self, width: int, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(width, channels, 3, padding=1)

    def forward(self, features: Tensor, deepest: Tensor) -> dict[str, Tensor]:
        return {"": self.conv(features)}


class ThetaHead(nn.Module):
    """(sin, cos) of the page's rotation, [batch, 2], unit length, from the deepest features."""

    def __init__(self, depth: int) -> None:
        super().__init__()
        self.mlp = nn.Sequential(
            nn.AdaptiveAvgPool2d((4, 4)), nn.Flatten(), nn.Linear(depth * 16, 64), nn.ReLU(), nn.Linear(64, 2)
        )

    def forward(self, features: Tensor, deepest: Tensor) -> dict[str, Tensor]:
        return {"": nn.functional.normalize(self.mlp(deepest).float(), dim=1)}


class SignalHead(nn.Module):
    """For every lead and column, logits over the height [batch, lead, row, column], and two logits of its own.

    Of these, [batch, lead, column], `signal_valid` says whether the lead's ink is there at all, `signal_edge` whether
    a lead begins or ends there. There are `per_px` columns a pixel.
    """

    def __init__(self, width: int, leads: int, per_px: int) -> None:
        super().__init__()
        self.leads, self.per_px = leads, per_px
        wide = max(width, 2 * leads * per_px)
        self.height = nn.Sequential(nn.Conv2d(width, wide, 3, padding=1), nn.ReLU(), nn.Conv2d(wide, leads * per_px, 1))
        self.valid = nn.Conv1d(2 * width, leads * per_px, 9, padding=4)
        self.edge = nn.Conv1d(2 * width, leads * per_px, 9, padding=4)

    def forward(self, features: Tensor, deepest: Tensor) -> dict[str, Tensor]:
        by_row = features.permute(0, 2, 3, 1)  # reductions are fast where the channels lie side by side in memory
        columns = torch.cat([by_row.amax(1), _mean(by_row)], dim=-1).transpose(1, 2)
        return {
            "": self._spread(self.height(features)),
            "_valid": self._spread(self.valid(columns)),
            "_edge": self._spread(self.edge(columns)),
        }

    def _spread(self, values: Tensor) -> Tensor:
        """[batch, lead * per_px, ..., px] to [batch, lead, ..., px * per_px]."""
        batch, _, *rows, px = values.shape
        split = values.reshape(batch, self.leads, self.per_px, *rows, px)
        return split.movedim(2, -1).reshape(batch, self.leads, *rows, px * self.per_px)


def _mean(by_row: Tensor) -> Tensor:
    """The mean over the rows of [batch, row, px, channel], as a product of matrices: many times faster than a sum."""
    batch, rows, px, channels = by_row.shape
    ones = by_row.new_ones(batch, 1, rows)
    return (ones @ by_row.reshape(batch, rows, px * channels)).reshape(batch, px, channels) / rows


HEADS: Mapping[str, Callable[[NetSpec, int, int], nn.Module]] = {
    "seg": lambda spec, width, depth: DenseHead(width, spec.seg_classes),
    "grid": lambda spec, width, depth: DenseHead(width, 1),
    "baseline": lambda spec, width, depth: DenseHead(width, 1),
    "theta": lambda spec, width, depth: ThetaHead(depth),
    "signal": lambda spec, width, depth: SignalHead(width, spec.signal_leads, spec.columns_per_px),
}


class ReconstructionNet(nn.Module):
    """Image [batch, channel, row, col] in, a dictionary of the named heads' outputs out; sides divisible by 32."""

    def __init__(self, spec: NetSpec, encoder_weights: str | None = None) -> None:
        import segmentation_models_pytorch as smp  # slow to import, and reading does without

        super().__init__()
        self.spec = spec
        base = smp.Unet(
            spec.encoder,
            encoder_weights=encoder_weights,
            in_channels=spec.in_channels,
            classes=1,
            decoder_channels=spec.decoder_channels,
        )
        self.encoder, self.decoder = base.encoder, base.decoder
        width, depth = spec.decoder_channels[-1], base.encoder.out_channels[-1]
        self.heads = nn.ModuleDict({name: HEADS[name](spec, width, depth) for name in spec.heads})

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        stages = self.encoder((image - 0.5) * 4)
        features = self.decoder(stages)
        out = {}
        for name, head in self.heads.items():
            for suffix, value in head(features, stages[-1]).items():
                out[name + suffix] = value
        return out
