"""One rectified row at a time: warp it out of the page once, and let the row network read it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from digitize.grid.rectify import flatten, shrunk
from digitize.nets.inputs import ROW_PX_PER_MM, ROW_TARGET, column_centres_px, to_tensor, with_height
from digitize.nets.networks import HeadsNetwork, run_heads
from digitize.stages import LocatedPage, RowReading
from digitize.trace.path_decoding import follow, own_ink
from ecg.geometry import PageGeometry
from ecg.layout import Layout
from ecg.page import Page

Window = tuple[float, float, float, float]

_STRIDE_PX = 32  # the network's sides must be multiples of this


@dataclass(frozen=True)
class StripLimits:
    """How much paper a row's strip shows; set by what calibration pulses and tall beats need."""

    margin_mm: float = 20.0  # beside the layout, for the pulses, as far as the picture goes on
    min_margin_mm: float = 6.0  # beside the layout in any case: it tells the network that a lead begins there
    half_height_mm: float = 20.0  # above and below the zero line, unless the row's ink goes further
    beyond_ink_mm: float = 3.0  # above and below ink that goes further


_LIMITS = StripLimits()


def read_rows(page: Page, located: LocatedPage, net: HeadsNetwork) -> list[RowReading]:
    """Every row of the layout, rectified and read, with a margin at both ends for pulses and late starts.

    A row whose ink goes far from its zero line gets a taller strip. Far beyond the picture nothing is read.
    """
    geometry, layout = located.geometry, located.layout
    pixels, of_shrunk = shrunk(page.pixels, geometry, ROW_PX_PER_MM)
    x0, _, x1, _ = layout.extent_mm
    begin = x0 - margin_mm(page, geometry, layout, x0, -1)
    end = x1 + margin_mm(page, geometry, layout, x1, 1)
    windows = [
        strip_window(begin, end, row[0].baseline_mm, max(_LIMITS.half_height_mm, reach + _LIMITS.beyond_ink_mm))
        for row, reach in zip(layout.rows(), located.reach_mm, strict=True)
    ]
    return [read_row(net, pixels, of_shrunk, window) for window in windows]


def margin_mm(page: Page, geometry: PageGeometry, layout: Layout, side_mm: float, outward: int) -> float:
    """How far the picture goes on beyond a side of the layout along any of its rows, within the limits."""
    away = np.arange(_LIMITS.margin_mm + 1)
    along = np.stack(np.meshgrid(side_mm + outward * away, [row[0].baseline_mm for row in layout.rows()]), axis=-1)
    px = geometry.to_px(along)
    is_seen = ((px > -0.5) & (px < np.array(page.size_px) - 0.5)).all(-1).any(0)
    return float(away[is_seen].max(initial=_LIMITS.min_margin_mm))


def strip_window(x0_mm: float, x1_mm: float, baseline_mm: float, half_mm: float) -> Window:
    """The paper window of a row's strip, widened so that its sides in px suit the network."""
    tall = -(-round(2 * half_mm * ROW_PX_PER_MM) // _STRIDE_PX) * _STRIDE_PX / ROW_PX_PER_MM
    wide = -(-round((x1_mm - x0_mm) * ROW_PX_PER_MM) // _STRIDE_PX) * _STRIDE_PX / ROW_PX_PER_MM
    return x0_mm, baseline_mm - tall / 2, x0_mm + wide, baseline_mm + tall / 2


def read_row(net: HeadsNetwork, pixels: np.ndarray, geometry: PageGeometry, window_mm: Window) -> RowReading:
    """Warp a row out of the page and read it; columns run at twice the strip's px."""
    strip = flatten(pixels, geometry, window_mm, ROW_PX_PER_MM, cv2.INTER_CUBIC)
    out = run_heads(net, with_height(to_tensor(strip)))
    seg = out["seg"][0].float().softmax(0).cpu().numpy()
    edge = out["signal_edge"][0, 0].float().sigmoid().cpu().numpy()
    height_px, certainty, spread_px = follow(out["signal"][0, 0], own_ink(seg[ROW_TARGET], edge))
    columns = column_centres_px(strip.shape[1])
    return RowReading(
        x_mm=window_mm[0] + (columns + 0.5) / ROW_PX_PER_MM,
        y_mm=window_mm[1] + (height_px + 0.5) / ROW_PX_PER_MM,
        certainty=certainty,
        presence=out["signal_valid"][0, 0].float().sigmoid().cpu().numpy(),
        edge=edge,
        seg=seg,
        spread_mm=spread_px / ROW_PX_PER_MM,
    )
