"""MINA: attention over beats, rhythm and frequency bands, each guided by what a doctor looks at."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from scipy import signal as dsp
from torch import Tensor, nn

from classify.nets.layers import by_lead, channels_per_lead
from classify.nets.trunk import Trunk

BANDS_HZ = ((0.001, 0.5), (0.5, 50.0), (50.0, None))  # wander, ECG, noise; the raw signal is a fourth
# The document's candidates for more bands.
_TOP = 0.4  # of the rate: the highest edge of a band that such a short filter still makes


class Guided(Trunk):
    """A network for each band of one lead: convolution, attention over the beat, LSTM, attention over the rhythm.

    The bands are weighed by attention. What guides each: the change of the signal, the spread of its segments, the
    power of its band. `samples` of a recording last `seconds`; `segment` is in samples. Maps of the attention are what
    the `Weigh` modules give, which a hook sees.
    """

    def __init__(
        self,
        channels: int,
        samples: int,
        leads: int | None = None,
        lead: int = 0,
        bands_hz: Sequence[tuple[float, float | None]] = BANDS_HZ,
        segment: int = 50,
        width: int = 64,
        units: int = 32,
        dropout: float = 0.5,
        seconds: float = 10.0,
    ) -> None:
        super().__init__()
        self.leads, _ = channels_per_lead(channels, leads)
        self.lead, self.segment = lead, segment
        kernels = _filters(bands_hz, samples / seconds)
        self.register_buffer("filters", kernels, False)
        self.nets = nn.ModuleList(_Band(segment, width, units, dropout) for _ in range(len(kernels) + 1))
        self.weigh = Weigh(8 + 1, 2)
        self.width = 8

    def encode(self, signal: Tensor) -> Tensor:
        one = by_lead(signal, self.leads)[:, :1, self.lead]
        filters: Tensor = self.filters  # type: ignore[assignment]
        filtered = nn.functional.conv1d(one, filters, padding=filters.shape[-1] // 2)
        bands = torch.cat((filtered, one), 1)
        segments = bands.unfold(2, self.segment, self.segment)
        made = torch.stack([net(segments[:, k]) for k, net in enumerate(self.nets)], 1)
        power = bands.square().mean(-1, keepdim=True)  # the sum of the periodogram, by Parseval
        return self.weigh(made, torch.log1p(power))


class Weigh(nn.Module):
    """Items [..., item, width] added by their attention: a softmax over items of what tanh layers say, guided."""

    def __init__(self, inputs: int, inner: int) -> None:
        super().__init__()
        self.score = nn.Sequential(nn.Linear(inputs, inner), nn.Tanh(), nn.Linear(inner, 1, bias=False))
        self.share = nn.Softmax(-2)  # a hook here sees the weights [..., item, 1]

    def forward(self, items: Tensor, guide: Tensor) -> Tensor:
        return (items * self.share(self.score(torch.cat((items, guide), -1)))).sum(-2)


class _Band(nn.Module):
    """Segments [batch, segment, sample] of a band to [batch, 8]."""

    def __init__(self, segment: int, width: int, units: int, dropout: float) -> None:
        super().__init__()
        kernel = min(32, segment)
        self.conv, self.change = nn.Conv1d(1, width, kernel, 2), nn.Conv1d(1, 1, kernel, 2)
        self.beat = Weigh(width + 1, 8)
        self.lstm = nn.LSTM(width, units, batch_first=True, bidirectional=True)
        self.rhythm = Weigh(2 * units + 1, 8)
        self.out = nn.Sequential(nn.Linear(2 * units, 8), nn.ReLU(), nn.Dropout(dropout))

    def forward(self, segments: Tensor) -> Tensor:
        rows = segments.flatten(0, 1)[:, None]
        change = nn.functional.pad(rows.diff(dim=-1).abs(), (1, 0))
        beats = self.beat(torch.relu(self.conv(rows)).transpose(1, 2), self.change(change).transpose(1, 2))
        states, _ = self.lstm(beats.unflatten(0, segments.shape[:2]))
        return self.out(self.rhythm(states, segments.std(-1, keepdim=True)))


def _filters(bands_hz: Sequence[tuple[float, float | None]], rate_hz: float) -> Tensor:
    """Linear-phase filters [band, 1, tap] of four seconds; edges above 0.4 of the rate are brought down to it."""
    taps, top = 2 * round(2 * rate_hz) + 1, _TOP * rate_hz
    made = []
    for low, high in bands_hz:
        edges: list[float] = [min(low, top), *([min(high, top)] if high is not None else [])]
        kind = "highpass" if high is None else "bandpass"
        made.append(torch.tensor(dsp.firwin(taps, edges, pass_zero=kind, fs=rate_hz).tolist()))
    return torch.stack(made)[:, None]
