"""How often layout, names, orientation and speed are found: `python -m digitize.layout_check`."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from tqdm import tqdm

from ecg.layout import TEMPLATES

if TYPE_CHECKING:
    from digitize.pipeline import Digitizer
    from ecg.reading import Page, Reading

_ASKED = ("layout_right", "names_right", "orientation_right", "speed_right")


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        prog="python -m digitize.layout_check",
        description="Draw fresh pages of every layout in turn and count how often layout, lead names, orientation and "
        "speed are found; only as far as that, no signal is read.",
    )
    p.add_argument("--count", type=int, default=30, help="pages for each preset (default: 30)")
    p.add_argument("--presets", nargs="+", default=["clean", "scan", "photo"])
    p.add_argument("--layouts", nargs="+", default=list(TEMPLATES), choices=list(TEMPLATES), metavar="LAYOUT")
    p.add_argument("--seed", type=int, default=600_000)
    p.add_argument(
        "--data", type=Path, default=os.environ.get("ECG_DATA"), help="real recordings to draw (default: $ECG_DATA)"
    )
    return p


def main(argv: Sequence[str] | None = None) -> int:
    args = parser().parse_args(argv)
    from digitize.pipeline import Digitizer

    digitizer = Digitizer.load()
    report = {
        preset: check(digitizer, preset, args.count, args.seed, args.layouts, args.data) for preset in args.presets
    }
    print(json.dumps(report, indent=2))
    return 0


def check(
    digitizer: Digitizer,
    preset: str,
    count: int,
    seed: int,
    layouts: Sequence[str] = tuple(TEMPLATES),
    data: Path | None = None,
) -> dict[str, object]:
    """Shares of pages, refused ones counting as wrong; `wrong` lists the pages that were not found whole, by seed."""
    from simulate.scene import Scene
    from simulate.stream import validation_hearts

    hearts = validation_hearts(Path(data) if data else None)
    sums: dict[str, float] = defaultdict(float)
    wrong: dict[int, str] = {}
    for i in tqdm(range(count), desc=preset, disable=None):
        scene = Scene.sample(seed + i, preset, layout=layouts[i % len(layouts)])
        page, truth = scene.render(hearts.draw(np.random.default_rng(seed + i)))
        found = _found(digitizer, page, truth)
        for name in _ASKED:
            sums[name] += float(found.get(name, 0.0)) / count
        sums["whole"] += float(all(found.get(name) == 1.0 for name in _ASKED)) / count
        sums["refused"] += float("error" in found) / count
        if any(found.get(name) != 1.0 for name in _ASKED):
            wrong[seed + i] = f"{truth.layout.name}: {found.get('error', found)}"
    return {"pages": count, **{name: round(value, 4) for name, value in sums.items()}, "wrong": wrong}


def _found(digitizer: Digitizer, page: Page, truth: Reading) -> dict[str, float | str]:
    """What of the truth was found, or the error with which the page was refused."""
    from digitize.agreement import geometry_agreement, layout_agreement

    try:
        geometry, layout, _, warnings = digitizer._locate(page, None, None)
    except ValueError as refusal:
        return {"error": str(refusal)}
    agreement = layout_agreement(truth.layout, layout) | geometry_agreement(truth.geometry, geometry, truth.layout)
    return {"read_as": layout.name, **agreement, "warnings": "; ".join(warnings)}


if __name__ == "__main__":
    sys.exit(main())
