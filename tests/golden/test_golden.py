"""What pages and recordings gave before, they give again, up to the rounding of other processors.

`compare.py` compares two checkouts to the bit; here a few figures that were kept are enough to see a change.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from golden.compare import PICTURES, draw_inputs
from golden.dump import dump
from golden.freeze import GENERATED, KEPT, summary

if TYPE_CHECKING:
    from numpy.typing import NDArray

GOLDEN = json.loads(KEPT.read_text(encoding="utf-8"))
SPREAD_MV, CONFIDENCE, PROBABILITY = 0.03, 0.05, 0.1  # what bf16 and float32 kernels differ by, with room
REAL = [name for name in GOLDEN if not name.startswith(GENERATED)]
EVERY = 4  # so many real pages and recordings are left out for each one that is read


def read_again(paths: list[Path], folder: Path) -> dict[str, NDArray[np.generic]]:
    pages = [str(path) for path in paths if path.suffix.lower() in PICTURES]
    dump({"pages": pages, "records": [str(path) for path in paths if str(path) not in pages]}, folder / "numbers.npz")
    with np.load(folder / "numbers.npz") as file:
        return dict(file)


def assert_as_before(found: dict[str, object], kept: dict[str, object]) -> None:
    assert found.keys() == kept.keys()
    for key, tolerance in (("spread_mv", SPREAD_MV), ("confidence", CONFIDENCE), ("probabilities", PROBABILITY)):
        if key in kept:
            one, other = (np.array(values, float) for values in (found[key], kept[key]))
            assert np.array_equal(np.isnan(one), np.isnan(other)), key
            assert np.nanmax(np.abs(one - other)) < tolerance, key
    assert [found.get(key) for key in ("refused", "scale")] == [kept.get(key) for key in ("refused", "scale")]


@pytest.mark.slow
def test_drawn_pages_are_read_as_before(tmp_path: Path) -> None:
    draw_inputs(tmp_path)
    paths = [tmp_path / name for name in ("drawn-910001.png", "drawn-blank.png", "drawn-noise.png")]
    assert all(cv2.imread(str(path)) is not None for path in paths)
    numbers = read_again(paths, tmp_path)
    for path in paths:
        name = f"{path}#0" if f"{path}#0/signal_mv" in numbers else str(path)
        assert_as_before(summary(numbers, name), GOLDEN[name.replace(str(tmp_path), GENERATED)])


@pytest.mark.slow
@pytest.mark.parametrize("name", REAL[::EVERY])
def test_real_pages_and_recordings_give_what_they_gave(name: str, ecg_data: Path, tmp_path: Path) -> None:
    path = ecg_data / name.split("#")[0]
    if not path.exists():
        pytest.skip(f"{path.name} is not among the recordings")
    numbers = read_again([path], tmp_path)
    assert_as_before(summary(numbers, f"{path}#0" if "#" in name else str(path)), GOLDEN[name])
