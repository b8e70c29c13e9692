"""A plain digitizer without a network, to compare with: thresholds, projections and a shortest path.

It takes the page as upright and flat paper of even scale with 5 mm lines, and as 3x4+1 at 25 mm/s and 10 mm/mV unless
told otherwise. It follows the rows in `classical_rows`.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from digitize.engines.classical_rows import first_column, follow_row, zero_lines
from digitize.errors import NotAnEcg, Refusal
from digitize.grid.corners import Corners
from digitize.page.negative import positive
from ecg.geometry import PageGeometry
from ecg.layout import Layout, LeadBox, Template, template
from ecg.notes import Note
from ecg.page import Page, Trace, traces_to_record
from ecg.reading import Reading, ReadingFacts


@dataclass(frozen=True)
class PaperThresholds:
    """What is paper, grid and ink to the classical engine; set by eye on clean scans, fitted to nothing."""

    long_side_px: int = 3000  # a finer picture is made smaller first: its traces are wide enough
    page_mm: tuple[float, float] = (180.0, 450.0)  # a page is so wide, which tells lines of 5 mm from those of 1 mm
    min_repeat: float = 0.05  # correlation of the page with itself 5 mm on, below which there is no grid
    skew_px: int = 800  # width of the picture that the angle is sought in
    max_skew_deg: float = 4.0  # of a page that is taken for upright,
    skew_step_deg: float = 0.25  # sought this finely
    max_ink: float = 0.06  # share of a page that ink covers
    min_darkness: float = 0.25  # of ink, 0..1
    frame_px: int = 4  # a page's own edge is not ink


_PAPER = PaperThresholds()
_SKEW_DEG = np.arange(-_PAPER.max_skew_deg, _PAPER.max_skew_deg + 0.01, _PAPER.skew_step_deg)


@dataclass(frozen=True)
class Classical:
    """Call it with a `Page` to get a `Reading`; raises NotAnEcg where no grid or too few rows are seen."""

    def __call__(
        self,
        page: Page,
        layout: Template | str | None = None,
        mm_per_s: float | None = None,
        mm_per_mv: float | None = None,
        corners_px: Corners | None = None,
    ) -> Reading:
        if corners_px is not None:
            raise Refusal("the classical engine takes pages as upright and flat: it cannot use corners")
        page = positive(page)
        kind = template(layout or "3x4+1") if not isinstance(layout, Template) else layout
        speed = mm_per_s or 25.0
        picture, turned = straightened(page.pixels)
        across, down = (px_per_mm(picture, axis) for axis in (1, 0))
        ink = darkness(picture, 6 * max(across, down))
        mask = ink > threshold(ink)
        mask[: _PAPER.frame_px] = mask[-_PAPER.frame_px :] = mask[:, : _PAPER.frame_px] = mask[
            :, -_PAPER.frame_px :
        ] = False
        lines = zero_lines(mask, across, down, kind.row_count)
        curves = np.array([follow_row(ink, mask, line, down) for line in lines])
        start = first_column(curves, lines, across, down, kind.duration_s * speed)
        origin = (start / across, 0.0)
        placed = kind.place(origin, 25.0, speed, mm_per_mv or 10.0, [line / down for line in lines])
        geometry = PageGeometry(np.linalg.inv(turned) @ np.diag([across, down, 1.0]))
        return _reading(page, geometry, placed, curves, lines, (across, down))


def load(device: str = "cpu") -> Classical:
    """The engine; it computes on the CPU whatever the device."""
    return Classical()


def _reading(
    page: Page,
    geometry: PageGeometry,
    layout: Layout,
    curves: np.ndarray,
    lines: list[float],
    scale: tuple[float, float],
) -> Reading:
    """The reading of curves [row, col] in px of the straightened picture."""
    of_line = {round(line / scale[1], 3): curve for line, curve in zip(lines, curves, strict=True)}
    traces = tuple(_cut(box, of_line[round(box.baseline_mm, 3)], scale, geometry) for box in layout.boxes)
    facts = ReadingFacts(px_per_mm=list(scale))
    record = traces_to_record(traces, geometry, layout)
    notes = (Note("layout-assumed", "layout, speed and gain are assumed"),)
    return Reading(record, page, geometry, layout, traces, notes, facts)


def _cut(box: LeadBox, curve: np.ndarray, scale: tuple[float, float], geometry: PageGeometry) -> Trace:
    first, last = (np.clip(round(x * scale[0]), 0, len(curve)) for x in (box.box_mm[0], box.box_mm[2]))
    cols = np.arange(first, max(last, first + 1)).clip(max=len(curve) - 1)
    seen = np.isfinite(curve[cols])
    px = geometry.to_px(np.stack([cols / scale[0], np.where(seen, curve[cols], 0.0) / scale[1]], axis=-1))
    return Trace(box.lead, px[:, 0], np.where(seen, px[:, 1], np.nan), seen.astype(float))


def straightened(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The picture at a workable size with its grid upright, and the matrix [3, 3] from old to new px.

    The angle is the one at which the picture's columns and rows differ most from each other.
    """
    height, width = pixels.shape[:2]
    factor = min(1.0, _PAPER.long_side_px / max(height, width))
    small = cv2.resize(
        pixels.min(-1), None, fx=_PAPER.skew_px / width, fy=_PAPER.skew_px / width, interpolation=cv2.INTER_AREA
    )
    angle = float(max(_SKEW_DEG, key=lambda degrees: _spread(_rotated(small, degrees))))
    turn = np.eye(3)
    turn[:2] = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), angle, factor)
    size = (round(width * factor), round(height * factor))
    turn[:2, 2] += [(size[0] - width) / 2, (size[1] - height) / 2]
    if angle == 0 and factor == 1:
        return pixels, turn
    return cv2.warpAffine(pixels, turn[:2], size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE), turn


