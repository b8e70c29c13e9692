"""Attention to fewer keys: strided, at several rates, or coarse beside fine."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from classify.nets.tokens.attention import Attention, Position, joined


class Shrink(nn.Module):
    """Every `rate` tokens become one by a convolution, layer norm and, where asked for, GELU; rate 1 is nothing."""

    def __init__(self, width: int, rate: int, activated: bool = False) -> None:
        super().__init__()
        self.conv = nn.Conv1d(width, width, rate, rate) if rate > 1 else None
        self.norm = nn.LayerNorm(width) if rate > 1 else nn.Identity()
        self.activation = nn.GELU() if activated and rate > 1 else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        if self.conv is None:
            return x
        short = functional.pad(x, (0, 0, 0, max(self.conv.kernel_size[0] - x.shape[1], 0)))
        return self.activation(self.norm(self.conv(short.transpose(1, 2)).transpose(1, 2)))


class ReducedAttention(Attention):
    """Keys and values of tokens that a strided convolution made fewer (PVT: Wang et al. 2021)."""

    def __init__(self, width: int, heads: int = 8, tokens: int = 1, position: Position = "none", rate: int = 2) -> None:
        super().__init__(width, heads, tokens, _without_distance(position))
        self.shrink = Shrink(width, rate)

    def forward(self, x: Tensor) -> Tensor:
        fewer = self.shrink(x)
        return self.out(self.attend(self.q(x), self.k(fewer), self.values(fewer)))


class _Grouped(Attention):
    """Attention whose heads are split into groups, each of which sees the tokens in its own way."""

    def _projected(self, layer: nn.Linear, x: Tensor, first: int, last: int) -> Tensor:
        """What a layer makes of x for the heads first ... last - 1; [..., head, n, d]."""
        each = layer.out_features // self.heads
        rows = slice(first * each, last * each)
        made = functional.linear(x, layer.weight[rows], layer.bias[rows])
        return made.unflatten(-1, (last - first, each)).transpose(-2, -3)


class ShuntedAttention(_Grouped):
    """Groups of heads with keys and values at a rate each (Ren et al. 2022): (number of heads, rate) of every group."""

    def __init__(
        self, width: int, heads: int = 8, tokens: int = 1, position: Position = "none",
        groups: Sequence[tuple[int, int]] = ((4, 1), (2, 2), (2, 4)),
    ) -> None:  # fmt: skip
        super().__init__(width, heads, tokens, _without_distance(position))
        if sum(count for count, _ in groups) != heads:
            raise ValueError(f"groups of {[count for count, _ in groups]} heads do not make {heads}")
        self.counts = tuple(count for count, _ in groups)
        self.shrinks = nn.ModuleList(Shrink(width, rate, activated=True) for _, rate in groups)

    def forward(self, x: Tensor) -> Tensor:
        q, first, parts = self.q(x).unflatten(-1, (self.heads, -1)).transpose(1, 2), 0, []
        for count, shrink in zip(self.counts, self.shrinks, strict=True):
            last, fewer = first + count, shrink(x)
            k, v = (self._projected(layer, fewer, first, last) for layer in (self.k, self.v))
            parts.append(self.core(q[:, first:last], k, v))
            first = last
        return self.out(joined(torch.cat(parts, 1)))


class HiLo(_Grouped):
    """Some heads attend inside windows of `size` tokens, `coarse` of them to all windows' means (Pan et al. 2022).

    With `grid` the fine heads attend the tokens l, l + size, l + 2 size ... instead: those of one place in each window.
    """

    def __init__(
        self, width: int, heads: int = 8, tokens: int = 1, position: Position = "none", size: int = 5,
        coarse: int = 4, grid: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(width, heads, tokens, _without_distance(position))
        self.size, self.fine, self.grid = size, heads - coarse, grid

    def forward(self, x: Tensor) -> Tensor:
        n = x.shape[1]
        size = min(self.size, n)
        padded = functional.pad(x, (0, 0, 0, -n % size))
        there = (torch.arange(padded.shape[1], device=x.device) < n).unflatten(0, (-1, size))
        parts = []
        if self.fine:
            parts.append(self._near(padded.unflatten(1, (-1, size)), there))
        if self.fine < self.heads:
            means = padded.unflatten(1, (-1, size)).sum(2) / there.sum(1, keepdim=True)
            span = self.fine, self.heads
            parts.append(
                joined(self.core(*(self._projected(layer, y, *span) for layer, y in
                                   ((self.q, padded), (self.k, means), (self.v, means)))))
            )  # fmt: skip
        return self.out(torch.cat(parts, -1)[:, :n])

    def _near(self, windows: Tensor, there: Tensor) -> Tensor:
        """The fine heads over windows [batch, window, size, width]; [batch, token, width of these heads]."""
        if self.grid:
            windows, there = windows.transpose(1, 2), there.T
        q, k, v = (self._projected(layer, windows, 0, self.fine) for layer in (self.q, self.k, self.v))
        bias = torch.zeros(there.shape, device=there.device).masked_fill(~there, float("-inf"))[:, None, None]
        made = joined(self.core(q, k, v, bias))
        return (made.transpose(1, 2) if self.grid else made).flatten(1, 2)


def _without_distance(position: Position) -> Position:
    if position == "relative":
        raise ValueError("keys that stand for several tokens have no distance: a relative position needs plain tokens")
    return position
