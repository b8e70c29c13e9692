"""The encoder of ST-MEM: a vision transformer over patches of every lead."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from classify.nets.layers import by_lead, channels_per_lead
from classify.nets.tokens.encoder import encoder
from classify.nets.trunk import Trunk


class StMemEncoder(Trunk):
    """Patches of all leads together through plain encoder blocks; the mean of their tokens.

    A patch is normed, embedded and normed; its place in time is a fixed wave, its lead a learned vector; a learned
    separator stands at both ends of a lead. With a mask channel its samples belong to the patch.
    """

    def __init__(
        self,
        channels: int,
        samples: int,
        leads: int | None = None,
        patch: int = 75,
        width: int = 768,
        depth: int = 12,
        heads: int = 12,
    ) -> None:
        super().__init__()
        self.leads, each = channels_per_lead(channels, leads)
        if samples < patch:
            raise ValueError(f"{samples} samples are shorter than a patch of {patch}")
        self.patch, self.inputs = patch, each * patch
        self.embed = nn.Sequential(nn.LayerNorm(self.inputs), nn.Linear(self.inputs, width), nn.LayerNorm(width))
        self.lead = nn.Parameter(0.02 * torch.randn(1, self.leads, 1, width))
        self.separator = nn.Parameter(0.02 * torch.randn(1, 1, 1, width))
        self.blocks = encoder(width, depth, heads, ratio=4)
        self.norm = nn.LayerNorm(width)
        self.width = width

    def patches(self, signal: Tensor) -> Tensor:
        """[batch, lead, patch, samples of the lead's channels]; what fills no patch is left out."""
        rows = by_lead(signal, self.leads).transpose(1, 2)
        return rows.unfold(3, self.patch, self.patch).transpose(2, 3).flatten(3)

    def tokens(self, patches: Tensor, kept: Tensor | None = None, leads: Tensor | None = None) -> Tensor:
        """Encoded tokens [batch, lead, patch, width] of all patches, or of those that are named.

        `kept` [batch, lead, k] are patches of every lead, `leads` [batch, k] are leads.
        """
        x = self.embed(patches)
        x = x + waves(x.shape[2], x.shape[3], x.device)
        if kept is not None:
            x = x.gather(2, kept[..., None].expand(-1, -1, -1, x.shape[3]))
        ends = self.separator.expand(*x.shape[:2], 1, -1)
        whole = torch.cat((ends, x, ends), 2) + self.lead
        if leads is not None:
            whole = whole.gather(1, leads[..., None, None].expand(-1, -1, *whole.shape[2:]))
        made = self.norm(self.blocks(whole.flatten(1, 2)))
        return made.unflatten(1, whole.shape[1:3])[:, :, 1:-1]

    def encode(self, signal: Tensor) -> Tensor:
        return self.tokens(self.patches(signal)).mean((1, 2))


def waves(steps: int, width: int, device: torch.device | None = None) -> Tensor:
    """Sine and cosine of the step at many wavelengths (Vaswani et al. 2017); float [step, width]."""
    rate = 10_000 ** (-torch.arange(0, width, 2, device=device) / width)
    angle = torch.arange(steps, device=device)[:, None] * rate
    return torch.stack((angle.sin(), angle.cos()), 2).flatten(1)
