"""The reconstruction U-Net: one encoder-decoder, five heads; slow to import, and reading does without (`fused`)."""

from __future__ import annotations

import segmentation_models_pytorch as smp
from torch import Tensor, nn

from digitize.nets.heads import HEADS, NetSpec


class ReconstructionNet(nn.Module):
    """Image [batch, channel, row, col] in, a dictionary of the named heads' outputs out; sides divisible by 32."""

    def __init__(self, spec: NetSpec, encoder_weights: str | None = None) -> None:
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
