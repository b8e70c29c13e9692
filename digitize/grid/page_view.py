"""The page network's look at a page: once as it came, once more upright and close."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from digitize.grid.corners import Corners, corner_matrix
from digitize.nets.inputs import PULSE, fit_image, fit_matrix, to_tensor
from digitize.nets.networks import HeadsNetwork, run_heads
from ecg.geometry import project

_LINE_PX = 1.0  # blur of the traces before their direction is measured
_ALIGNED = 0.15  # share of their edges that has to agree on it


@dataclass(frozen=True, eq=False)
class PageView:
    """What the network saw: `matrix` [3, 3] takes page px to the maps' px; maps are float32 in 0..1.

    `seg` [class, row, col], `grid` [row, col], `baseline` [row, col]; `angle_deg` is the page's rotation in the maps.
    """

    matrix: np.ndarray
    seg: np.ndarray
    grid: np.ndarray
    baseline: np.ndarray
    angle_deg: float

    @property
    def ink(self) -> np.ndarray:
        """Where traces are, of whichever lead."""
        ink: np.ndarray = self.seg[1:PULSE].sum(0)
        return ink


def look(net: HeadsNetwork, pixels: np.ndarray, matrix: np.ndarray, size_px: tuple[int, int]) -> PageView:
    """Run the page network on the page under `matrix`."""
    out = run_heads(net, to_tensor(fit_image(pixels, matrix, size_px)))
    sin, cos = out["theta"][0].float().tolist()
    view = PageView(
        matrix,
        out["seg"][0].float().softmax(0).cpu().numpy(),
        out["grid"][0, 0].float().sigmoid().cpu().numpy(),
        out["baseline"][0, 0].float().sigmoid().cpu().numpy(),
        float(np.degrees(np.arctan2(sin, cos))),
    )
    return replace(view, angle_deg=_along_rows(view))


def _along_rows(view: PageView) -> float:
    """The page's rotation in degrees: of the four that the traces allow, the one nearest to what the network gave.

    Traces run along their rows and, in their steep beats, at right angles to them: the fourfold mean direction of
    their edges is a page's to a degree or two, which no network of this size says of any angle.
    """
    lines = cv2.GaussianBlur((view.ink + view.baseline).astype(np.float32), (0, 0), _LINE_PX)
    edges = cv2.Sobel(lines, cv2.CV_32F, 1, 0) + 1j * cv2.Sobel(lines, cv2.CV_32F, 0, 1)
    fourfold = complex((edges**4 / np.maximum(np.abs(edges) ** 2, 1e-12)).sum())
    if abs(fourfold) < _ALIGNED * float((np.abs(edges) ** 2).sum()) + 1e-9:
        return view.angle_deg
    along = float(np.degrees(np.angle(fourfold))) / 4
    return along + 90 * round((view.angle_deg - along) / 90)


def look_twice(net: HeadsNetwork, pixels: np.ndarray, size_px: tuple[int, int]) -> PageView:
    """First the whole picture, then the part that holds the ECG, turned upright and as large as fits."""
    height, width = pixels.shape[:2]
    first = look(net, pixels, fit_matrix((width, height), size_px), size_px)
    second = look(net, pixels, closer(first, size_px), size_px)
    if abs(second.angle_deg) > 20:  # the first look missed the page's top: turn by what the second one says
        second = look(net, pixels, closer(second, size_px), size_px)
    return second


def look_at_corners(net: HeadsNetwork, pixels: np.ndarray, corners_px: Corners, size_px: tuple[int, int]) -> PageView:
    """The rectangle between four corners given by hand, upright and as large as fits."""
    return look(net, pixels, corner_matrix(corners_px, size_px), size_px)


def turned(
    net: HeadsNetwork, pixels: np.ndarray, view: PageView, angle_deg: float, size_px: tuple[int, int]
) -> PageView:
    """The same place turned by an angle."""
    return look(net, pixels, closer(replace(view, angle_deg=view.angle_deg + angle_deg), size_px), size_px)


def closer(view: PageView, size_px: tuple[int, int]) -> np.ndarray:
    """The matrix from page px that turns what a view saw upright and fills the frame with it."""
    turn = cv2.getRotationMatrix2D((0, 0), view.angle_deg, 1.0)
    upright = np.vstack([turn, [0, 0, 1]])
    rows, cols = np.nonzero(_content(view))
    if len(rows) < 50:
        rows, cols = np.nonzero(np.ones_like(view.grid))
    seen = project(upright, np.stack([cols, rows], axis=-1).astype(float))
    low, high = np.percentile(seen, 0.5, axis=0), np.percentile(seen, 99.5, axis=0)
    margin = 0.04 * (high - low).max()
    low, high = low - margin, high + margin
    scale = float(min(np.array(size_px) / (high - low)))
    place = np.array([[scale, 0, 0], [0, scale, 0], [0, 0, 1.0]])
    place[:2, 2] = np.array(size_px) / 2 - scale * (low + high) / 2
    return place @ upright @ view.matrix


def _content(view: PageView) -> np.ndarray:
    """Where traces and pulses are, with the grid right around them."""
    ink = view.seg[1 : PULSE + 1].sum(0) > 0.5
    near = cv2.dilate(ink.astype(np.uint8), np.ones((31, 31), np.uint8)) > 0
    return ink | (near & (view.grid > 0.4))
