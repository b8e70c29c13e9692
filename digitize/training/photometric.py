"""Changes of light, lens and file for pages from disk, by albumentations (the only module that imports it)."""

from __future__ import annotations

import os
import random
from functools import cache

import numpy as np

# Without this the package asks its maker's server for a newer version whenever it is imported.
os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")

import albumentations as A


@cache
def _chain() -> A.Compose:
    return A.Compose(
        [
            A.RandomBrightnessContrast(brightness_limit=0.2, contrast_limit=0.25, p=0.6),
            A.HueSaturationValue(hue_shift_limit=8, sat_shift_limit=20, val_shift_limit=15, p=0.4),
            A.OneOf([A.GaussianBlur(blur_limit=(3, 5)), A.MotionBlur(blur_limit=(3, 5))], p=0.25),
            A.GaussNoise(std_range=(0.01, 0.06), p=0.4),
            A.ImageCompression(quality_range=(35, 95), p=0.4),
        ]
    )


def augment(pixels: np.ndarray, seed: int) -> np.ndarray:
    """The same page photographed differently, uint8 [row, col, RGB]; nothing moves, so the truth stays right.

    A pure function of the picture and the seed.
    """
    chain = _chain()
    chain.set_random_state(np.random.default_rng(seed), random.Random(seed))
    changed: np.ndarray = chain(image=pixels)["image"]
    return changed
