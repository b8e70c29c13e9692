"""Ways in which a clean page gets worse: one small function each, the same every time for the same seed.

Each takes pixels (uint8 [row, col, RGB]) and a random generator and returns pixels; the page stays whole in the picture
and is never stretched by more than the name says.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import cv2
import numpy as np
from PIL import Image

from ecg.page import Page

Stress = Callable[[np.ndarray, np.random.Generator], np.ndarray]

_WHITE = (255, 255, 255)
_PAGE_MM = 280.0  # the usual width of a printed page, to turn mm into px where no scale is known


def stressed(page: Page, name: str, seed: int = 0) -> Page:
    """The page after one of `STRESSES`; the same page, name and seed give the same pixels."""
    rng = np.random.default_rng([seed, zlib.crc32(f"{name} {page.stem}".encode())])
    pixels = np.ascontiguousarray(STRESSES[name](page.pixels, rng))
    dpi = page.dpi and (page.dpi / 2 if name == "half" else page.dpi)
    return replace(page, pixels=pixels, dpi=dpi, drawing=None)  # what the file drew does not suffer


def paper_moves(name: str, size_px: tuple[int, int]) -> np.ndarray | None:
    """The matrix [3, 3] by which a stress moves the points of a page (width, height) large; None where no one can."""
    if name in ("none", "noise", "jpeg30", "grey", "black_and_white", "blur", "shadow", "fold"):
        return np.eye(3)
    if name == "half":
        return np.array([[0.5, 0, -0.25], [0, 0.5, -0.25], [0, 0, 1]])  # pixel centres have whole coordinates
    if name.startswith("rotate"):
        return np.vstack([_turn(size_px, float(name.removeprefix("rotate")))[0], [0, 0, 1]])
    return None


def noise(pixels: np.ndarray, rng: np.random.Generator, sigma: float = 12.0) -> np.ndarray:
    return _to_uint8(pixels + np.float32(sigma) * rng.standard_normal(pixels.shape, np.float32))


def half(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return cv2.resize(pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)


def jpeg(pixels: np.ndarray, rng: np.random.Generator, quality: int = 30) -> np.ndarray:
    packed = io.BytesIO()
    Image.fromarray(pixels).save(packed, "JPEG", quality=quality)
    return np.asarray(Image.open(packed))


def rotate(pixels: np.ndarray, rng: np.random.Generator, degrees: float) -> np.ndarray:
    """Clockwise as seen, on a white sheet large enough to hold every corner."""
    if degrees % 90 == 0:
        return np.rot90(pixels, -round(degrees / 90))
    turn, size = _turn((pixels.shape[1], pixels.shape[0]), degrees)
    return cv2.warpAffine(pixels, turn, size, flags=cv2.INTER_CUBIC, borderValue=_WHITE)


def _turn(size_px: tuple[int, int], degrees: float) -> tuple[np.ndarray, tuple[int, int]]:
    """The matrix [2, 3] that turns a picture (width, height) large, and the size of one that holds all of it."""
    width, height = size_px
    turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), -degrees, 1.0)
    cos, sin = np.round(np.abs(turn[0, :2]), 9)
    size = (int(np.ceil(width * cos + height * sin)), int(np.ceil(width * sin + height * cos)))
    turn[:, 2] = turn[:, 2] + (np.array(size) - (width, height)) / 2
    return turn, size


def grey(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return _three(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY))


def black_and_white(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A fax: what is darker than Otsu's threshold (1979) is black, be it trace or grid; a paler grid is lost."""
    luma = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    return _three(cv2.threshold(luma, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)[1])


def blur(pixels: np.ndarray, rng: np.random.Generator, sigma: float = 1.5) -> np.ndarray:
    return cv2.GaussianBlur(pixels, (0, 0), sigma)


def perspective(pixels: np.ndarray, rng: np.random.Generator, share: float = 0.06) -> np.ndarray:
    """Every corner moves inwards by up to a share of width and height, on a table of even grey."""
    height, width = pixels.shape[:2]
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]])
    moved = corners + rng.uniform(0.2, 1.0, (4, 2)) * share * np.where(corners, -1, 1)
    size = np.array([width - 1, height - 1])
    tilt = cv2.getPerspectiveTransform((corners * size).astype(np.float32), (moved * size).astype(np.float32))
    return cv2.warpPerspective(pixels, tilt, (width, height), flags=cv2.INTER_CUBIC, borderValue=(150, 150, 150))


def shadow(pixels: np.ndarray, rng: np.random.Generator, depth: float = 0.45) -> np.ndarray:
    """Half the page darker, with a soft edge in any direction, as a hand or a phone casts it."""
    x, y = _coordinates(pixels)
    angle = rng.uniform(0, 2 * np.pi)
    across = (x - 0.5) * float(np.cos(angle)) + (y - 0.5) * float(np.sin(angle)) + rng.uniform(-0.2, 0.2)
    light = 1 - depth * _step(across / 0.06)
    return _to_uint8(pixels * light[..., None])


