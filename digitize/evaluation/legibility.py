"""What can be read on a drawn page, and what nobody can."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from ecg.reading import Reading, SceneTruth
from simulate.printed.sheet import Sheet
from simulate.scene import Scene

_READABLE_SHARE = 0.5  # share of the names that have to lie in the picture
_SPEED, _GAIN, _BOTH_GAINS = re.compile(r"mm\s*/\s*s", re.I), re.compile(r"[mc]m\s*/\s*mv", re.I), re.compile("Chest")


def unreadable(scene: Scene, sheet: Sheet, truth: Reading) -> tuple[str, ...]:
    """What nobody can read on a page: the names, the speed, the gain, or the scale (neither grid nor pulse)."""
    width, height = truth.page.size_px
    drawn = truth.scene or SceneTruth()

    def is_seen(points_mm: Sequence[Sequence[float]]) -> bool:
        px = truth.geometry.to_px(np.array(points_mm))
        return bool(((px >= 0) & (px <= np.array([width, height]) - 1)).all())

    boxes = [[(b[0], b[1]), (b[2], b[1]), (b[0], b[3]), (b[2], b[3])] for b in drawn.texts_mm]
    seen = [label for label, box in zip(sheet.labels, boxes, strict=True) if is_seen(box)]
    print_ = " ".join(label.text for label in seen if not label.is_name)
    has_pulse = any(is_seen(points) for points in drawn.pulses_mm)
    chest_differs = len({box.gain for box in scene.layout.boxes}) > 1
    readable = {
        "names": sum(label.is_name for label in seen) >= _READABLE_SHARE * len(scene.layout.boxes),
        "speed": has_pulse or bool(_SPEED.search(print_)),
        "gain": bool(_BOTH_GAINS.search(print_)) if chest_differs else has_pulse or bool(_GAIN.search(print_)),
        "scale": has_pulse or scene.paper.has_grid,
    }
    return tuple(what for what, is_there in readable.items() if not is_there)
