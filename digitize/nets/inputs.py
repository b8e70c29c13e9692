"""What the networks take: the sizes and classes of both passes, and how pixels become their input."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from torch import Tensor

PAGE_SIZE_PX = (672, 512)  # (width, height) of the page pass where a recipe says nothing else
PULSE, TEXT = 13, 14  # classes of the page pass after background and the twelve leads
ROW_PX_PER_MM = 8.0
ROW_COLUMNS_PER_PX = 2  # a column is 2.5 ms at 25 mm/s
ROW_HEIGHT_PX = 320
ROW_TARGET, ROW_OTHER, ROW_PULSE, ROW_TEXT = 1, 2, 3, 4
ROW_CLASSES = 5
EDGE_COLUMNS = 1.2  # spread of the mark where a lead begins or ends


def fit_matrix(size_px: tuple[int, int], into_px: tuple[int, int] = PAGE_SIZE_PX) -> np.ndarray:
    """The matrix [3, 3] that turns a portrait picture a quarter clockwise, scales it and centres it in `into_px`."""
    width, height = size_px
    turn = np.eye(3)
    if height > width:
        turn = np.array([[0, -1, height - 1], [1, 0, 0], [0, 0, 1.0]])
        width, height = height, width
    scale = min(into_px[0] / width, into_px[1] / height)
    dx, dy = (into_px[0] - scale * width) / 2, (into_px[1] - scale * height) / 2
    # Pixel centres have whole coordinates, so edges lie at -0.5.
    place = np.array([[scale, 0, dx + 0.5 * scale - 0.5], [0, scale, dy + 0.5 * scale - 0.5], [0, 0, 1.0]])
    return place @ turn


def fit_image(pixels: np.ndarray, matrix: np.ndarray, into_px: tuple[int, int] = PAGE_SIZE_PX) -> np.ndarray:
    """The picture under `fit_matrix`, averaged down first so that nothing aliases; uint8 [row, col, RGB]."""
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:2, :2]))))
    shrink = max(1, int(1 / scale))
    if shrink > 1:
        # Every small pixel is the mean of shrink x shrink large ones, also where the sides are no multiples of it.
        pixels = cv2.resize(pixels, None, fx=1 / shrink, fy=1 / shrink, interpolation=cv2.INTER_AREA)
        matrix = matrix @ np.array([[shrink, 0, (shrink - 1) / 2], [0, shrink, (shrink - 1) / 2], [0, 0, 1.0]])
    return cv2.warpPerspective(
        pixels, matrix, into_px, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=(128, 128, 128)
    )


def to_tensor(pixels: np.ndarray) -> Tensor:
    """uint8 [row, col, channel] to float [channel, row, col] in 0..1."""
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1))).float() / 255


def with_height(image: Tensor, below_mm: float = 0.0) -> Tensor:
    """Add the fourth channel of the row pass: the height below the row's zero line in units of 40 mm, around 0.5.

    The picture's middle lies `below_mm` under the zero line.
    """
    rows, cols = image.shape[-2:]
    height = ((torch.arange(rows) - (rows - 1) / 2) / ROW_PX_PER_MM + below_mm) / 40 + 0.5
    return torch.cat([image, height[:, None].expand(1, rows, cols)], 0)


def column_centres_px(width_px: int) -> np.ndarray:
    """Where the row pass's columns lie across, px, float64 [column]."""
    return (np.arange(width_px * ROW_COLUMNS_PER_PX) + 0.5) / ROW_COLUMNS_PER_PX - 0.5
