"""What scanners, copiers, faxes and files do to a picture."""

from __future__ import annotations

from io import BytesIO

import cv2
import numpy as np
from PIL import Image as Picture

from simulate.raster.float_image import Image, three

# --- effects: image, strength in 0..1, rng -> image -------------------------------------------------------------------


def streaks(image: Image, strength: float, rng: np.random.Generator) -> Image:
    """Lines along the scanner's travel, where its glass or sensor is dirty; and its slow banding."""
    is_down = rng.random() < 0.7
    count = image.shape[1] if is_down else image.shape[0]
    shade = 1 + 0.02 * strength * np.interp(np.arange(count), np.linspace(0, count, 60), rng.normal(size=60))
    for _ in range(int(rng.integers(1, 7))):
        at, wide = int(rng.integers(count)), int(rng.integers(1, 4))
        shade[at : at + wide] *= 1 + strength * rng.uniform(-0.5, 0.15)
    line = np.repeat(shade.astype(np.float32), 3) if is_down else shade.astype(np.float32)[:, None]
    return (image.reshape(len(image), -1) * line).reshape(image.shape)


# --- effects on whole levels: pixels (uint8), strength in 0..1, rng -> pixels -----------------------------------------


def dust(pixels: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """Specks and hairs on the glass."""
    rows, cols = pixels.shape[:2]
    for _ in range(int(strength * rng.random() * rows * cols / 1e5) + 1):
        at, tone = rng.uniform((0, 0), (cols, rows)), int(rng.choice([25, 90, 240]))
        hair = np.cumsum(rng.normal(0, 1, (int(rng.choice([2, 2, 2, 30])), 2)), 0) * rng.uniform(0.3, 1.5) + at
        cv2.polylines(pixels, [np.round(hair * 16).astype(np.int32)], False, (tone,) * 3, 1, cv2.LINE_AA, 4)
    return pixels


def threshold(pixels: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """A fax: black or white against the local mean."""
    rows, cols = pixels.shape[:2]
    level = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(level, (cols // 4 + 1, rows // 4 + 1), interpolation=cv2.INTER_AREA)
    local = cv2.convertScaleAbs(cv2.GaussianBlur(small, (0, 0), 3), alpha=rng.uniform(0.80, 0.95))
    hard = cv2.compare(level, cv2.resize(local, (cols, rows), interpolation=cv2.INTER_LINEAR), cv2.CMP_GT)
    return cv2.addWeighted(three(hard), strength, pixels, 1 - strength, 0)


def coarse(pixels: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """A picture that was made up to 2.2 times smaller on its way, well or badly; its files hold the small one."""
    rows, cols = pixels.shape[:2]
    factor = 1 / (1 + 1.2 * strength)
    size = (max(1, round(cols * factor)), max(1, round(rows * factor)))  # fx, fy would map by the unrounded factor
    return cv2.resize(pixels, size, interpolation=int(rng.choice([cv2.INTER_AREA, cv2.INTER_LINEAR])))


def enlarged(pixels: np.ndarray, size_px: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """A picture that was made smaller at the (width, height) that it had before."""
    how = int(rng.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4], p=[0.45, 0.45, 0.1]))
    return cv2.resize(pixels, size_px, interpolation=how) if pixels.shape[1::-1] != size_px else pixels


def jpeg(pixels: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """A lossy file, quality 95 down to 20, its colours at half resolution or not; some were saved twice."""
    chroma = cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420 if rng.random() < 0.7 else cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444
    options = [cv2.IMWRITE_JPEG_QUALITY, int(95 - 75 * strength), cv2.IMWRITE_JPEG_SAMPLING_FACTOR, chroma]
    for _ in range(1 + int(rng.random() < 0.25)):
        _, data = cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), options)
        pixels = _opened(data)
    return pixels


def webp(pixels: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """A lossy WebP file, quality 90 down to 20."""
    file = BytesIO()
    # The slower methods make the same picture in a smaller file.
    Picture.fromarray(pixels).save(file, "WEBP", quality=int(90 - 70 * strength), method=0)
    return _opened(np.frombuffer(file.getbuffer(), np.uint8))


def _opened(data: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR)), cv2.COLOR_BGR2RGB)
