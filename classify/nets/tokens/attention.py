"""Multi-head self-attention over tokens, and what tells it where a token stands."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

Position = Literal["none", "learned", "relative", "conv", "value"]


class DotProduct(nn.Module):
    """softmax(q k' / sqrt(d) + bias) v over [..., head, token, d]; a hook on it sees queries and keys of every call."""

    def forward(self, q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None = None) -> Tensor:
        if q.dim() == 4:
            return functional.scaled_dot_product_attention(q, k, v, bias)
        rows = q.shape[:2]  # windows of a record stand beside the records: exporters know one such axis
        if bias is not None:
            bias = bias.expand(*rows, *bias.shape[-3:]).flatten(0, 1)
        q, k, v = (x.flatten(0, 1) for x in (q, k, v))
        return functional.scaled_dot_product_attention(q, k, v, bias).unflatten(0, rows)


def attention_weights(q: Tensor, k: Tensor, bias: Tensor | None = None) -> Tensor:
    """The weights that `DotProduct` gives the values, [..., head, query, key]."""
    scores = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
    return (scores if bias is None else scores + bias).softmax(-1)


class RelativeBias(nn.Module):
    """A learned score for every distance of query and key (Liu et al. 2021), float [head, n, n].

    Distances beyond those of `tokens` tokens share the score of the farthest.
    """

    def __init__(self, heads: int, tokens: int) -> None:
        super().__init__()
        self.reach = max(tokens - 1, 0)
        self.table = nn.Parameter(0.02 * torch.randn(heads, 2 * self.reach + 1))

    def forward(self, tokens: int) -> Tensor:
        place = torch.arange(tokens, device=self.table.device)
        distance = (place[:, None] - place[None]).clamp(-self.reach, self.reach)
        return self.table[:, distance + self.reach]


class Attention(nn.Module):
    """Multi-head self-attention (Vaswani et al. 2017): tokens [batch, n, width] to the same shape.

    With position "relative" it adds a bias by distance to its scores, for up to `tokens` tokens; with "value" it
    attends to v + depthwise convolution of v.
    """

    def __init__(self, width: int, heads: int = 8, tokens: int = 1, position: Position = "none") -> None:
        super().__init__()
        if width % heads:
            raise ValueError(f"a width of {width} cannot be shared by {heads} heads")
        self.heads = heads
        self.q, self.k, self.v = nn.Linear(width, width), nn.Linear(width, width), nn.Linear(width, width)
        self.out = nn.Linear(width, width)
        self.core = DotProduct()
        self.relative = RelativeBias(heads, tokens) if position == "relative" else None
        self.near = nn.Conv1d(width, width, 3, padding=1, groups=width) if position == "value" else None

    def forward(self, x: Tensor) -> Tensor:
        bias = self.relative(x.shape[1]) if self.relative is not None else None
        return self.out(self.attend(self.q(x), self.k(x), self.values(x), bias))

    def values(self, x: Tensor) -> Tensor:
        v = self.v(x)
        return v if self.near is None else v + self.near(v.transpose(1, 2)).transpose(1, 2)

    def attend(self, q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None = None) -> Tensor:
        """Heads split, attention, heads joined; [..., n, width]."""
        parts = (by_head(part, self.heads) for part in (q, k, v))
        return joined(self.core(*parts, bias))


def by_head(x: Tensor, heads: int) -> Tensor:
    """[..., n, width] to [..., head, n, width / head]."""
    return x.unflatten(-1, (heads, -1)).transpose(-2, -3)


def joined(x: Tensor) -> Tensor:
    """[..., head, n, d] to [..., n, head * d]."""
    x = x.transpose(-2, -3)
    if torch.compiler.is_exporting():  # runtimes lay the heads out in another order than torch's kernels do
        x = x.clone(memory_format=torch.contiguous_format)
    return x.flatten(-2)


class CrossAttention(Attention):
    """Queries of one set of tokens, keys and values of another; of the same one where there is no other."""

    def forward(self, x: Tensor, other: Tensor | None = None) -> Tensor:
        seen = x if other is None else other
        return self.out(self.attend(self.q(x), self.k(seen), self.v(seen)))
