"""How well the page was understood: layout, lead names, orientation, scale, and what the confidence is worth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

import numpy as np
from scipy import stats

from ecg.geometry import PageGeometry
from ecg.layout import Layout

_UPRIGHT_WITHIN_DEG = 5.0
_SCALE_WITHIN = 0.02  # speed and gain are one of a few values at least a factor of two apart


def layout_agreement(truth: Layout, read: Layout) -> dict[str, float]:
    """1 or 0 for the same boxes in the same rows, the same speed and the same gain; the share of names that agree."""
    wanted = [[box.lead for box in row] for row in truth.rows()]
    found = [[box.lead for box in row] for row in read.rows()]
    same_boxes = [len(row) for row in wanted] == [len(row) for row in found]
    names = [a == b for w, f in zip(wanted, found, strict=False) for a, b in zip(w, f, strict=False)]
    return {
        "layout_right": float(same_boxes),
        "names_right": float(np.mean(names)) if same_boxes else 0.0,
        "speed_right": float(_near(read.mm_per_s, truth.mm_per_s)),
        "gain_right": float(_near(read.mm_per_mv, truth.mm_per_mv) and _share_gains(truth, read)),
    }


def _share_gains(truth: Layout, read: Layout) -> bool:
    """Whether each lead that both layouts have is at the same share of the gain in both."""
    shares = {box.lead: box.gain for box in truth.boxes}
    return all(_near(box.gain, shares.get(box.lead, box.gain)) for box in read.boxes)


def geometry_agreement(truth: PageGeometry, read: PageGeometry, layout: Layout) -> dict[str, float]:
    """Orientation (1 or 0), rotation error and scale error (%) in the middle of the printed area.

    `layout` is the true one. The two papers may have different origins: they are compared at one place of the picture.
    """
    x0, y0, x1, y1 = layout.extent_mm
    centre_mm = ((x0 + x1) / 2, (y0 + y1) / 2)
    same_mm = tuple(read.to_mm(truth.to_px(np.array(centre_mm))))
    turn_deg = (read.angle_deg(same_mm) - truth.angle_deg(centre_mm) + 180) % 360 - 180
    scale = np.array(read.px_per_mm(same_mm)) / np.array(truth.px_per_mm(centre_mm))
    return {
        "orientation_right": float(abs(turn_deg) < _UPRIGHT_WITHIN_DEG),
        "rotation_error_deg": float(abs(turn_deg)),
        "scale_error_percent": float(100 * np.abs(scale - 1).max()),
    }


class LeadBin(TypedDict):
    """Leads of like confidence (from, to), and their error."""

    confidence: list[float]
    rmse_uv: float


class LeadCalibration(TypedDict):
    """Spearman's correlation of confidence and error (-1 is perfect, 0 says nothing), and the leads in bins."""

    rank_correlation: float
    bins: list[LeadBin]


def calibration(confidence: Sequence[float], error_uv: Sequence[float], bins: int = 4) -> LeadCalibration:
    """Whether the error falls as the confidence rises, over all leads of all pages.

    `rank_correlation` is Spearman's between confidence and error (-1 is perfect, 0 says nothing); `bins` hold equally
    many leads each, from least to most confident. Fewer than two leads per bin give no answer (NaN, no bins).
    """
    stated, error = np.asarray(confidence, float), np.asarray(error_uv, float)
    if stated.size < 2 * bins or np.ptp(stated) == 0 or np.ptp(error) == 0:
        return LeadCalibration(rank_correlation=float("nan"), bins=[])
    groups = np.array_split(np.argsort(stated, kind="stable"), bins)
    table = [
        LeadBin(
            confidence=[float(stated[g].min()), float(stated[g].max())], rmse_uv=float(np.sqrt((error[g] ** 2).mean()))
        )
        for g in groups
    ]
    return LeadCalibration(rank_correlation=float(stats.spearmanr(stated, error).statistic), bins=table)


def _near(value: float, wanted: float) -> bool:
    return abs(value / wanted - 1) <= _SCALE_WITHIN
