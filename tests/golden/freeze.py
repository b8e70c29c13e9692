"""Keep a few figures of golden numbers: `python tests/golden/freeze.py FOLDER/after.npz` writes golden.json.

FOLDER is the output of `compare.py`. What is kept is rounded, because other processors round otherwise.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

KEPT = Path(__file__).with_name("golden.json")
GENERATED = "generated"  # stands for the folder of pages that the test draws itself


def summary(numbers: dict[str, NDArray[np.generic]], name: str) -> dict[str, object]:
    """Spread of every lead in mV, mean confidence, layout, and the probabilities of the diagnosis."""
    found: dict[str, object] = {}
    if f"{name}/refused" in numbers:
        found["refused"] = str(numbers[f"{name}/refused"]).split(":")[0]
    if f"{name}/signal_mv" in numbers:
        signal = np.asarray(numbers[f"{name}/signal_mv"], float)
        spread = [float(np.nanstd(row)) if np.isfinite(row).any() else None for row in signal]
        found["spread_mv"] = [None if value is None else round(value, 3) for value in spread]
        found["confidence"] = round(float(np.mean(np.asarray(numbers[f"{name}/confidence"], float))), 3)
        found["scale"] = json.loads(str(numbers[f"{name}/layout"]))[:2]
    if f"{name}/probabilities" in numbers:
        found["probabilities"] = np.round(np.asarray(numbers[f"{name}/probabilities"], float), 3).tolist()
    return found


def names(numbers: dict[str, NDArray[np.generic]]) -> list[str]:
    return sorted({key.rsplit("/", 1)[0] for key in numbers})


def relative(name: str, data: str) -> str:
    """A name without the folder of this machine."""
    path = name.removeprefix(f"{data}/")
    return path if path != name else f"{GENERATED}/{Path(name).name}"


def main() -> int:
    with np.load(sys.argv[1]) as file:
        numbers = dict(file)
    data = str(Path(os.environ["ECG_DATA"]).resolve())
    kept = {relative(name, data): summary(numbers, name) for name in names(numbers)}
    KEPT.write_text(json.dumps(kept, indent=0, sort_keys=True) + "\n", encoding="utf-8")
    print(f"{len(kept)} kept in {KEPT}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
