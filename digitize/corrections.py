"""Corrections by hand as a small JSON file, replayed whenever the pages are read.

    {"scan": {"layout": "6x2", "mm_per_s": 25, "mm_per_mv": 10,
              "corners_px": [[92, 60], [1710, 71], [1702, 1120], [88, 1104]],
              "curves": [{"lead": "II", "points_px": [[410, 822.5], [431, 801], [446, null]]}],
              "steps": [{"box": 3, "lead": "V1"}, {"mm_per_mv": 5}]}}

With layout, speed, gain and corners the page is read; curves, then steps (`ecg.review.steps`) put the reading right.

A page goes by the name of its result (scan, scan_2, chart-p2) or by its file (ward/scan.png, ward/chart.pdf-p2; the end
of the path is enough). What may mean two pages, or means none, is an error. Every key of a correction may be left out.
A null height hides what lies around it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from digitize.engines import Digitize, ask, asking
from digitize.errors import Refusal
from digitize.stages import PageHints
from ecg.page import Page, page_place
from ecg.reading import Reading
from ecg.review.steps import Step, apply, parse_step

_HINTS = ("layout", "mm_per_s", "mm_per_mv", "corners_px")


@dataclass(frozen=True, eq=False)
class Correction:
    """What is known better about one page: how to read it, and what to put right in the reading."""

    hints: PageHints
    steps: tuple[Step, ...] = ()

    def __call__(self, reading: Reading) -> Reading:
        """The reading with its steps done. Raises Refusal where one does not fit the page."""
        try:
            return apply(reading, self.steps)
        except ValueError as error:
            raise Refusal(str(error)) from error


def load_corrections(path: str | Path) -> dict[str, Correction]:
    """The corrections by page name. Raises ValueError with words for a file that is not as above."""
    path = Path(path)
    try:
        data = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_each_once)
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(f"{path}: the corrections cannot be read ({error})") from error
    if not isinstance(data, dict):
        raise ValueError(f"{path}: expected an object with the pages' names as keys, got {type(data).__name__}")
    try:
        return {name: parse_correction(item) for name, item in data.items()}
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path}: {error}") from error


def _each_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """A JSON object; raises ValueError where a key stands twice, of which one would be lost."""
    keys = [key for key, _ in pairs]
    twice = next((key for key in keys if keys.count(key) > 1), None)
    if twice is not None:
        raise ValueError(f"the key {twice!r} stands there twice")
    return dict(pairs)


def parse_correction(item: object) -> Correction:
    """From plain JSON, as above. Raises ValueError or TypeError with words."""
    if not isinstance(item, dict):
        raise ValueError(f"expected an object for every page, got {item!r}")
    unknown = [key for key in item if key not in (*_HINTS, "curves", "steps")]
    if unknown:
        raise ValueError(f"unknown key {unknown[0]!r}: expected some of {', '.join(_HINTS)}, curves, steps")
    hints = PageHints.of(*(item.get(name) for name in _HINTS))
    curves, steps = (_list(key, item.get(key, [])) for key in ("curves", "steps"))
    return Correction(hints, (*map(_curve, curves), *map(parse_step, steps)))


def _list(key: str, value: object) -> list[object]:
    if not isinstance(value, list):
        raise ValueError(f"{key} must be a list, got {value!r:.60}")
    return value


def _curve(item: object) -> Step:
    if not isinstance(item, dict) or set(item) != {"lead", "points_px"}:
        raise ValueError(f"a curve holds lead and points_px, got {item!r}")
    return parse_step(item)


PageKey = tuple[str, int]  # a file by its absolute path, and the number of its page from 0


def correcting(digitize: Digitize, corrections: Mapping[PageKey, Correction]) -> Digitize:
    """The digitizer with the corrections after it; what a correction says of a page counts more than what is given."""

    def read(page: Page, given: PageHints) -> Reading:
        fix = corrections.get((page.source, page.index))
        return ask(digitize, page, given) if fix is None else fix(ask(digitize, page, fix.hints.or_else(given)))

    return asking(read)


def by_page(corrections: Mapping[str, Correction], names: Mapping[Path, str]) -> dict[PageKey, Correction]:
    """The corrections by the pages that they mean, `names` being those of the files' results.

    Raises ValueError for one that means no page or may mean two, and for two of one page.
    """
    found: dict[PageKey, Correction] = {}
    for key, correction in corrections.items():
        meant = sorted(_meant(key, names))
        if not meant:
            raise ValueError(
                f"no page is named {key}; corrections go by the names of results (scan, chart-p2) or by files"
            )
        if len(meant) > 1:
            files = " or ".join(in_words(page) for page in meant)
            raise ValueError(f"the correction of {key!r} may mean {files}; name its file, as in the path")
        if meant[0] in found:
            raise ValueError(f"two corrections are for {in_words(meant[0])}")
        found[meant[0]] = correction
    return found


def unmet(corrections: Mapping[PageKey, Correction], pages: Mapping[str, int]) -> list[PageKey]:
    """The corrections of pages that their files do not have; `pages` counts those of each file that was opened."""
    return [(source, index) for source, index in corrections if index >= pages.get(source, index + 1)]


def _meant(key: str, names: Mapping[Path, str]) -> Iterator[PageKey]:
    """Every page that a key may mean: by the name of its result, its file's stem, or the end of its file's path."""
    stem, _, number = key.rpartition("-p")
    numbered = [(key, 1)] + ([(stem, int(number))] if stem and number.isdecimal() and int(number) > 1 else [])
    for file, name in names.items():
        path = file.absolute()
        for word, page in numbered:
            parts = Path(word).parts
            is_end = bool(parts) and path.parts[-len(parts) :] == parts
            if word in (name, file.stem) or is_end:
                yield str(path), page - 1
                break


def in_words(page: PageKey) -> str:
    """A page by its file and, where it is not the first, its number."""
    return page_place(*page)
