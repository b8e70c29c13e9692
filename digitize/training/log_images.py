"""What a pass sees, as pictures for TensorBoard: overlay, heads, predicted and true traces."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Protocol

import cv2
import numpy as np
from matplotlib.figure import Figure
from torch import Tensor

from digitize.trace.path_decoding import decode_columns
from ecg.leads import STANDARD

_TRUE, _PREDICTED = (0, 160, 0), (220, 0, 0)
_SCALE = 2  # the overlay is drawn larger than the network sees, so that both lines can be seen


class ImageLog(Protocol):
    """What pictures and histograms are given to: TensorBoard, or a folder."""

    def image(self, name: str, pixels: np.ndarray, step: int) -> None: ...
    def figure(self, name: str, figure: Figure, step: int) -> None: ...
    def histogram(self, name: str, values: np.ndarray, step: int) -> None: ...


def show_example(log: ImageLog, step: int, index: int, batch: Mapping[str, Tensor], out: Mapping[str, Tensor]) -> None:
    """All pictures of one page of a batch under `Val/...`; the truth in green, the prediction in red."""
    image = (batch["image"][index, :3].permute(1, 2, 0).numpy() * 255).astype(np.uint8)
    log.image(f"Val/heads/{index}", heads(index, batch, out), step)
    if "signal" in out:
        true = batch["signal"][index].numpy()
        predicted = decode_columns(out["signal"][index])[0].numpy()
        predicted = np.where(out["signal_valid"][index].numpy() > 0, predicted, np.nan)
        log.image(f"Val/overlay/{index}", overlay(image, true, predicted), step)
        log.figure(f"Val/traces/{index}", traces(true, predicted), step)


def overlay(image: np.ndarray, true: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Both sets of curves [lead, column] (heights in px, NaN where none) over the picture, uint8 RGB."""
    canvas = cv2.resize(image, None, fx=_SCALE, fy=_SCALE, interpolation=cv2.INTER_CUBIC)
    per_px = true.shape[1] / image.shape[1]
    x = (np.arange(true.shape[1]) + 0.5) / per_px
    for curves, colour in ((true, _TRUE), (predicted, _PREDICTED)):
        for row in curves:
            points = np.round(np.stack([x, row + 0.5], -1) * _SCALE * 16)
            for a, b in pairwise(points):
                if np.isfinite([a, b]).all():
                    cv2.line(canvas, a.astype(int).tolist(), b.astype(int).tolist(), colour, 1, cv2.LINE_AA, 4)
    return canvas


def heads(index: int, batch: Mapping[str, Tensor], out: Mapping[str, Tensor]) -> np.ndarray:
    """The dense heads below each other, the truth left and the prediction right, uint8 RGB."""
    rows = []
    for name in ("seg", "grid", "baseline"):
        if name not in out:
            continue
        true = batch[name][index].numpy()
        if name == "seg":
            classes = out[name].shape[1]
            pair = [_coloured(m / max(classes - 1, 1)) for m in (true, out[name][index].argmax(0).numpy())]
        else:
            pair = [_coloured(m) for m in (true[0], out[name][index, 0].sigmoid().numpy())]
        rows.append(np.concatenate(pair, axis=1))
    return np.concatenate(rows, axis=0) if rows else np.zeros((1, 1, 3), np.uint8)


def _coloured(share: np.ndarray) -> np.ndarray:
    """A map in 0..1 in colours, black where it is nothing."""
    share = np.nan_to_num(share)
    bgr = cv2.applyColorMap((np.clip(share, 0, 1) * 255).astype(np.uint8), cv2.COLORMAP_TURBO)
    bgr[share <= 0.02] = 0
    return cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)


def traces(true: np.ndarray, predicted: np.ndarray) -> Figure:
    """The curves lead by lead, heights in px growing upwards."""
    figure = Figure(figsize=(12, 1.2 * len(true) + 0.8), layout="constrained")
    views = np.atleast_1d(figure.subplots(len(true), 1, sharex=True))
    for lead, view in enumerate(views):
        view.plot(-predicted[lead], color=np.array(_PREDICTED) / 255, linewidth=0.8, label="predicted")
        view.plot(-true[lead], color=np.array(_TRUE) / 255, linewidth=0.8, label="true")
        view.set_ylabel(STANDARD[lead] if len(true) == len(STANDARD) else "row", rotation=0)
        view.set_yticks([])
    views[0].legend(loc="upper right", fontsize=7, ncols=2)
    return figure
