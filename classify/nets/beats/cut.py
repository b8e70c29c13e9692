"""Beats found and cut within a network, by the energy of all leads."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from classify.nets.layers import conv_norm_relu

_REFRACTORY_S = 0.3  # no two beats are nearer: 200 per minute
_SMOOTH_S = 0.08  # about the length of a QRS
_FAINT = 0.2  # of the strongest beat; a peak below it is no beat


class EachBeat(nn.Sequential):
    """One network for every beat: [batch, beat, channel, sample] to the mean of its maps, [batch, beat, width]."""

    def forward(self, beats: Tensor) -> Tensor:
        return super().forward(beats.flatten(0, 1)).mean(-1).unflatten(0, beats.shape[:2])


def two_convolutions(channels: int, width: int) -> EachBeat:
    """Kernels 7 and 5, each with stride 2."""
    return EachBeat(*conv_norm_relu(channels, width // 2, 7, 2), *conv_norm_relu(width // 2, width, 5, 2))


class BeatCutter(nn.Module):
    """(beats [batch, beat, channel, sample], there [batch, beat]) of a signal [batch, channel, sample].

    The `beats` strongest peaks of the smoothed slope of the first `leads` channels, in their order; a recording with
    fewer has beats of zeros, and `there` is 0 for them. `samples` of a recording last `seconds`; a beat has 0.25 s
    before its peak and `window_s` in all.
    """

    def __init__(self, samples: int, leads: int, beats: int = 16, window_s: float = 0.7, seconds: float = 10.0) -> None:
        super().__init__()
        rate = samples / seconds
        self.leads, self.beats, self.window = leads, beats, max(round(window_s * rate), 8)
        self.before, self.reach = round(0.25 * rate), max(round(_REFRACTORY_S * rate), 1)
        self.smooth = 2 * (round(_SMOOTH_S * rate) // 2) + 1

    def forward(self, signal: Tensor) -> tuple[Tensor, Tensor]:
        strength, place = self.peaks(signal)
        start = place - self.before
        at = start[..., None] + torch.arange(self.window, device=signal.device)
        padded = functional.pad(signal, (self.window, self.window))
        index = (at + self.window).flatten(1)[:, None].expand(-1, signal.shape[1], -1)
        cut = padded.gather(2, index).unflatten(2, at.shape[1:]).transpose(1, 2)
        there = (strength > _FAINT * strength.amax(1, keepdim=True)).to(signal.dtype)
        return cut * there[..., None, None], there

    def peaks(self, signal: Tensor) -> tuple[Tensor, Tensor]:
        """Strength and place (sample) of the strongest peaks, in order of time; both [batch, beat]."""
        slope = signal[:, : self.leads].detach().diff(dim=-1).square().sum(1, keepdim=True)
        energy = functional.avg_pool1d(functional.pad(slope, (0, 1)), self.smooth, 1, self.smooth // 2)
        highest = functional.max_pool1d(energy, 2 * self.reach + 1, 1, self.reach)
        rising = energy > functional.pad(energy, (1, 0))[..., :-1]  # of equal neighbours the first
        peaks = torch.where((energy >= highest) & rising, energy, torch.zeros_like(energy))[:, 0]
        if peaks.shape[1] < self.beats:
            peaks = functional.pad(peaks, (0, self.beats - peaks.shape[1]))
        place = peaks.topk(self.beats, 1).indices.sort(1).values
        return peaks.gather(1, place), place.clamp(max=signal.shape[2] - 1)
