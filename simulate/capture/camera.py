"""The camera: where the paper lies in the picture (a `PageGeometry`), and the table of what is done to the picture."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import cv2
import numpy as np

from ecg.geometry import PageGeometry, project
from simulate.capture import lens, light
from simulate.capture import scanner as files
from simulate.capture.relief import Relief, seen_from_above
from simulate.raster.float_image import Image, levels, three

Effect = Callable[[Image, float, np.random.Generator], Image]

_OUTSIDE, _ON_EDGE, _INSIDE = range(3)
_TABLE_MM, _SEARCH_STEPS = 2.0, 8
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
    """Warp a flat raster (px = (mm - corner) * px_per_mm - 0.5) once into the picture `behind`, which is used up."""
    few, every = _at_few_pixels(lambda px: (_to_mm(geometry, px) - corner_mm) * px_per_mm - 0.5, geometry, size_px)
    where, high = _at_every_pixel(few, every, size_px), max(1, 20 // every)
    for row, kinds in enumerate(_kinds(few, raster.shape, high)):
        # So few rows at a time that all of it stays in the cache.
        band = slice(row * high * every, (row + 1) * high * every)
        for kind, cols in _runs(kinds, every):
            part, at = behind[band, cols], where[band, cols]
            if kind == _OUTSIDE or not part.size:
                continue
            seen = cv2.remap(raster, at, _BOTH, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            if kind == _ON_EDGE:
                seen -= part
                seen *= three(np.clip(_within(at, raster.shape) + 1, 0, 1))
                seen += part
            part[:] = seen
    return behind


def _kinds(few: np.ndarray, shape: tuple[int, ...], high: int) -> list[np.ndarray]:
    """Whether the pixels between nodes lie outside of a raster, on its edge or inside, `high` rows of nodes at once."""
    step = 2 * max(float(np.abs(np.diff(few, axis=axis)).max()) for axis in (0, 1))
    within = _within(few, shape)
    low, most = (
        pick(pick(within[:, :-2], within[:, 1:-1]), within[:, 2:])  # pixels lie between three nodes
        for pick in (np.minimum, np.maximum)
    )
    rows = range(0, len(within) - 2, high)
    bands = [slice(first, first + high + 2) for first in rows]
    touched = [np.where(most[band].max(0) > -1 - step, _ON_EDGE, _OUTSIDE) for band in bands]
    return [np.where(low[band].min(0) >= 0, _INSIDE, kinds) for band, kinds in zip(bands, touched, strict=True)]


def _within(where: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """How far inside a raster points [row, col, (x, y)] in px lie, px; negative beyond its edge."""
    x, y = cv2.split(where)
    return np.minimum(np.minimum(x, shape[1] - 1 - x), np.minimum(y, shape[0] - 1 - y))


def _runs(kinds: np.ndarray, every: int) -> Iterator[tuple[int, slice]]:
    """Stretches of the same kind, in pixels."""
    edges = [0, *(np.flatnonzero(np.diff(kinds)) + 1).tolist(), len(kinds)]
    for first, last in pairwise(edges):
        yield int(kinds[first]), slice(first * every, last * every)


def pixel_mm(geometry: PageGeometry, size_px: tuple[int, int]) -> np.ndarray:
    """Paper mm of every pixel centre, float32 [row, col, (x, y)].

    On the paper it stays within a tenth of a pixel, for pictures of 600 px under the strongest tilt too.
    """
    return _at_every_pixel(*_at_few_pixels(partial(_to_mm, geometry), geometry, size_px), size_px)


def _to_mm(geometry: PageGeometry, points_px: np.ndarray) -> np.ndarray:
    """Paper mm of px [row, col, (x, y)] as `PageGeometry.to_mm` finds it, to a hundredth of a pixel.

    The search for it takes the bend from a table; only its last step asks the geometry itself.
    """
    if geometry.bend_mm is None:
        return geometry.to_mm(points_px)
    flat = project(np.linalg.inv(geometry.homography), points_px)
    (x0, y0, x1, y1), step = geometry.extent_mm, _TABLE_MM
    cols, rows = (int(np.ceil((b - a) / step)) + 1 for a, b in ((x0, x1), (y0, y1)))
    nodes = np.stack(np.meshgrid(x0 + step * np.arange(cols), y0 + step * np.arange(rows)), axis=-1)
    table, start = geometry.bend(nodes).astype(np.float32), flat.astype(np.float32)
    points = start
    for _ in range(_SEARCH_STEPS):
        at = (points - np.array([x0, y0], np.float32)) / np.float32(step)
        points = start - cv2.remap(table, at, _BOTH, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(flat - geometry.bend(points.astype(np.float64)))


def _at_few_pixels(
    point: Callable[[np.ndarray], np.ndarray], geometry: PageGeometry, size_px: tuple[int, int]
) -> tuple[np.ndarray, int]:
    """A smooth function of px [..., 2] at nodes in and around a picture, float32 [row, col, 2], and their distance.

    The larger the picture, the straighter it is from pixel to pixel, and the wider apart they may stand; they stand
    closer where the paper has a relief.
    """
    pace = 8.0 if geometry.bend_mm is None or geometry.bend_mm.size < 200 else 4.0
    every = max(4, int(pace * (max(size_px) / 600) ** 0.5))
    x, y = (every * np.arange(-1, n // every + 2) + (every - 1) / 2 for n in size_px)  # where resize puts them back
    return point(np.stack(np.meshgrid(x, y), axis=-1)).astype(np.float32), every


def _at_every_pixel(few: np.ndarray, every: int, size_px: tuple[int, int]) -> np.ndarray:
    """What `_at_few_pixels` found at every pixel centre, float32 [row, col, 2]."""
    fine = cv2.resize(few, None, fx=every, fy=every, interpolation=cv2.INTER_LINEAR)
    return fine[every : every + size_px[1], every : every + size_px[0]]


# In the order in which they befall a picture: in the light, in the lens, in the sensor, in the file.
_SENSED: Mapping[str, Effect] = {
    "colour": light.colour, "grey": light.grey, "defocus": lens.defocus, "motion": lens.motion, "moire": lens.moire,
    "noise": lens.noise, "streaks": files.streaks,
}  # fmt: skip
_FILED: Mapping[str, Effect] = {
    "dust": files.dust, "threshold": files.threshold, "coarse": files.coarse, "webp": files.webp, "jpeg": files.jpeg,
}  # fmt: skip
EFFECTS = (*light.LIGHTS, *_SENSED, *_FILED)


def apply(image: Image, strengths: Mapping[str, float], rng: np.random.Generator) -> np.ndarray:
    """Run the effects with a strength above zero in their order; uint8 [row, col, RGB]."""
    strong = {name: float(strengths[name]) for name in EFFECTS if strengths.get(name, 0.0) > 0}
    image = light.lit(image, [found(strong[name], rng) for name, found in light.LIGHTS.items() if name in strong])
    for name, effect in _SENSED.items():
        if name in strong:
            image = effect(image, strong[name], rng)
    pixels = levels(image)
    for name, effect in _FILED.items():
        if name in strong:
            pixels = effect(pixels, strong[name], rng)
    return files.enlarged(pixels, image.shape[1::-1], rng)
