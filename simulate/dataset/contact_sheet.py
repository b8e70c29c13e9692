"""A contact sheet: many simulated pages in one small picture, to be looked at."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Unpack

import cv2
import numpy as np
from PIL import Image
from tqdm import tqdm

from ecg.formats import atomic_path
from ecg.layout import TEMPLATES
from simulate.dataset.job import Job, JobOptions
from simulate.dataset.writer import SYNTHETIC, find_sources
from simulate.presets import MIXED, presets
from simulate.raster.text import text_mask

_TILE_PX = (300, 220)  # (width, height)
_DRAWN_PX = 1100  # the long side of the pages before they are scaled down
_GAP_PX, _CAPTION_PX = 6, 18
_COLOURS = 256  # a palette keeps the picture small
ROWS = ("preset", "layout")


def contact_sheet(
    path: str | Path,
    *,
    records: Sequence[str | Path] = (SYNTHETIC,),
    count: int = 10,
    rows: str = ROWS[0],
    **options: Unpack[JobOptions],
) -> None:
    """Write a picture (.png or .jpg) with `count` pages for every preset (or the one asked for) or every layout.

    `options` are a `Job`'s.
    """
    if Path(path).suffix.lower() not in (".png", ".jpg"):
        raise ValueError(f"{path}: expected a name that ends in .png or .jpg")
    if rows not in ROWS:
        raise ValueError(f"unknown rows {rows!r}: expected one of {', '.join(ROWS)}")
    if count < 1:
        raise ValueError(f"count must be at least 1, got {count}")
    job, found = replace(Job(**options), long_side_px=_DRAWN_PX), find_sources(records)
    kinds = [p for p in presets() if job.preset in (p, MIXED)] if rows == "preset" else list(TEMPLATES)
    strips = []
    with tqdm(total=len(kinds) * count, desc="contact sheet", unit="page", file=sys.stderr) as bar:
        for row, kind in enumerate(kinds):
            # The same pages through every preset can be compared; of layouts other pages show more.
            wanted = replace(job, preset=kind) if rows == "preset" else replace(job, layout=kind, seed=job.seed + row)
            tiles = []
            for index, source in enumerate(wanted.sources(found, count)):
                tiles.append(_tile(wanted.page(index, source).page.pixels))
                bar.update()
            strips.append(_strip(kind, tiles))
    _save(np.vstack(strips), Path(path))


def _tile(pixels: np.ndarray) -> np.ndarray:
    """The page scaled down and centred on white, uint8 [row, col, RGB]."""
    width, height = _TILE_PX
    scale = min(width / pixels.shape[1], height / pixels.shape[0])
    size = (max(1, int(pixels.shape[1] * scale)), max(1, int(pixels.shape[0] * scale)))
    tile = np.full((height, width, 3), 255, np.uint8)
    top, left = (height - size[1]) // 2, (width - size[0]) // 2
    tile[top : top + size[1], left : left + size[0]] = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return np.pad(tile, ((0, _GAP_PX), (0, _GAP_PX), (0, 0)), constant_values=255)


def _strip(caption: str, tiles: Sequence[np.ndarray]) -> np.ndarray:
    """A row of tiles under its name."""
    row = np.hstack(tiles)
    name = text_mask(caption, 0.55 * _CAPTION_PX, 0)[:_CAPTION_PX, : row.shape[1]]
    head = np.full((_CAPTION_PX, row.shape[1], 3), 255, np.uint8)
    head[: name.shape[0], : name.shape[1]] -= name[..., None]
    return np.vstack([head, row])


def _save(pixels: np.ndarray, path: Path) -> None:
    picture = Image.fromarray(pixels)
    with atomic_path(path) as temporary:
        if path.suffix.lower() == ".png":
            picture.quantize(_COLOURS, dither=Image.Dither.NONE).save(temporary, optimize=True)
        else:
            picture.save(temporary, quality=78)
