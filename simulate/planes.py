"""Pictures as float planes: the small sums that all effects share."""

from __future__ import annotations

import cv2
import numpy as np

Image = np.ndarray  # float32 [row, col, RGB] in 0..1


def three(plane: np.ndarray) -> np.ndarray:
    """The plane [row, col] as [row, col, 3]: far quicker to compute with than broadcasting over three channels."""
    return cv2.merge([plane, plane, plane])


def shaded(image: Image, shade: np.ndarray) -> Image:
    """The picture times a smooth shade in fewer pixels, [row, col] or [row, col, RGB]."""
    few = np.asarray(shade, np.float32)
    full = cv2.resize(few if few.ndim == 3 else three(few), image.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return cv2.multiply(image, full, dst=full)


# --- effects: image, strength in 0..1, rng -> image -------------------------------------------------------------------
