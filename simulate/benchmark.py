"""How quickly pages are drawn on one core, and where the time goes (CPU seconds, so that other work does not count)."""

from __future__ import annotations

import argparse
import cProfile
import pstats
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import cv2
import numpy as np

from ecg.fit.allocator import keep_memory
from ecg.record import Record
from simulate.capture.camera import apply
from simulate.heart import synthetic_record
from simulate.presets import presets
from simulate.printed.rasterize import draw
from simulate.scene import Scene

_PAGE_PX = (2200, 1700)
_CROP_MM = (448 / 8, 320 / 8)  # the row crops that training reads: 448 x 320 at 8 px/mm
_WORN, _CROP = "photo, every effect", "row crop"

Draw = Callable[[int], object]


def benchmark(count: int = 12) -> tuple[dict[str, float], dict[str, pstats.Stats]]:
    """Things drawn in a CPU second, and a profile, by kind: pages of each preset and of all effects, and row crops."""
    hearts = [synthetic_record(seed) for seed in range(count)]
    kinds: dict[str, Draw] = {name: partial(_page, name, None, hearts) for name in presets()}
    everything = {name: 0.5 for kind in presets().values() for name in kind["effects"]}
    kinds[_WORN] = partial(_page, "photo", everything, hearts)
    kinds[_CROP] = partial(_row_crop, hearts)
    threads = cv2.getNumThreads()
    keep_memory()
    cv2.setNumThreads(1)
    try:
        measured = {kind: _measure(once, count) for kind, once in kinds.items()}
    finally:
        cv2.setNumThreads(threads)
    return {k: rate for k, (rate, _) in measured.items()}, {k: stats for k, (_, stats) in measured.items()}


def _page(preset: str, effects: Mapping[str, float] | None, hearts: Sequence[Record], seed: int) -> object:
    scene = Scene.sample(seed, preset)
    scene = replace(scene, long_side_px=_PAGE_PX[0], aspect=_PAGE_PX[0] / _PAGE_PX[1])
    return replace(scene, effects=scene.effects if effects is None else effects).render(hearts[seed])


def _row_crop(hearts: Sequence[Record], seed: int) -> object:
    scene = Scene.sample(seed, "scan")
    sheet = scene.sheet(hearts[seed])
    box = sheet.layout.boxes[seed % len(sheet.layout.boxes)]
    x, y = box.box_mm[0] - _CROP_MM[0] / 2, box.baseline_mm - _CROP_MM[1] / 2
    return apply(draw(sheet, (x, y, x + _CROP_MM[0], y + _CROP_MM[1]), 8.0), scene.effects, np.random.default_rng(seed))


def _measure(once: Draw, count: int) -> tuple[float, pstats.Stats]:
    once(0)  # fonts and tables are loaded on first use
    start = time.process_time()
    for seed in range(count):
        once(seed)
    spent_s = time.process_time() - start
    profile = cProfile.Profile(time.process_time)
    profile.runcall(lambda: [once(seed) for seed in range(min(count, 4))])
    return count / spent_s, pstats.Stats(profile)


def _slowest(stats: pstats.Stats, rows: int) -> list[str]:
    """The functions that take the largest shares themselves, with what they call in compiled code."""
    table: Mapping = stats.stats  # type: ignore[attr-defined]
    whole = sum(own for _, _, own, _, _ in table.values())
    ranked = sorted(((own / whole, place) for place, (_, _, own, _, _) in table.items()), reverse=True)
    return [f"    {share:4.0%}  {name} ({file.rpartition('/')[2]})" for share, (file, _, name) in ranked[:rows]]


def main(argv: Sequence[str] | None = None) -> int:
    made = argparse.ArgumentParser(prog="python -m simulate.benchmark", description=__doc__)
    made.add_argument("--count", type=int, default=12, help="things drawn of each kind (default: 12)")
    made.add_argument("--slowest", type=int, default=0, help="also name so many functions that take most time")
    options = made.parse_args(argv)
    if options.count < 1:
        made.error(f"count must be at least 1, got {options.count}")
    rates, profiles = benchmark(options.count)
    for kind, rate in rates.items():
        size = "448 x 320" if kind == _CROP else f"{_PAGE_PX[0]} x {_PAGE_PX[1]}"
        print(f"{kind:20} {size} px  {rate:6.1f} a second")
        print(*(line + "\n" for line in _slowest(profiles[kind], options.slowest)), sep="", end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
