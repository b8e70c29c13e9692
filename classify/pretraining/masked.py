"""ST-MEM: most patches of a recording are hidden and told from the rest (Na et al. 2024)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from classify.nets.encoders.masked import StMemEncoder, waves
from classify.nets.tokens.encoder import encoder
from classify.pretraining.recipe import Masking, PretextSettings

_FLAT = 1e-4  # a variance below this is a patch without signal, which nobody need tell


class Masked(nn.Module):
    """The encoder sees what is not hidden; a decoder tells the hidden patches, each at its own scale.

    The decoder sees one lead at a time, so that only the encoder learns how leads belong together; where whole leads
    are hidden it must see all of them. Called with signal [batch, channel, sample] and patient [batch].
    """

    def __init__(self, trunk: StMemEncoder, settings: PretextSettings) -> None:
        super().__init__()
        self.trunk, self.settings = trunk, settings
        width = settings.decoder_width
        self.enter, self.hidden = nn.Linear(trunk.width, width), nn.Parameter(0.02 * torch.randn(1, 1, 1, width))
        self.lead = nn.Parameter(0.02 * torch.randn(1, trunk.leads, 1, width))
        self.blocks = encoder(width, settings.decoder_depth, settings.decoder_heads, ratio=4)
        self.leave = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, trunk.patch))

    def forward(self, signal: Tensor, patient: Tensor) -> dict[str, Tensor]:
        patches = self.trunk.patches(signal)
        seen = visible(self.settings.masking, patches.shape[:3], self.settings.hidden, signal.device)
        return {"total": hidden_error(self._told(patches, seen), patches[..., : self.trunk.patch], seen)}

    def _told(self, patches: Tensor, seen: Tensor) -> Tensor:
        """What the decoder says of every patch: [batch, lead, patch, sample]."""
        by_lead = self.settings.masking != "lead"
        if by_lead:
            kept = _indices(seen)
            tokens = self.enter(self.trunk.tokens(patches, kept))
        else:
            leads = _indices(seen[:, :, 0])
            tokens = self.enter(self.trunk.tokens(patches, leads=leads))
        whole = self.hidden.expand(*seen.shape, -1).to(tokens.dtype)
        whole = whole.masked_scatter(seen[..., None], tokens)
        whole = whole + waves(whole.shape[2], whole.shape[3], whole.device) + self.lead
        rows = whole.flatten(0, 1) if by_lead else whole.flatten(1, 2)
        return self.leave(self.blocks(rows)).reshape(*seen.shape, -1)


def hidden_error(told: Tensor, truth: Tensor, seen: Tensor) -> Tensor:
    """The mean squared error of the patches [batch, lead, patch, sample] that were not seen, each scaled to itself."""
    spread = truth.var(-1, keepdim=True)
    target = (truth - truth.mean(-1, keepdim=True)) / torch.sqrt(spread + 1e-6)
    asked = (~seen) & (spread[..., 0] > _FLAT)
    error = (told.float() - target.float()).square().mean(-1)
    return (error * asked).sum() / asked.sum().clamp(min=1)


def visible(masking: Masking, shape: tuple[int, ...], hidden: float, device: torch.device) -> Tensor:
    """Which patches the encoder sees, bool [batch, lead, patch]: of each lead as many, anywhere; or the same moments
    of all leads ("time"); or some leads whole ("lead").
    """
    batch, leads, patches = shape
    drawn = {"both": (batch, leads, patches), "time": (batch, 1, patches), "lead": (batch, leads, 1)}[masking]
    axis = 1 if masking == "lead" else 2
    kept = max(round((1 - hidden) * drawn[axis]), 1)
    order = torch.rand(drawn, device=device).argsort(axis).argsort(axis)
    return (order < kept).expand(batch, leads, patches)


def _indices(seen: Tensor) -> Tensor:
    """The places that are true along the last axis, of which every row has as many; in their order."""
    count = int(seen[(0,) * (seen.dim() - 1)].sum())
    order = torch.sort(seen.to(torch.uint8), dim=-1, descending=True, stable=True).indices
    return order[..., :count]
