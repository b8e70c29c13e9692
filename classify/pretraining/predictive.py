"""Contrastive predictive coding: which of many moments of this recording comes next (Mehari and Strodthoff 2022)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from classify.nets.encoders.predictive import CpcEncoder
from classify.pretraining.recipe import PretextSettings


class Predictive(nn.Module):
    """The encoder and a linear layer that predicts what stands at each of the next samples.

    Called with signal [batch, channel, sample] and patient [batch]; gives what `next_among_others` does.
    """

    def __init__(self, trunk: CpcEncoder, settings: PretextSettings) -> None:
        super().__init__()
        self.trunk, self.settings = trunk, settings
        self.predict = nn.Linear(trunk.units, settings.ahead * trunk.units)

    def forward(self, signal: Tensor, patient: Tensor) -> dict[str, Tensor]:
        return next_among_others(*self.trunk.series(signal), self.predict, self.settings)


def next_among_others(local: Tensor, context: Tensor, predict: nn.Linear, s: PretextSettings) -> dict[str, Tensor]:
    """The cross-entropy of the true next steps among others of the recording ("total"), and how often a true one is
    the likeliest ("found").

    `local` and `context` [batch, step, unit] are what stands at every step and what is known by then; `predict` makes
    the next `s.ahead` steps from the context of `s.anchors` places drawn at random.
    """
    batch, steps, units = local.shape
    if steps <= s.ahead:
        raise ValueError(f"{steps} steps are too few to predict {s.ahead} ahead")
    at = torch.randint(steps - s.ahead, (batch, s.anchors), device=local.device)
    others = torch.randint(steps, (batch, s.negatives), device=local.device)
    next_ones = at[..., None] + torch.arange(1, s.ahead + 1, device=local.device)
    predicted = predict(_taken(context, at)).unflatten(-1, (s.ahead, units)) / units**0.5
    truth = _taken(local, next_ones.flatten(1)).unflatten(1, next_ones.shape[1:])
    right = (predicted * truth).sum(-1, keepdim=True)
    wrong = torch.einsum("baku,bnu->bakn", predicted, _taken(local, others))
    logits = torch.cat((right, wrong), -1).flatten(0, -2).float()
    found = (logits[:, 0] >= logits[:, 1:].amax(1)).float().mean()
    zero = torch.zeros(len(logits), dtype=torch.long, device=local.device)
    return {"total": functional.cross_entropy(logits, zero), "found": found}


def _taken(x: Tensor, at: Tensor) -> Tensor:
    """The places [batch, k] of x [batch, sample, unit]: [batch, k, unit]."""
    return x.gather(1, at[..., None].expand(-1, -1, x.shape[2]))
