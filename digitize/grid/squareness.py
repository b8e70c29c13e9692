"""Whether the paper's millimetres are as long across as down the picture, or the picture is tilted so."""

from __future__ import annotations

import numpy as np

from ecg.geometry import PageGeometry

MAX_STRETCH = 0.06  # share by which px per mm may differ; prints and scans do by up to 4 %, tilted photos by more
_FOCAL = np.geomspace(0.6, 4.0, 40)  # focal lengths of cameras, in longer sides of their pictures


def stretch(geometry: PageGeometry, at_mm: tuple[float, float], size_px: tuple[int, int]) -> float:
    """How many times more px a millimetre has across than down, beyond what a camera's tilt explains: 1 for square.

    A camera of focal length f that looks at flat paper makes the columns h1, h2 of the homography alike long once they
    are measured in f and from the picture's middle; of all usual f the one counts that comes nearest to that.
    """
    across, down = geometry.px_per_mm(at_mm)
    width, height = size_px
    matrix = np.array([[1.0, 0, -width / 2], [0, 1.0, -height / 2], [0, 0, 1.0]]) @ geometry.homography
    ratios = [across / down]
    for focal in _FOCAL * max(size_px):
        h1, h2 = (np.linalg.norm(matrix[:, k] / [focal, focal, 1.0]) for k in (0, 1))
        ratios.append(float(h1 / h2))
    return min(ratios, key=lambda ratio: abs(np.log(ratio)))
