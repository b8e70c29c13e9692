"""Fresh pages of the project's own simulator with their truth, to measure on: hearts and seeds that trained nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from digitize.evaluation.ground_truth import Truth, as_printed
from digitize.evaluation.legibility import unreadable
from ecg.page import Page
from simulate.dataset.page_stream import MixedHearts, validation_hearts
from simulate.presets import presets as known
from simulate.scene import Scene

FIRST_SEED = 920_000
_APART = 10_000  # seeds; no two presets draw the same hearts and papers


def drawn_pages(
    presets: Sequence[str], count: int, seed: int = FIRST_SEED, data: Path | None = None
) -> Iterator[tuple[str, Page, Truth]]:
    """(preset, page, truth), `count` pages of each preset; a page's name holds the seed that draws it again.

    Hearts are the held-back recordings under `data`, synthetic ones without it. Raises ValueError for unknown presets.
    """
    unknown = [name for name in presets if name not in known()]
    if unknown or count < 1:
        raise ValueError(
            f"expected at least 1 page of some of {', '.join(known())}, got {count} of {', '.join(presets)}"
        )
    hearts = _hearts(data)
    for preset in presets:
        first = seed + _APART * list(known()).index(preset)
        for number in range(first, first + count):
            yield preset, *_draw(preset, number, hearts)


@cache
def _hearts(data: Path | None) -> MixedHearts:
    return validation_hearts(data)


def _draw(preset: str, number: int, hearts: MixedHearts) -> tuple[Page, Truth]:
    scene, record = Scene.sample(number, preset), hearts.draw(np.random.default_rng(number))
    page, reading = scene.render(record)
    layout = reading.layout
    tells = "not all" if unreadable(scene, scene.sheet(record), reading) else "all"
    kinds = {"layout": layout.name, "scales": f"{layout.mm_per_s:g} mm/s {layout.mm_per_mv:g} mm/mV"}
    kinds |= {"preset": preset, "tells": f"{preset}: {tells}"}
    truth = Truth(as_printed(reading.record, layout.boxes), layout, reading.geometry, kinds)
    return replace(page, source=f"{preset}-{number}.png"), truth
