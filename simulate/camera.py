"""The camera: where the paper lies in the picture (a `PageGeometry`), and the table of what is done to the picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from ecg.geometry import PageGeometry
from simulate import files, lens, light
from simulate.planes import Image, three
from simulate.relief import Relief, seen_from_above

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
            seen[band] = behind[band] + (seen[band] - behind[band]) * three(on_paper)
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


# In the order in which they befall a picture: in the light, in the lens, in the sensor, in the file.
EFFECTS: Mapping[str, Effect] = {
    "tinted": light.tinted, "light": light.light, "shadow": light.shadow, "glare": light.glare, "dim": light.dim,
    "colour": light.colour, "grey": light.grey, "defocus": lens.defocus, "motion": lens.motion, "moire": lens.moire,
    "coarse": files.coarse, "noise": lens.noise, "streaks": files.streaks, "dust": files.dust,
    "threshold": files.threshold, "webp": files.webp, "jpeg": files.jpeg,
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
