"""One rectified row at a time: warp it out of the page once, and let the row network read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from digitize.grid.rectify import flatten
from digitize.nets.inputs import ROW_PX_PER_MM, ROW_TARGET, column_centres_px, to_tensor, with_height
from ecg.geometry import PageGeometry

_STRIDE = 32  # the network's sides must be multiples of this


@dataclass(frozen=True, eq=False)
class RowReading:
    """What the row network read along one row, per column, in paper mm.

    `x_mm`, `y_mm` [column] are the curve; `certainty`, `presence` and `edge` [column], whether a lead begins or ends
    there, lie in 0..1; `seg` is the class map [row, col] in 0..1 per class, `corner_mm` the strip's upper left corner.
    `spread_mm` [column] is how wide the distribution is that the height was decoded from, None where there is none.
    """

    x_mm: np.ndarray
    y_mm: np.ndarray
    certainty: np.ndarray
    presence: np.ndarray
    edge: np.ndarray
    seg: np.ndarray
    corner_mm: tuple[float, float]
    spread_mm: np.ndarray | None = None


def strip_window(x0_mm: float, x1_mm: float, baseline_mm: float, half_mm: float) -> tuple[float, float, float, float]:
    """The paper window of a row's strip, widened so that its sides in px suit the network."""
    tall = -(-round(2 * half_mm * ROW_PX_PER_MM) // _STRIDE) * _STRIDE / ROW_PX_PER_MM
    wide = -(-round((x1_mm - x0_mm) * ROW_PX_PER_MM) // _STRIDE) * _STRIDE / ROW_PX_PER_MM
    return x0_mm, baseline_mm - tall / 2, x0_mm + wide, baseline_mm + tall / 2


def shrunk(
    pixels: np.ndarray, geometry: PageGeometry, px_per_mm: float = ROW_PX_PER_MM
) -> tuple[np.ndarray, PageGeometry]:
    """A page that is much finer than the warp to come, averaged down by a whole factor so that it does not alias."""
    x0, y0, x1, y1 = geometry.extent_mm
    factor = int(min(geometry.px_per_mm(((x0 + x1) / 2, (y0 + y1) / 2))) / (1.25 * px_per_mm))
    if factor < 2:
        return pixels, geometry
    rows, cols = (n // factor * factor for n in pixels.shape[:2])
    small = cv2.resize(pixels[:rows, :cols], (cols // factor, rows // factor), interpolation=cv2.INTER_AREA)
    scale = 1 / factor
    return small, geometry.after(np.array([[scale, 0, 0.5 * scale - 0.5], [0, scale, 0.5 * scale - 0.5], [0, 0, 1.0]]))


def read_row(
    net: Any, pixels: np.ndarray, geometry: PageGeometry, window_mm: tuple[float, float, float, float]
) -> RowReading:
    """Warp a row out of the page and read it; columns run at twice the strip's px."""
    import torch

    from digitize.trace.path_decoding import follow, own_ink
    from ecg.fit.device import autocast_for

    strip = flatten(pixels, geometry, window_mm, ROW_PX_PER_MM, cv2.INTER_CUBIC)
    device = next(net.parameters()).device
    image = with_height(to_tensor(strip))[None].to(device)
    with torch.inference_mode(), autocast_for("auto", device)():
        out = net(image.contiguous(memory_format=torch.channels_last))
    seg = out["seg"][0].float().softmax(0).cpu().numpy()
    edge = out["signal_edge"][0, 0].float().sigmoid().cpu().numpy()
    height_px, certainty, spread_px = follow(out["signal"][0, 0], own_ink(seg[ROW_TARGET], edge))
    columns = column_centres_px(strip.shape[1])
    return RowReading(
        window_mm[0] + (columns + 0.5) / ROW_PX_PER_MM,
        window_mm[1] + (height_px + 0.5) / ROW_PX_PER_MM,
        certainty,
        out["signal_valid"][0, 0].float().sigmoid().cpu().numpy(),
        edge,
        seg,
        (window_mm[0], window_mm[1]),
        spread_px / ROW_PX_PER_MM,
    )
