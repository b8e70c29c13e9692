"""The encoder block around any attention, and the table of attentions."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from torch import Tensor, nn

from classify.nets.tokens.attention import Attention, Position
from classify.nets.tokens.mixers import MIXERS, Mixer
from classify.nets.tokens.reduced import HiLo, ReducedAttention, ShuntedAttention
from classify.nets.tokens.windows import BiRouting, WindowAttention

ATTENTIONS: Mapping[str, Callable[..., Attention]] = {
    "mhsa": Attention,
    "sr": ReducedAttention,
    "birouting": BiRouting,
    "window": WindowAttention,
    "shifted": WindowAttention,
    "shunted": ShuntedAttention,
    "hilo": HiLo,
}


def make_attention(
    name: str, width: int, heads: int, tokens: int, position: Position, number: int = 0, **options: object
) -> Attention:
    """The attention of block `number` of its stage; of shifted windows every second block is shifted."""
    if name not in ATTENTIONS:
        raise ValueError(f"unknown attention {name!r}: expected one of {', '.join(ATTENTIONS)}")
    if name == "shifted":
        options = {"shift": bool(number % 2), **options}
        position = "relative"
    return ATTENTIONS[name](width, heads, tokens, position if position in ("relative", "value") else "none", **options)


class EncoderBlock(nn.Module):
    """Pre-norm: x + attention(norm x), x + mixer(norm x); tokens [batch, n, width].

    With `near` a depthwise convolution of the block's input is added to its output, which tells tokens where they are.
    """

    def __init__(
        self, width: int, attention: nn.Module, mixer: Mixer = "mlp", ratio: int = 2, near: bool = False
    ) -> None:
        super().__init__()
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention, self.mixer = attention, MIXERS[mixer](width, ratio)
        self.near = nn.Conv1d(width, width, 3, padding=1, groups=width) if near else None

    def forward(self, x: Tensor) -> Tensor:
        mixed = x + self.attention(self.first(x))
        out = mixed + self.mixer(self.second(mixed))
        return out if self.near is None else out + self.near(x.transpose(1, 2)).transpose(1, 2)


def encoder(width: int, depth: int, heads: int, ratio: int = 2) -> nn.Sequential:
    """Plain encoder blocks one after the other."""
    return nn.Sequential(*(EncoderBlock(width, Attention(width, heads), ratio=ratio) for _ in range(depth)))
