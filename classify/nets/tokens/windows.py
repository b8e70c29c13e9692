"""Attention that stays near: inside windows, inside shifted windows, or routed to the windows that matter."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from classify.nets.tokens.attention import Attention, Position, by_head, joined


class WindowAttention(Attention):
    """Attention inside windows of `size` tokens; every second block (`shift`) moves them by half a window.

    Shifted windows are rolled over the end; what comes from the two ends of the tokens does not attend each other
    (Liu et al. 2021). Tokens that fill the last window up are seen by nobody.
    """

    def __init__(
        self, width: int, heads: int = 8, tokens: int = 1, position: Position = "none", size: int = 25,
        shift: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(width, heads, size, position)
        self.size, self.shift = size, shift

    def forward(self, x: Tensor) -> Tensor:
        n = x.shape[1]
        size = min(self.size, n)
        shift = size // 2 if self.shift and size < n else 0
        padded = functional.pad(x, (0, 0, 0, -n % size)).roll(-shift, 1)
        q, k, v = (part.unflatten(1, (-1, size)) for part in (self.q(padded), self.k(padded), self.values(padded)))
        attended = self.attend(q, k, v, self._bias(n, padded.shape[1], size, shift)).flatten(1, 2)
        return self.out(attended.roll(shift, 1)[:, :n])

    def _bias(self, n: int, whole: int, size: int, shift: int) -> Tensor | None:
        """float [window, head or 1, size, size] of what is added to the scores; None where nothing is."""
        relative = self.relative(size)[None] if self.relative is not None else None
        if not shift and n == whole:
            return relative
        place = torch.arange(whole, device=self.q.weight.device)
        came_from = (place + shift) % whole
        region = ((came_from < shift) * 2 + (came_from >= n)).unflatten(0, (-1, size))
        apart = region[:, :, None] != region[:, None]
        blocked = torch.zeros(apart.shape, device=place.device).masked_fill(apart, float("-inf"))[:, None]
        return blocked if relative is None else blocked + relative


class BiRouting(Attention):
    """Every window attends all tokens of the `top` windows that its mean query finds most alike (Zhu et al. 2023)."""

    def __init__(
        self, width: int, heads: int = 8, tokens: int = 1, position: Position = "none", windows: int = 25,
        top: int = 10,
    ) -> None:  # fmt: skip
        super().__init__(width, heads, tokens, position)
        if position == "relative":
            raise ValueError("routed attention gathers tokens from anywhere: it has no relative position")
        self.windows, self.top = windows, top

    def forward(self, x: Tensor) -> Tensor:
        n = x.shape[1]
        windows = min(self.windows, n)
        top, padded = min(self.top, windows), functional.pad(x, (0, 0, 0, -n % windows))
        q, k, v = (part.unflatten(1, (windows, -1)) for part in (self.q(padded), self.k(padded), self.values(padded)))
        chosen = (q.mean(2) @ k.mean(2).transpose(1, 2)).topk(top, -1).indices
        there = (torch.arange(padded.shape[1], device=x.device) < n).unflatten(0, (windows, -1))
        bias = torch.zeros(there.shape, device=x.device).masked_fill(~there, float("-inf"))
        keys, values = (_of_windows(part, chosen).flatten(2, 3) for part in (k, v))
        seen = bias[chosen].flatten(2)[:, :, None, None] if n % windows else None
        split = (by_head(part, self.heads) for part in (q, keys, values))
        return self.out(joined(self.core(*split, seen)).flatten(1, 2)[:, :n])


def _of_windows(x: Tensor, chosen: Tensor) -> Tensor:
    """The windows `chosen` [batch, window, k] of x [batch, window, token, width]: [batch, window, k, token, width]."""
    batch = torch.arange(x.shape[0], device=x.device)[:, None, None]
    return x[batch, chosen]
