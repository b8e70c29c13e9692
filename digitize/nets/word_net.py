"""The word reader: a small detector of lead names and of the words for speed and gain."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from ecg.leads import STANDARD

PX_PER_MM = 6.0
STRIDE = 4
SPEEDS = ("25 mm/s", "50 mm/s", "12.5 mm/s")
GAINS = ("10 mm/mV", "5 mm/mV", "20 mm/mV")
TURNED = "turned"  # a name that stands on its head, whichever it is
LEADS = (*STANDARD, "-aVR")
WORDS = (*LEADS, *SPEEDS, *GAINS, TURNED)  # the network's channels
_BLANK_LOGIT = -4.0  # the channels' bias before training: words are rare


@dataclass(frozen=True)
class WordNetSpec:
    """What a `WordNet` looks like; saved with its weights. `dilations` has one entry for every residual layer."""

    stem: tuple[int, int] = (24, 48)
    width: int = 64
    dilations: tuple[int, ...] = (1, 2, 4, 2, 1)


class WordNet(nn.Module):
    """Image [batch, 3, row, col] in 0..1 to logits [batch, word, row / 4, col / 4] of a word's centre being there.

    A small detector in the manner of CenterNet (Zhou et al. 2019) without sizes: all words are about as large.
    """

    def __init__(self, spec: WordNetSpec) -> None:
        super().__init__()
        first, second = spec.stem
        self.stem = nn.Sequential(_layer(3, first, 2), _layer(first, second, 2), _layer(second, spec.width))
        self.body = nn.ModuleList(_layer(spec.width, spec.width, 1, d) for d in spec.dilations)
        self.head = nn.Conv2d(spec.width, len(WORDS), 1)
        nn.init.constant_(self.head.bias, _BLANK_LOGIT)  # type: ignore[arg-type]

    def forward(self, image: Tensor) -> Tensor:
        features = self.stem(((image - 0.5) * 4).to(self.head.weight.dtype))
        for layer in self.body:
            features = features + layer(features)
        out: Tensor = self.head(features)
        return out


def _layer(before: int, after: int, stride: int = 1, dilation: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, after, 3, stride, dilation, dilation, bias=False), nn.BatchNorm2d(after), nn.ReLU()
    )
