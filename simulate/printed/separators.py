"""The marks between one lead and the next."""

from __future__ import annotations

import numpy as np

from ecg.layout import Layout, LeadBox
from simulate.printed.sheet import Stroke

Line = list[list[float]]  # [point, (x, y)]

_DOT_MM = 0.15  # about one dot of a program that draws 170 of them an inch

SEPARATORS = {
    "none": 0.3, "bar": 0.16, "ticks": 0.1, "tick": 0.14, "line": 0.08, "dotted": 0.12, "dashed": 0.04, "notch": 0.03,
    "cross": 0.03,
}  # fmt: skip


def separators(layout: Layout, kind: str, pen_mm: float, dy_mm: float, size_mm: float) -> list[Stroke]:
    """One mark at the start of every lead but the first of a row; `dy_mm` moves it off the zero line.

    Programs draw marks of whole dots on whole dots, so a mark stands up to half a dot beside where its lead begins.
    """
    if kind == "none":
        return []
    if kind in ("line", "dotted", "dashed"):
        pen_mm = max(0.15, 0.4 * pen_mm)
    boxes = [box for row in layout.rows() for box in row[1:]]
    dot_mm = pen_mm / max(1, round(pen_mm / _DOT_MM))
    found = []
    for box in boxes:
        line = _broken(_marks(box, kind, dy_mm, size_mm))
        beside = dot_mm * round(box.box_mm[0] / dot_mm) - box.box_mm[0]
        found.append(Stroke(line + np.array([beside, 0.0]), pen_mm, "separator"))
    return found


def _broken(lines_mm: list[Line]) -> np.ndarray:
    """Lines as one curve, with NaN where the pen is lifted."""
    lifted = [[np.nan, np.nan]]
    return np.array([point for line in lines_mm for point in line + lifted][:-1])


def _marks(box: LeadBox, kind: str, dy_mm: float, size_mm: float) -> list[Line]:
    """The lines of one mark, in mm."""
    x, y = box.box_mm[0], box.baseline_mm
    half = (box.box_mm[3] - box.box_mm[1]) / 2
    if kind == "notch":
        return [[[x - 0.6, y], [x - 0.6, y - 1], [x + 0.6, y + 1], [x + 0.6, y]]]
    if kind == "cross":
        return [[[x, y - 1.5], [x, y + 1.5]], [[x - 1.5, y], [x + 1.5, y]]]
    spans = {
        "bar": [(dy_mm - size_mm / 2, dy_mm + size_mm / 2)],
        "ticks": [(-2 - size_mm / 2, -2.0), (2.0, 2 + size_mm / 2)],
        "tick": [(dy_mm - 4 - size_mm / 3, dy_mm - 4)],
        "line": [(-half, half)],
        "dotted": [(a, a + 0.4) for a in np.arange(-half, half, 1.0).tolist()],
        "dashed": [(a, a + 1.6) for a in np.arange(-half, half, 2.6).tolist()],
    }[kind]
    return [[[x, y + a], [x, y + b]] for a, b in spans]
