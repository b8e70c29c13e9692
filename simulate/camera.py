"""The camera: where the paper lies in the picture (a `PageGeometry`), and what light, lens and file do to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from ecg.geometry import PageGeometry
from simulate.relief import Relief, seen_from_above

Image = np.ndarray  # float32 [row, col, RGB] in 0..1
Effect = Callable[[Image, float, np.random.Generator], Image]

_BOTH = np.empty(0, np.float32)  # as the second map of cv2.remap: both coordinates are in the first


@dataclass(frozen=True)
class View:
    """How a page is seen: `tilt_deg` and `distance` (in page diagonals) give the perspective, `bend_mm` the curl."""

    angle_deg: float = 0.0
    tilt_deg: float = 0.0
    tilt_axis_deg: float = 0.0
    distance: float = 3.0
    bend_mm: float = 0.0
    stretch: float = 0.0


def look(
    view: View,
    extent_mm: tuple[float, float, float, float],
    size_px: tuple[int, int],
    fill: float,
    shift: tuple[float, float],
    rng: np.random.Generator,
    relief: Relief | None = None,
) -> PageGeometry:
    """The geometry of a picture `size_px` (width, height) in which `extent_mm` takes up the share `fill` of the frame.

    `shift` moves the page by that share of the frame's free space or overhang, each in -1..1.
    """
    x0, y0, x1, y1 = extent_mm
    centre = np.array([(x0 + x1) / 2, (y0 + y1) / 2])
    diagonal = float(np.hypot(x1 - x0, y1 - y0))
    pose, rise = _pose(view, diagonal)
    pose = pose @ np.array([[1 + view.stretch, 0, -centre[0]], [0, 1, -centre[1]], [0, 0, 1.0]])
    corners = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
    seen = PageGeometry(pose).to_px(corners)
    low, high = seen.min(0), seen.max(0)
    scale = fill * min(size_px[0] / (high[0] - low[0]), size_px[1] / (high[1] - low[1]))
    room = (np.array(size_px) - scale * (high - low)) / 2
    offset = np.array(size_px) / 2 - scale * (low + high) / 2 + np.array(shift) * np.abs(room) - 0.5
    place = np.array([[scale, 0, offset[0]], [0, scale, offset[1]], [0, 0, 1]])
    bend = _bend(view.bend_mm, rng) if view.bend_mm > 0 else None
    if relief is not None:
        raised = seen_from_above(relief, pose, rise, extent_mm)
        bend = raised if bend is None else raised + cv2.resize(bend, raised.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    return PageGeometry(place @ pose, bend, extent_mm)


def _pose(view: View, diagonal_mm: float) -> tuple[np.ndarray, np.ndarray]:
    """Turn in the plane, tilt about an axis in the plane, look from a distance; and what a mm of height adds."""
    tilt, axis = np.radians(view.tilt_deg), np.radians(view.tilt_axis_deg)
    turn, _ = cv2.Rodrigues(np.array([0.0, 0.0, np.radians(view.angle_deg)]))
    lean, _ = cv2.Rodrigues(tilt * np.array([np.cos(axis), np.sin(axis), 0.0]))
    rotation = lean @ turn
    return np.column_stack([rotation[:, 0], rotation[:, 1], [0, 0, view.distance * diagonal_mm]]), -rotation[:, 2]


def _bend(amount_mm: float, rng: np.random.Generator) -> np.ndarray:
    """A smooth random displacement of about `amount_mm` at its largest, with a curl along one direction."""
    rows, cols = 7, 9
    field = np.stack(
        [cv2.resize(rng.normal(size=(4, 5)), (cols, rows), interpolation=cv2.INTER_CUBIC) for _ in (0, 1)], -1
    )
    along = rng.uniform(0, 2 * np.pi)
    t = np.cos(along) * np.linspace(-1, 1, cols) + np.sin(along) * np.linspace(-1, 1, rows)[:, None]
    curl = np.cos(np.pi * t * rng.uniform(0.3, 1.0) + rng.uniform(-1, 1))[..., None] * np.array(
        [np.cos(along), np.sin(along)]
    )
    field = 0.5 * field + rng.uniform(0, 2) * curl
    field -= field.mean((0, 1))
    return amount_mm * field / np.abs(field).max()


def photograph(
    raster: Image,
    px_per_mm: float,
    corner_mm: tuple[float, float],
    geometry: PageGeometry,
    size_px: tuple[int, int],
    behind: Image,
) -> Image:
    """Warp a flat raster (px = (mm - corner) * px_per_mm - 0.5) once into the picture.

    `behind` shows where there is no paper.
    """
    where = _at_every_pixel(lambda px: (geometry.to_mm(px) - corner_mm) * px_per_mm - 0.5, size_px, _pace(geometry))
    seen = np.empty((size_px[1], size_px[0], 3), np.float32)
    for first in range(0, size_px[1], 16):  # so few rows at a time that all of it stays in the cache
        band = slice(first, first + 16)
        cv2.remap(raster, where[band], _BOTH, cv2.INTER_LINEAR, dst=seen[band], borderMode=cv2.BORDER_REPLICATE)
        on_paper = _on_paper(where[band], raster.shape)
        if on_paper.min() < 1:
            seen[band] = behind[band] + (seen[band] - behind[band]) * _three(on_paper)
    return seen


def _on_paper(where: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """1 where a point [..., (x, y)] in px lies on the raster, falling to 0 within a pixel beyond its edge."""
    x, y = cv2.split(where)
    edge = np.minimum(np.minimum(x, shape[1] - 1 - x), np.minimum(y, shape[0] - 1 - y))
    return np.clip(edge + 1, 0, 1)


def pixel_mm(geometry: PageGeometry, size_px: tuple[int, int]) -> np.ndarray:
    """Paper mm of every pixel centre, float32 [row, col, (x, y)].

    On the paper it stays within a tenth of a pixel, for pictures of 600 px under the strongest tilt too.
    """
    return _at_every_pixel(geometry.to_mm, size_px, _pace(geometry))


def _pace(geometry: PageGeometry) -> float:
    """How far apart, in px of a picture of 600 px, the map may be solved: closer where the paper has a relief."""
    return 8.0 if geometry.bend_mm is None or geometry.bend_mm.size < 200 else 4.0


def _at_every_pixel(point: Callable[[np.ndarray], np.ndarray], size_px: tuple[int, int], pace: float) -> np.ndarray:
    """A smooth function of px [..., 2] at every pixel centre, float32 [row, col, 2], interpolated between a few.

    The larger the picture, the straighter it is from pixel to pixel, and the wider apart they may stand.
    """
    cols, rows = size_px
    every = max(4, int(pace * (max(size_px) / 600) ** 0.5))
    x, y = (every * np.arange(-1, n // every + 2) + (every - 1) / 2 for n in size_px)  # where resize puts them back
    coarse = point(np.stack(np.meshgrid(x, y), axis=-1)).astype(np.float32)
    fine = cv2.resize(coarse, None, fx=every, fy=every, interpolation=cv2.INTER_LINEAR)
    return fine[every : every + rows, every : every + cols]


def _three(plane: np.ndarray) -> np.ndarray:
    """The plane [row, col] as [row, col, 3]: far quicker to compute with than broadcasting over three channels."""
    return cv2.merge([plane, plane, plane])


def _shaded(image: Image, shade: np.ndarray) -> Image:
    """The picture times a smooth shade in fewer pixels, [row, col] or [row, col, RGB]."""
    few = np.asarray(shade, np.float32)
    full = cv2.resize(few if few.ndim == 3 else _three(few), image.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return cv2.multiply(image, full, dst=full)


# --- effects: image, strength in 0..1, rng -> image -------------------------------------------------------------------


def light(image: Image, strength: float, rng: np.random.Generator) -> Image:
    """Uneven light: a slope and a broad bright or dark spot."""
    x = np.linspace(-1, 1, 96)
    y = x[:, None]
    a, b, cx, cy = rng.uniform(-1, 1, 4)
    spot = np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / rng.uniform(0.3, 1.5))
    field = 1 + strength * 0.35 * (a * x + b * y + rng.uniform(-0.6, 1.0) * spot)
    return _shaded(image, np.clip(field, 0.3, 1.6))


def shadow(image: Image, strength: float, rng: np.random.Generator) -> Image:
    """A hand's or phone's shadow: a dark polygon with a soft edge."""
    mask = np.zeros((64, 64), np.float32)
    centre, size = rng.uniform(0, 64, 2), rng.uniform(12, 50)
    angles = np.sort(rng.uniform(0, 2 * np.pi, 6))
    points = centre + size * np.stack([np.cos(angles), np.sin(angles)], -1) * rng.uniform(0.5, 1.2, (6, 1))
    cv2.fillPoly(mask, [points.astype(np.int32)], 1.0)
    soft = cv2.GaussianBlur(mask, (0, 0), float(rng.uniform(1, 6)))
    return _shaded(image, 1 - strength * 0.6 * soft)


def colour(image: Image, strength: float, rng: np.random.Generator) -> Image:
    """White balance, exposure, contrast and gamma."""
    cast = 1 + strength * rng.normal(0, 0.12, 3)
    gain = (cast * (1 + strength * rng.uniform(-0.35, 0.15))).astype(np.float32)
    image = (image.reshape(len(image), -1) * np.tile(gain, image.shape[1])).reshape(image.shape)
    np.maximum(image, np.float32(0), out=image)
    image = cv2.pow(image, float(np.exp(strength * rng.normal(0, 0.25))))
    slope = np.float32(1 + strength * rng.uniform(-0.45, 0.25))
    np.multiply(image, slope, out=image)
    return np.add(image, np.float32(0.5 - 0.5 * slope + strength * rng.uniform(-0.08, 0.08)), out=image)


def grey(image: Image, strength: float, rng: np.random.Generator) -> Image:
    """A black-and-white copy."""
    mixed = strength * np.array([0.299, 0.587, 0.114]) + (1 - strength) * np.eye(3)
    return cv2.transform(image, mixed)


def tinted(image: Image, strength: float, rng: np.random.Generator) -> Image:
    """Coloured paper or a strong colour cast."""
    return cv2.transform(image, np.diag(1 - strength * rng.uniform(0, 0.55, 3)))


def defocus(image: Image, strength: float, rng: np.random.Generator) -> Image:
    """Blur of the lens or of a bad scan, up to about 1.6 px."""
    return cv2.GaussianBlur(image, (0, 0), 0.3 + 1.3 * strength)


def motion(image: Image, strength: float, rng: np.random.Generator) -> Image:
    """A shaken hand: a short line kernel in any direction."""
    length = 1 + 4 * strength
    angle, kernel = rng.uniform(0, np.pi), np.zeros((11, 11), np.float32)
    for t in np.linspace(-length / 2, length / 2, 21):
        kernel += _tent(5 + t * np.cos(angle), 5 + t * np.sin(angle))
    return cv2.filter2D(image, -1, kernel / kernel.sum())


def _tent(x: float, y: float) -> np.ndarray:
    at = np.arange(11)
    return np.outer(np.clip(1 - np.abs(at - y), 0, 1), np.clip(1 - np.abs(at - x), 0, 1)).astype(np.float32)


def noise(image: Image, strength: float, rng: np.random.Generator) -> Image:
    """Sensor noise, part of it in grains larger than a pixel."""
    rows, cols = image.shape[:2]
    fine = _normal(rng, rows, 3 * cols).reshape(rows, cols, 3)
    coarse = _normal(rng, rows // 2 + 1, cols // 2 + 1)
    grain = cv2.resize(coarse, (cols, rows), interpolation=cv2.INTER_LINEAR)
    fine += _three(np.float32(rng.uniform(0, 1.5)) * grain)
    fine *= np.float32(strength * 0.06)
    fine += image
    return fine


def _normal(rng: np.random.Generator, rows: int, cols: int) -> np.ndarray:
    """Standard normal float32 [row, col]; OpenCV draws them in a third of numpy's time."""
    out = np.empty((rows, cols), np.float32)
    cv2.setRNGSeed(int(rng.integers(2**31)))
    return np.asarray(cv2.randn(out, np.zeros(1), np.ones(1)))


