"""The three pretexts on one and the same trunk of maps over time, so that what differs is the pretext alone.

Their own encoders (`classify/nets/encoders/`) differ in size and form; a trunk of residual maps serves all of them.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from classify.nets.bottleneck import BottleneckNet
from classify.pretraining.contrastive import pair_loss
from classify.pretraining.masked import hidden_error, visible
from classify.pretraining.predictive import next_among_others
from classify.pretraining.recipe import PretextSettings

_PROJECTED = 128


class PredictiveMaps(nn.Module):
    """CPC on maps: an LSTM over their steps, which the classifier leaves out, predicts those that follow."""

    def __init__(self, trunk: BottleneckNet, settings: PretextSettings) -> None:
        super().__init__()
        self.trunk, self.settings, units = trunk, settings, trunk.maps.width
        self.context = nn.LSTM(units, units, batch_first=True)
        self.predict = nn.Linear(units, settings.ahead * units)

    def forward(self, signal: Tensor, patient: Tensor) -> dict[str, Tensor]:
        local = self.trunk.maps(signal).transpose(1, 2)
        context, _ = self.context(local)
        return next_among_others(local, context, self.predict, self.settings)


class ContrastiveMaps(nn.Module):
    """CLOCS on all leads at once: the two halves of a recording, and recordings of one patient, are alike (CMSC)."""

    def __init__(self, trunk: BottleneckNet, settings: PretextSettings) -> None:
        super().__init__()
        if settings.views != "cmsc":
            raise ValueError(f"a trunk that reads all leads at once has views cmsc alone, not {settings.views}")
        self.trunk, self.settings = trunk, settings
        self.project = nn.Linear(trunk.width, _PROJECTED)

    def forward(self, signal: Tensor, patient: Tensor) -> dict[str, Tensor]:
        half = signal.shape[2] // 2
        halves = (signal[..., :half], signal[..., half : 2 * half])
        one, other = (functional.normalize(self.project(self.trunk.encode(x)).float(), dim=1) for x in halves)
        return {"total": pair_loss(one @ other.T / self.settings.temperature, patient[:, None] == patient[None])}


class MaskedMaps(nn.Module):
    """ST-MEM on maps: hidden patches of the leads are zero in the signal; two convolutions tell them from the maps."""

    def __init__(self, trunk: BottleneckNet, settings: PretextSettings) -> None:
        super().__init__()
        self.trunk, self.settings = trunk, settings
        width, leads = settings.decoder_width, settings.shown_leads
        self.decode = nn.Sequential(
            nn.Conv1d(trunk.maps.width, width, 3, padding=1), nn.GELU(), nn.Conv1d(width, leads * settings.patch, 1)
        )

    def forward(self, signal: Tensor, patient: Tensor) -> dict[str, Tensor]:
        leads, length = self.settings.shown_leads, self.settings.patch
        patches = signal[:, :leads].unfold(2, length, length)
        seen = visible(self.settings.masking, patches.shape[:3], self.settings.hidden, signal.device)
        shown = signal.clone()
        shown[:, :leads, : patches.shape[2] * length] *= seen.repeat_interleave(length, 2)
        maps = functional.interpolate(self.trunk.maps(shown), patches.shape[2], mode="linear")
        told = self.decode(maps).unflatten(1, (leads, length)).transpose(2, 3)
        return {"total": hidden_error(told, patches, seen)}
