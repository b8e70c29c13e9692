"""The pages that went worst, on one sheet: each with what was read drawn over it."""

from __future__ import annotations

import heapq
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from ecg.files import atomic_path
from ecg.page import Page
from ecg.reading import Reading

_KEPT = 10
_TILE_PX = (1000, 640)
_HEAD_PX, _LETTERS_PX, _COLUMNS = 34, 22, 2


class WorstPages:
    """Keeps small pictures of the ten pages with the lowest score, so that memory does not grow with their number."""

    def __init__(self) -> None:
        self._kept: list[tuple[float, int, str, Image.Image]] = []  # a heap whose first is the best of the worst
        self._seen = 0

    def offer(self, snr_db: float, words: str, page: Page | None, reading: Reading | None) -> None:
        """Keep the page if it belongs to the worst so far; one that could not even be opened shows as blank paper."""
        self._seen += 1
        if len(self._kept) == _KEPT and -snr_db <= self._kept[0][0]:
            return
        entry = (-snr_db, -self._seen, words, _tile(words, page, reading))
        (heapq.heappushpop if len(self._kept) == _KEPT else heapq.heappush)(self._kept, entry)

    def save(self, path: Path) -> None:
        """The sheet, the worst page first; nothing where no page had a truth."""
        tiles = [tile for *_, tile in sorted(self._kept, reverse=True)]
        if not tiles:
            return
        rows = -(-len(tiles) // _COLUMNS)
        sheet = Image.new("RGB", (_TILE_PX[0] * _COLUMNS, (_TILE_PX[1] + _HEAD_PX) * rows), "white")
        for i, tile in enumerate(tiles):
            sheet.paste(tile, (_TILE_PX[0] * (i % _COLUMNS), (_TILE_PX[1] + _HEAD_PX) * (i // _COLUMNS)))
        with atomic_path(path) as temporary:
            sheet.save(temporary)


def _tile(words: str, page: Page | None, reading: Reading | None) -> Image.Image:
    tile = Image.new("RGB", (_TILE_PX[0], _TILE_PX[1] + _HEAD_PX), "white")
    font = ImageFont.load_default(_LETTERS_PX)
    ImageDraw.Draw(tile).text((6, 4), words, fill="black", font=font)
    if page is not None:
        picture = reading.picture() if reading else Image.fromarray(page.pixels)
        picture.thumbnail(_TILE_PX, Image.Resampling.BICUBIC, reducing_gap=2.0)
        tile.paste(picture, (0, _HEAD_PX))
    return tile