def jpeg(image: Image, strength: float, rng: np.random.Generator) -> Image:
    """A lossy file, quality 95 down to 20."""
    quality = int(95 - 75 * strength)
    bgr = cv2.cvtColor((np.clip(image, 0, 1) * 255).astype(np.uint8), cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    seen = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))
    return cv2.cvtColor(seen, cv2.COLOR_BGR2RGB).astype(np.float32) / 255


def coarse(image: Image, strength: float, rng: np.random.Generator) -> Image:
    """A picture that was small once: shrunk up to 2.2 times and enlarged again."""
    rows, cols = image.shape[:2]
    factor = 1 / (1 + 1.2 * strength)
    size = (max(1, round(cols * factor)), max(1, round(rows * factor)))  # fx, fy would map by the unrounded factor
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (cols, rows), interpolation=int(rng.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC])))


def threshold(image: Image, strength: float, rng: np.random.Generator) -> Image:
    """A fax: black or white against the local mean."""
    rows, cols = image.shape[:2]
    level = cv2.transform(image, np.full((1, 3), 1 / 3))
    small = cv2.resize(level, (cols // 4 + 1, rows // 4 + 1), interpolation=cv2.INTER_AREA)
    local = cv2.resize(cv2.GaussianBlur(small, (0, 0), 3), (cols, rows), interpolation=cv2.INTER_LINEAR)
    hard = _three((level > local * rng.uniform(0.80, 0.95)).astype(np.float32))
    return image + strength * (hard - image)


# In the order in which they befall a page: in the light, in the lens, in the sensor, in the file.
EFFECTS: Mapping[str, Effect] = {
    "tinted": tinted, "light": light, "shadow": shadow, "colour": colour,
    "grey": grey, "defocus": defocus, "motion": motion, "coarse": coarse, "noise": noise, "threshold": threshold,
    "jpeg": jpeg,
}  # fmt: skip


def apply(image: Image, strengths: Mapping[str, float], rng: np.random.Generator) -> np.ndarray:
    """Run the effects with a strength above zero in their order; uint8 [row, col, RGB]."""
    for name, effect in EFFECTS.items():
        if strengths.get(name, 0.0) > 0:
            image = effect(image, float(strengths[name]), rng).astype(np.float32, copy=False)
    levels = np.clip(image, 0, 1)
    levels *= 255
    levels += 0.5
    return levels.astype(np.uint8)