def _rotated(grey: np.ndarray, degrees: float) -> np.ndarray:
    middle = ((grey.shape[1] - 1) / 2, (grey.shape[0] - 1) / 2)
    return cv2.warpAffine(grey, cv2.getRotationMatrix2D(middle, degrees, 1), grey.shape[::-1])


def _spread(grey: np.ndarray) -> float:
    inner = grey[grey.shape[0] // 6 : -grey.shape[0] // 6, grey.shape[1] // 6 : -grey.shape[1] // 6]
    return float(np.diff(inner.mean(0)).var() + np.diff(inner.mean(1)).var())


def px_per_mm(picture: np.ndarray, axis: int) -> float:
    """From the repeat of the grid's lines along an axis (0 down, 1 across). Raises NotAnEcg where nothing repeats."""
    profile = picture.min(-1).mean(1 - axis, dtype=np.float64)
    profile -= cv2.blur(profile[:, None], (1, 2 * len(profile) // 40 + 1))[:, 0]
    low, high = (5 * picture.shape[1] / mm for mm in reversed(_PAPER.page_mm))
    spectrum = np.fft.rfft(profile, 2 * len(profile))
    repeat = np.fft.irfft(np.abs(spectrum) ** 2)[: len(profile)]
    lags = np.arange(max(2, int(low)), min(int(high) + 1, len(repeat) // 4))
    strength = repeat[lags] / max(repeat[0], 1e-9)
    if strength.max(initial=0.0) < _PAPER.min_repeat:
        raise NotAnEcg("the classical engine found no grid: nothing repeats every 5 mm", "no-grid")
    return _fine_period(profile, float(lags[strength.argmax()])) / 5


def _fine_period(profile: np.ndarray, period: float) -> float:
    """The period within 3 % whose first five waves a profile holds most of."""
    periods = period * np.linspace(0.97, 1.03, 601)
    waves = np.exp(-2j * np.pi * np.arange(1, 6)[:, None, None] * np.arange(len(profile)) / periods[:, None])
    return float(periods[np.abs(waves @ profile).sum(0).argmax()])


def darkness(picture: np.ndarray, around_px: float) -> np.ndarray:
    """How dark a pixel is beside the paper around it, 0..1, by its strongest channel: a coloured grid is light."""
    light = picture.max(-1)
    side = round(around_px / 8) * 2 + 1
    few = cv2.resize(light, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    paper = cv2.blur(cv2.dilate(few, np.ones((side, side), np.uint8)), (side, side))
    paper = cv2.resize(paper, light.shape[::-1]).astype(np.float32)
    return np.clip(1 - light / np.maximum(paper, 1), 0, 1)


def threshold(ink: np.ndarray) -> float:
    """Between the paper and the ink: Otsu's, repeated among the darker pixels while these are too many to be ink."""
    grey = (255 * ink).astype(np.uint8).ravel()
    dark = grey
    for _ in range(3):
        limit, _ = cv2.threshold(dark[:, None], 0, 255, cv2.THRESH_OTSU)
        dark = grey[grey > limit]
        if dark.size < _PAPER.max_ink * grey.size:
            break
    return max(limit / 255, _PAPER.min_darkness)
