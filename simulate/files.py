"""What scanners, copiers, faxes and files do to a picture. Effects: image, strength in 0..1, rng -> image."""

from __future__ import annotations

from io import BytesIO

import cv2
import numpy as np
from PIL import Image as Picture

from simulate.planes import Image, three


def coarse(image: Image, strength: float, rng: np.random.Generator) -> Image:
    """A picture that was small once: shrunk up to 2.2 times and enlarged again."""
    rows, cols = image.shape[:2]
    factor = 1 / (1 + 1.2 * strength)
    size = (max(1, round(cols * factor)), max(1, round(rows * factor)))  # fx, fy would map by the unrounded factor
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (cols, rows), interpolation=int(rng.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC])))


def streaks(image: Image, strength: float, rng: np.random.Generator) -> Image:
    """Lines along the scanner's travel, where its glass or sensor is dirty; and its slow banding."""
    is_down = rng.random() < 0.7
    count = image.shape[1] if is_down else image.shape[0]
    shade = 1 + 0.02 * strength * np.interp(np.arange(count), np.linspace(0, count, 60), rng.normal(size=60))
    for _ in range(int(rng.integers(1, 7))):
        at, wide = int(rng.integers(count)), int(rng.integers(1, 4))
        shade[at : at + wide] *= 1 + strength * rng.uniform(-0.5, 0.15)
    line = shade.astype(np.float32)
    return np.asarray(image * (line[None, :, None] if is_down else line[:, None, None]))


def dust(image: Image, strength: float, rng: np.random.Generator) -> Image:
    """Specks and hairs on the glass."""
    rows, cols = image.shape[:2]
    for _ in range(int(strength * rng.random() * rows * cols / 1e5) + 1):
        at, tone = rng.uniform((0, 0), (cols, rows)), float(rng.choice([0.1, 0.35, 0.95]))
        hair = np.cumsum(rng.normal(0, 1, (int(rng.choice([2, 2, 2, 30])), 2)), 0) * rng.uniform(0.3, 1.5) + at
        cv2.polylines(image, [np.round(hair * 16).astype(np.int32)], False, (tone,) * 3, 1, cv2.LINE_AA, 4)
    return image


def threshold(image: Image, strength: float, rng: np.random.Generator) -> Image:
    """A fax: black or white against the local mean."""
    rows, cols = image.shape[:2]
    level = cv2.transform(image, np.full((1, 3), 1 / 3))
    small = cv2.resize(level, (cols // 4 + 1, rows // 4 + 1), interpolation=cv2.INTER_AREA)
    local = cv2.resize(cv2.GaussianBlur(small, (0, 0), 3), (cols, rows), interpolation=cv2.INTER_LINEAR)
    hard = three((level > local * rng.uniform(0.80, 0.95)).astype(np.float32))
    return image + strength * (hard - image)


def jpeg(image: Image, strength: float, rng: np.random.Generator) -> Image:
    """A lossy file, quality 95 down to 20, its colours at half resolution or not; some were saved twice."""
    chroma = cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420 if rng.random() < 0.7 else cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444
    qualities = [int(95 - 75 * strength)] * (1 + int(rng.random() < 0.25))
    for quality in qualities:
        options = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, chroma]
        image = _through(".jpg", image, options)
    return image


def webp(image: Image, strength: float, rng: np.random.Generator) -> Image:
    """A lossy WebP file, quality 90 down to 20."""
    file = BytesIO()
    # The slower methods make the same picture in a smaller file.
    Picture.fromarray(_levels(image)).save(file, "WEBP", quality=int(90 - 70 * strength), method=1)
    return np.asarray(Picture.open(file), np.float32) / 255


def _levels(image: Image) -> np.ndarray:
    return (np.clip(image, 0, 1) * 255 + 0.5).astype(np.uint8)


def _through(kind: str, image: Image, options: list[int]) -> Image:
    """The picture written to a file in memory and read again."""
    bgr = cv2.cvtColor(_levels(image), cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode(kind, bgr, options)
    seen = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))
    return cv2.cvtColor(seen, cv2.COLOR_BGR2RGB).astype(np.float32) / 255
