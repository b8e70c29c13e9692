"""A small convolutional network for single beats that stand beside their intervals and shape."""

from __future__ import annotations

import torch
from torch import Tensor

from classify.nets.resnet import ResNet1d
from classify.nets.trunk import Trunk


class BeatCnn(Trunk):
    """A narrow residual network whose few outputs are hidden from whole beats by chance in training.

    A network that may lean on the signal learns the beats of its few patients by heart and never looks at the
    intervals; for the share `hidden_share` of the examples the features beside it must do alone.
    """

    def __init__(
        self,
        channels: int,
        samples: int,
        widths: tuple[int, ...] = (8, 12, 16),
        kernel: int = 5,
        width: int = 16,
        hidden_share: float = 0.5,
    ) -> None:
        super().__init__()
        self.shape = ResNet1d(width, channels, samples, widths, blocks=1, kernel=kernel, dropout=0.0)
        self.width, self.hidden_share = width, hidden_share

    def encode(self, signal: Tensor) -> Tensor:
        shape = torch.tanh(self.shape(signal))
        if self.training:
            shape = shape * (torch.rand(len(shape), 1, device=shape.device) >= self.hidden_share)
        return shape
