"""TensorBoard, with the tags that every run shares."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np


class Board:
    """Writes `Train/<name>_loss`, `Train/total_loss`, `Train/lr`, `Val/<metric>` and pictures."""

    def __init__(self, folder: Path) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._writer = SummaryWriter(str(folder))

    def train(self, losses: Mapping[str, float], lr: float, step: int) -> None:
        for name, value in losses.items():
            self._writer.add_scalar(f"Train/{name}_loss", value, step)
        self._writer.add_scalar("Train/lr", lr, step)

    def validation(self, metrics: Mapping[str, float], step: int) -> None:
        for name, value in metrics.items():
            self._writer.add_scalar(f"Val/{name}", value, step)

    def image(self, name: str, pixels: np.ndarray, step: int) -> None:
        """A picture, uint8 [row, col, RGB]."""
        self._writer.add_image(name, pixels, step, dataformats="HWC")

    def close(self) -> None:
        self._writer.close()
