"""The encoder of CLOCS: a small convolutional network for a frame of one lead."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional

from classify.nets.layers import by_lead, channels_per_lead
from classify.nets.trunk import Trunk

_WIDTHS = (4, 16, 32)


class ClocsEncoder(Trunk):
    """Every frame of every lead by one network, the mean over frames, the leads side by side.

    Convolutions of 7 samples with stride 3, batch norm, ReLU, max pool and dropout thrice, then a linear layer to
    `embedding`. A frame is half of the `samples` unless `frame` says otherwise.
    """

    def __init__(
        self,
        channels: int,
        samples: int,
        leads: int | None = None,
        embedding: int = 128,
        frame: int = 0,
        dropout: float = 0.1,
        stride: int = 3,
    ) -> None:
        super().__init__()
        self.leads, each = channels_per_lead(channels, leads)
        self.frame = frame or samples // 2
        layers: list[nn.Module] = []
        steps = self.frame
        for before, width in pairwise((each, *_WIDTHS)):
            layers += [nn.Conv1d(before, width, 7, stride), nn.BatchNorm1d(width), nn.ReLU(), nn.MaxPool1d(2)]
            layers.append(nn.Dropout(dropout))
            steps = ((steps - 7) // stride + 1) // 2
        if steps < 1:
            raise ValueError(
                f"a frame of {self.frame} samples is too short for stride {stride}: raise frame or samples"
            )
        self.layers = nn.Sequential(*layers, nn.Flatten(1), nn.Linear(_WIDTHS[-1] * steps, embedding))
        self.width = self.leads * embedding

    def frames(self, signal: Tensor) -> Tensor:
        """The embedding of every frame of every lead: [batch, lead, frame, embedding]."""
        rows = by_lead(signal, self.leads).transpose(1, 2)
        short = max(self.frame - rows.shape[-1], 0)
        cut = functional.pad(rows, (0, short)).unfold(3, self.frame, self.frame).transpose(2, 3)
        return self.layers(cut.flatten(0, 2)).unflatten(0, cut.shape[:3])

    def encode(self, signal: Tensor) -> Tensor:
        return self.frames(signal).mean(2).flatten(1)
