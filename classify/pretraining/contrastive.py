"""CLOCS: two views of one heart are alike (Kiyasseh, Zhu and Clifton 2021)."""

from __future__ import annotations

from itertools import combinations

import torch
from torch import Tensor, nn
from torch.nn import functional

from classify.nets.encoders.contrastive import ClocsEncoder
from classify.pretraining.recipe import PretextSettings, Views


class Contrastive(nn.Module):
    """The encoder, and the loss over all pairs of views.

    Called with signal [batch, channel, sample] and patient [batch], a number for every patient.
    """

    def __init__(self, trunk: ClocsEncoder, settings: PretextSettings) -> None:
        super().__init__()
        self.trunk, self.settings = trunk, settings

    def forward(self, signal: Tensor, patient: Tensor) -> dict[str, Tensor]:
        frames = self.trunk.frames(signal)
        leads = list(self.settings.leads or range(frames.shape[1]))
        pairs = view_pairs(self.settings.views, leads, frames.shape[2])
        same = patient[:, None] == patient[None]
        unit = functional.normalize(frames.float(), dim=-1)
        losses = [
            pair_loss(unit[:, a, i] @ unit[:, b, j].T / self.settings.temperature, same) for (a, i), (b, j) in pairs
        ]
        return {"total": torch.stack(losses).mean()}


View = tuple[int, int]


def view_pairs(views: Views, leads: list[int], frames: int) -> list[tuple[View, View]]:
    """The pairs of (lead, frame) that are compared: frames of a lead, leads of a frame, or all.

    Raises ValueError where there is nothing to compare.
    """
    every = [(lead, frame) for lead in leads for frame in range(frames)]
    kept = {
        "cmsc": lambda a, b: a[0] == b[0],
        "cmlc": lambda a, b: a[1] == b[1],
        "cmsmlc": lambda a, b: True,
    }[views]
    pairs = [(a, b) for a, b in combinations(every, 2) if kept(a, b)]
    if not pairs:
        raise ValueError(f"{views} finds nothing to compare in {len(leads)} leads and {frames} frames")
    return pairs


def pair_loss(likeness: Tensor, same: Tensor) -> Tensor:
    """The mean of up to four terms of a pair of views, over likeness [batch, batch] (cosine over temperature).

    -log of a positive's share of its row and of its column: of the record itself, and, where there are any, of the
    other records of the same patient (`same` [batch, batch]).
    """
    by_row, by_column = likeness.log_softmax(1), likeness.log_softmax(0)
    others = same & ~torch.eye(len(same), dtype=torch.bool, device=same.device)
    terms = [-by_row.diagonal().mean(), -by_column.diagonal().mean()]
    if others.any():
        terms += [-by_row[others].mean(), -by_column[others].mean()]
    return torch.stack(terms).mean()
