"""Fewer tokens: dropped along the depth by the attention they receive, or gathered into a few that mean something."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from classify.nets.tokens.attention import Attention, CrossAttention, attention_weights, by_head, joined
from classify.nets.tokens.encoder import EncoderBlock


class PrunedBlock(EncoderBlock):
    """An encoder block that keeps the `tokens` share of its tokens and the `heads` share of its heads.

    Tokens stay by the attention that they receive, in their order; of each record the heads with the largest output
    stay, the others are silent (cascade pruning: Wang, Zhang and Han 2021). Shares of 1 are the plain block.
    """

    def __init__(self, width: int, heads: int = 8, tokens: float = 0.75, heads_kept: float = 0.75) -> None:
        attention = Attention(width, heads)
        super().__init__(width, attention)
        self.plain, self.tokens, self.heads_kept = attention, tokens, heads_kept

    def forward(self, x: Tensor) -> Tensor:
        own, normed = self.plain, self.first(x)
        q, k, v = (by_head(layer(normed), own.heads) for layer in (own.q, own.k, own.v))
        weights = attention_weights(q, k)
        made = weights @ v
        made = made * _largest(made.abs().mean((2, 3)), self.heads_kept)[:, :, None, None]
        x = x + own.out(joined(made))
        kept = max(round(self.tokens * x.shape[1]), 1)
        if kept < x.shape[1]:
            chosen = weights.mean((1, 2)).topk(kept, -1).indices.sort(-1).values
            x = x.gather(1, chosen[..., None].expand(-1, -1, x.shape[2]))
        return x + self.mixer(self.second(x))


def _largest(value: Tensor, share: float) -> Tensor:
    """1 for the share of the largest values of every row, 0 for the others."""
    kept = max(round(share * value.shape[1]), 1)
    return torch.zeros_like(value).scatter(1, value.topk(kept, -1).indices, 1.0)


class SemanticTokens(nn.Module):
    """Maps [batch, width, step] to `tokens` // 2 steps: few tokens attend all steps, then each other.

    The few are sampled from a depthwise convolution and leave as means of two. The document gives the size of the
    block, not its form; this one is built after semantic tokens (Chang et al. 2023).
    """

    def __init__(self, width: int, heads: int = 8, tokens: int = 50) -> None:
        super().__init__()
        self.tokens = tokens
        self.near = nn.Conv1d(width, width, 9, padding=4, groups=width)
        self.enter, self.leave = nn.Linear(width, width), nn.Linear(width, width)
        self.norm = nn.LayerNorm(width)
        self.gather = EncoderBlock(width, CrossAttention(width, heads))
        self.among = EncoderBlock(width, Attention(width, heads))

    def forward(self, x: Tensor) -> Tensor:
        few = functional.interpolate(self.near(x), self.tokens, mode="linear").transpose(1, 2)
        every = self.norm(x.transpose(1, 2))
        attention = self.gather.attention
        mixed = self.enter(few) + attention(self.gather.first(few), every)
        mixed = mixed + self.gather.mixer(self.gather.second(mixed))
        made = self.leave(self.among(mixed)).transpose(1, 2)
        return functional.avg_pool1d(made, 2)
