"""Programs that draw ECGs begin them on a thick line of the grid: a start seen near one is taken to be on it."""

from __future__ import annotations

import numpy as np

from ecg.geometry import PageGeometry
from ecg.layout import Layout

_LINES_MM = 5.0
_NEAR_MM = 0.1  # starts are seen this well; of those that keep to no line, one in twenty lies so near to one
_SNAP_DOTS = 0.5  # raster libraries put straight lines of an odd width on whole dots, so much to the right of curves
_LARGEST_DOT_MM = 0.2  # coarser pictures were shrunk: their dots are not those that the page was drawn with
_ON_LINE_DOTS = 1 / 6  # seen nearer to the line than this: lines of an even width, which are not moved; the rarer case


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
    if dot_mm > _LARGEST_DOT_MM:
        return layout
    off = x0 - _LINES_MM * round(x0 / _LINES_MM)
    place = -_SNAP_DOTS * dot_mm if off < -_ON_LINE_DOTS * dot_mm else 0.0
    return layout.shifted(place - off, 0.0) if abs(place - off) < _NEAR_MM else layout
