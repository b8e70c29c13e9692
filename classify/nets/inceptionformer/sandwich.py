"""SandwichNet and SandwichProNet: convolution, attention and channel mixer in every block."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from classify.nets.inceptionformer.blocks import MultiScale
from classify.nets.layers import conv_norm
from classify.nets.tokens.encoder import EncoderBlock, make_attention
from classify.nets.trunk import Trunk


class Sandwich(Trunk):
    """Fine local and coarse global token mixers, then a channel mixer, in each block of three stages.

    The document names these networks and shows them in pictures that are lost; this is its summary of them in code. A
    block is x + multi-scale convolution, x + attention, (pro: x + multi-scale convolution again,) x + MLP.
    """

    def __init__(
        self,
        channels: int,
        samples: int,
        dims: Sequence[int] = (64, 128, 256),
        depths: Sequence[int] = (2, 3, 4),
        heads: int = 8,
        attention: str = "mhsa",
        pro: bool = False,
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = [conv_norm(channels, dims[0], 3, 2), nn.GELU()]
        for stage, (width, depth) in enumerate(zip(dims, depths, strict=True)):
            if stage:
                layers.append(nn.Conv1d(dims[stage - 1], width, 3, 2, 1))
            layers += [SandwichBlock(width, heads, attention, pro) for _ in range(depth)]
        self.layers, self.width = nn.Sequential(*layers), dims[-1]

    def encode(self, signal: Tensor) -> Tensor:
        return self.layers(signal).mean(-1)


class SandwichBlock(nn.Module):
    """local, global, (local,) mixer; maps [batch, width, step] to the same shape."""

    def __init__(self, width: int, heads: int, attention: str, pro: bool) -> None:
        super().__init__()
        self.before = nn.Sequential(nn.BatchNorm1d(width), MultiScale(width))
        self.behind = nn.Sequential(nn.BatchNorm1d(width), MultiScale(width)) if pro else None
        self.among = EncoderBlock(width, make_attention(attention, width, heads, 1, "none"))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.before(x)
        tokens, among = x.transpose(1, 2), self.among
        tokens = tokens + among.attention(among.first(tokens))
        if self.behind is not None:
            maps = tokens.transpose(1, 2)
            tokens = (maps + self.behind(maps)).transpose(1, 2)
        return (tokens + among.mixer(among.second(tokens))).transpose(1, 2)
