"""Programs that draw ECGs begin them on a thick line of the grid: a start seen near one is taken to be on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecg.geometry import PageGeometry
from ecg.layout import Layout


@dataclass(frozen=True)
class SnapThresholds:
    """When a start is taken to be on a thick line; set on pages drawn by raster libraries."""

    lines_mm: float = 5.0  # between thick lines
    near_mm: float = 0.1  # starts are seen this well; one in twenty that keeps to no line is so near to one
    snap_dots: float = 0.5  # raster libraries put straight lines of an odd width so much to the right of curves
    max_dot_mm: float = 0.2  # coarser pictures were shrunk: their dots are not those that the page was drawn with
    on_line_dots: float = 1 / 6  # nearer to the line than this are lines of an even width, which are not moved


_SNAP = SnapThresholds()


def snap_to_thick_line(layout: Layout, geometry: PageGeometry) -> Layout:
    """The layout moved by less than 0.1 mm to the thick line on which it seems to have been drawn, if there is one.

    Curves are drawn between the dots of a picture, straight lines on them (Agg, which matplotlib draws with, rounds
    their ends to whole dots and adds half of one where the line is an odd number of dots wide), so a curve that begins
    on a line of the grid is seen half a dot before it. A map that does not come from a grid has no lines.
    """
    if not np.isfinite(geometry.error_mm):
        return layout
    x0, y0, _, y1 = layout.extent_mm
    dot_mm = 1 / geometry.px_per_mm((x0, (y0 + y1) / 2))[0]
    if dot_mm > _SNAP.max_dot_mm:
        return layout
    off = x0 - _SNAP.lines_mm * round(x0 / _SNAP.lines_mm)
    place = -_SNAP.snap_dots * dot_mm if off < -_SNAP.on_line_dots * dot_mm else 0.0
    return layout.shifted(place - off, 0.0) if abs(place - off) < _SNAP.near_mm else layout
