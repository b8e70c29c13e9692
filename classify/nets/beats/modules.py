"""The multi-module network: beats, spectrogram and person as tokens that a transformer encoder joins."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from classify.nets.baselines.spectrogram import Spectrogram
from classify.nets.beats.cut import BeatCutter, two_convolutions
from classify.nets.fusion_head import scaled_demographics
from classify.nets.layers import channels_per_lead, conv_norm_relu
from classify.nets.tokens.encoder import encoder


class MultiModule(nn.Module):
    """A recurrent convolutional network over beats, one over the spectrogram, age and sex, joined by an encoder.

    Called with age and sex where they are known; without, or where they are NaN, their token says so. `encode(signal)`
    is what is made of the signal alone, for nobody known.
    """

    def __init__(
        self,
        labels: int,
        channels: int,
        samples: int,
        leads: int | None = None,
        beats: int = 16,
        width: int = 64,
        depth: int = 2,
        window: int = 64,
        seconds: float = 10.0,
    ) -> None:
        super().__init__()
        self.demographics = True
        self.leads, _ = channels_per_lead(channels, leads)
        self.cut = BeatCutter(samples, self.leads, beats, seconds=seconds)
        self.each_beat = two_convolutions(channels, width)
        self.over_beats = nn.GRU(width, width // 2, batch_first=True, bidirectional=True)
        self.spectrogram = Spectrogram(window, window // 2)
        self.over_picture = nn.Sequential(
            *conv_norm_relu(self.leads, width // 2, 3, (2, 1), axes=2),
            *conv_norm_relu(width // 2, width, 3, (2, 1), axes=2),
        )
        self.over_time = nn.GRU(width, width // 2, batch_first=True, bidirectional=True)
        self.person = nn.Sequential(nn.Linear(4, width), nn.ReLU(), nn.Linear(width, width))
        self.kind = nn.Parameter(0.02 * torch.randn(1, 3, width))
        self.join = encoder(width, depth, 4)
        self.head = nn.Linear(3 * width, labels)
        self.width = 3 * width

    def forward(self, signal: Tensor, features: Tensor | None = None, demographics: Tensor | None = None) -> Tensor:
        if demographics is None:
            demographics = torch.full((signal.shape[0], 2), float("nan"), device=signal.device)
        return self.head(self._joined(signal, demographics))

    def encode(self, signal: Tensor) -> Tensor:
        return self._joined(signal, torch.full((signal.shape[0], 2), float("nan"), device=signal.device))

    def _joined(self, signal: Tensor, demographics: Tensor) -> Tensor:
        beats, there = self.cut(signal)
        of_beats = self.each_beat(beats)
        by_beat, _ = self.over_beats(of_beats * there[..., None])
        picture = self.over_picture(self.spectrogram(signal[:, : self.leads])).mean(2)
        by_time, _ = self.over_time(picture.transpose(1, 2))
        known = torch.isfinite(demographics).to(signal.dtype)
        person = self.person(torch.cat((scaled_demographics(demographics), known), 1))
        tokens = torch.stack((by_beat.mean(1), by_time.mean(1), person), 1) + self.kind
        return self.join(tokens).flatten(1)