def fold(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One crease from edge to edge: a thin dark line, a pale rim, and the far half a little darker."""
    x, y = _coordinates(pixels)
    aspect = pixels.shape[0] / pixels.shape[1]
    lean = rng.uniform(-0.08, 0.08)
    if rng.random() < 0.5:
        away_mm = (x - rng.uniform(0.3, 0.7) + lean * (y - 0.5)) * _PAGE_MM
    else:
        away_mm = (y - rng.uniform(0.3, 0.7) + lean * (x - 0.5)) * _PAGE_MM * aspect
    line = -0.35 * np.exp(-((away_mm / 0.35) ** 2)) + 0.1 * np.exp(-(((away_mm - 1.2) / 0.8) ** 2))
    far_side = -0.08 * _step(away_mm / 0.5) * np.exp(-np.abs(away_mm) / 60)
    return _to_uint8(pixels * (1 + line + far_side)[..., None])


def curl(pixels: np.ndarray, rng: np.random.Generator, rise_mm: float = 3.0) -> np.ndarray:
    """A page bowed like a roof tile and seen from below the middle: straight lines become arcs `rise_mm` high."""
    height, width = pixels.shape[:2]
    rise_px = rise_mm * width / _PAGE_MM
    pad = int(np.ceil(rise_px)) + 1
    y, x = np.mgrid[0 : height + pad, 0:width].astype(np.float32)
    arc = rise_px * np.sin(np.pi * x / (width - 1))
    # Seen from the front, paper on the slopes looks narrower: x moves by the slope's own share.
    along = x + 0.3 * rise_px * np.sin(2 * np.pi * x / (width - 1))
    return _remap(pixels, along, y - arc)


def stretch(pixels: np.ndarray, rng: np.random.Generator, share: float = 0.015) -> np.ndarray:
    """Paper fed unevenly: the local scale swings by +-`share` along both axes, edges stay where they are."""
    height, width = pixels.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    return _remap(pixels, x + _swing(x, width, share, rng), y + _swing(y, height, share, rng))


def desk(pixels: np.ndarray, rng: np.random.Generator, margin: float = 0.5) -> np.ndarray:
    """The page on a dark wooden desk that is wider and higher than it by half."""
    height, width = pixels.shape[:2]
    tall, wide = round(height * (1 + margin)), round(width * (1 + margin))
    grain = cv2.resize(rng.normal(0, 1, (tall // 8 + 1, wide // 200 + 2)).astype(np.float32), (wide, tall))
    grain = 14 * grain + 4 * rng.standard_normal((tall, wide), np.float32)
    picture = _to_uint8(np.array([110, 78, 52], np.float32) + grain[..., None])
    top, left = rng.integers(0, tall - height + 1), rng.integers(0, wide - width + 1)
    picture[top : top + height, left : left + width] = pixels
    return picture


STRESSES: Mapping[str, Stress] = {
    "noise": noise,
    "half": half,
    "jpeg30": jpeg,
    "rotate0.5": partial(rotate, degrees=0.5),
    "rotate2": partial(rotate, degrees=2),
    "rotate10": partial(rotate, degrees=10),
    "rotate90": partial(rotate, degrees=90),
    "rotate180": partial(rotate, degrees=180),
    "grey": grey,
    "black_and_white": black_and_white,
    "blur": blur,
    "perspective": perspective,
    "shadow": shadow,
    "fold": fold,
    "curl": curl,
    "stretch": stretch,
    "desk": desk,
}


def _step(values: np.ndarray) -> np.ndarray:
    """0 to 1 along a logistic curve."""
    return 0.5 + 0.5 * np.tanh(values / 2)


def _to_uint8(values: np.ndarray) -> np.ndarray:
    return np.clip(values + 0.5, 0, 255).astype(np.uint8)


def _three(luma: np.ndarray) -> np.ndarray:
    return np.repeat(luma[..., None], 3, axis=2)


def _coordinates(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(x, y) of every pixel in 0..1 across and down, float32, ready to broadcast."""
    height, width = pixels.shape[:2]
    return np.linspace(0, 1, width, dtype=np.float32)[None, :], np.linspace(0, 1, height, dtype=np.float32)[:, None]


def _swing(position: np.ndarray, size: int, share: float, rng: np.random.Generator) -> np.ndarray:
    """A displacement whose slope is a sine of amplitude `share`, 0 at both ends."""
    waves = rng.integers(1, 3)
    return share * (size - 1) / (2 * np.pi * waves) * (1 - np.cos(2 * np.pi * waves * position / (size - 1)))


def _remap(pixels: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Each new pixel taken from (x, y) of the old picture; white where there was none."""
    return cv2.remap(
        pixels, x.astype(np.float32), y.astype(np.float32), cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT,
        borderValue=_WHITE,
    )  # fmt: skip
