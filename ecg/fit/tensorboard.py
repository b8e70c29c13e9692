"""TensorBoard, with the tags that every run shares."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from torch.utils.tensorboard import SummaryWriter


class TensorBoardLog:
    """Writes `Train/<name>_loss`, `Train/lr`, `Val/<metric>`, and pictures and histograms under names of their own.

    What an earlier, interrupted start wrote from step `since` on is hidden.
    """

    def __init__(self, folder: Path, since: int = 0) -> None:
        self._writer = SummaryWriter(str(folder), purge_step=since or None)

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

    def figure(self, name: str, figure: Figure, step: int) -> None:
        """A matplotlib figure as a picture."""
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        self.image(name, np.asarray(canvas.buffer_rgba())[..., :3], step)

    def histogram(self, name: str, values: np.ndarray, step: int) -> None:
        """How values are spread; nothing where there is none."""
        if values.size:
            self._writer.add_histogram(name, values, step)

    def pr_curve(self, name: str, probability: np.ndarray, target: np.ndarray, step: int) -> None:
        """Precision over recall for TensorBoard's own page of such curves; both arrays [record]."""
        self._writer.add_pr_curve(name, target, probability, step)

    def close(self) -> None:
        self._writer.close()
