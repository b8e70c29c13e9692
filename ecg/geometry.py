"""`PageGeometry`: where a paper millimetre lies in the picture, and back."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from ecg.files import JsonMapping, JsonObject

_INVERSE_STEPS = 12
_INVERSE_CLOSE_MM = 1e-5
_RIGHT, _DOWN = np.array([1.0, 0.0]), np.array([0.0, 1.0])


@dataclass(frozen=True, eq=False)
class PageGeometry:
    """A perspective map from paper mm to page px, bent by a smooth displacement.

    `homography` [3, 3] takes (x_mm, y_mm, 1) to px. `bend_mm` [row, column, 2] is a displacement in mm (x, y) on an
    even lattice over `extent_mm` (x0, y0, x1, y1), added before the homography: px = H(mm + bend(mm)). None means flat
    paper. Pixel centres have whole coordinates. `error_mm` is the map's own estimate of its typical error, NaN if
    unknown.
    """

    homography: np.ndarray
    bend_mm: np.ndarray | None = None
    extent_mm: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    error_mm: float = float("nan")

    def __post_init__(self) -> None:
        matrix = np.asarray(self.homography, dtype=np.float64)
        if matrix.shape != (3, 3) or not np.isfinite(matrix).all() or abs(np.linalg.det(matrix)) < 1e-12:
            raise ValueError("homography must be a finite, invertible 3x3 matrix (paper mm to page px)")
        object.__setattr__(self, "homography", matrix / matrix[2, 2])
        if self.bend_mm is not None:
            bend = np.asarray(self.bend_mm, dtype=np.float64)
            if bend.ndim != 3 or bend.shape[2] != 2 or min(bend.shape[:2]) < 2:
                raise ValueError(f"bend_mm must be [row, column, 2] with at least 2x2 nodes, got {bend.shape}")
            spline = np.stack([ndimage.spline_filter(bend[..., k], order=3, mode="nearest") for k in (0, 1)])
            object.__setattr__(self, "bend_mm", bend)
            object.__setattr__(self, "_spline", spline)

    @classmethod
    def flat(
        cls, px_per_mm: float, origin_px: tuple[float, float] = (0.0, 0.0), angle_deg: float = 0.0
    ) -> PageGeometry:
        """Even scale, turned by `angle_deg` (clockwise as seen), paper origin at `origin_px`."""
        c, s = np.cos(np.radians(angle_deg)) * px_per_mm, np.sin(np.radians(angle_deg)) * px_per_mm
        return cls(np.array([[c, -s, origin_px[0]], [s, c, origin_px[1]], [0, 0, 1]]))

    def to_px(self, points_mm: np.ndarray) -> np.ndarray:
        """Paper mm [..., 2] (x, y) to page px [..., 2] (x, y)."""
        points = np.asarray(points_mm, dtype=np.float64)
        return project(self.homography, points + self.bend(points))

    def to_mm(self, points_px: np.ndarray) -> np.ndarray:
        """Page px [..., 2] (x, y) to paper mm [..., 2] (x, y); the inverse of `to_px`."""
        flat = project(np.linalg.inv(self.homography), np.asarray(points_px, dtype=np.float64))
        if self.bend_mm is None:
            return flat
        points = flat.copy()
        for _ in range(_INVERSE_STEPS):  # a contraction: the bend changes slowly along the paper
            before, points = points, flat - self.bend(points)
            if np.abs(points - before).max(initial=0.0) < _INVERSE_CLOSE_MM:
                break
        return points

    def bend(self, points_mm: np.ndarray) -> np.ndarray:
        """Displacement in mm [..., 2] at paper points; outside the extent it stays as at the edge."""
        if self.bend_mm is None:
            return np.zeros_like(points_mm)
        if points_mm.ndim == 1:
            return self.bend(points_mm[None])[0]
        x0, y0, x1, y1 = self.extent_mm
        rows, cols = self.bend_mm.shape[:2]
        where = np.stack([
            (points_mm[..., 1] - y0) / (y1 - y0) * (rows - 1),
            (points_mm[..., 0] - x0) / (x1 - x0) * (cols - 1),
        ])  # fmt: skip
        limits = np.array([rows - 1, cols - 1]).reshape(2, *[1] * (where.ndim - 1))
        where = np.clip(where, 0, limits)
        spline: np.ndarray = self._spline  # type: ignore[attr-defined]
        bend = [ndimage.map_coordinates(s, where, order=3, mode="nearest", prefilter=False) for s in spline]
        return np.stack(bend, axis=-1)

    def px_per_mm(self, point_mm: tuple[float, float]) -> tuple[float, float]:
        """Local scale along the paper's x and y at a point."""
        p = np.array(point_mm, dtype=np.float64)
        origin, right, down = self.to_px(np.stack([p, p + _RIGHT, p + _DOWN]))
        return float(np.linalg.norm(right - origin)), float(np.linalg.norm(down - origin))

    def angle_deg(self, point_mm: tuple[float, float]) -> float:
        """Direction of the paper's x axis in the picture at a point, degrees clockwise as seen, in (-180, 180]."""
        p = np.array(point_mm, dtype=np.float64)
        a, b = self.to_px(np.stack([p - _RIGHT, p + _RIGHT]))
        return float(np.degrees(np.arctan2(b[1] - a[1], b[0] - a[0])))

    def after(self, matrix_px: np.ndarray) -> PageGeometry:
        """The geometry of the picture that `matrix_px` [3, 3] (old px to new px) makes of this one."""
        return replace(self, homography=np.asarray(matrix_px, dtype=np.float64) @ self.homography)

    def half_turned(self) -> PageGeometry:
        """The same paper with its axes turned by half: what was at (x, y) mm is at (-x, -y)."""
        x0, y0, x1, y1 = self.extent_mm
        bend = None if self.bend_mm is None else -self.bend_mm[::-1, ::-1]
        matrix = self.homography @ np.diag([-1.0, -1.0, 1.0])
        return replace(self, homography=matrix, bend_mm=bend, extent_mm=(-x1, -y1, -x0, -y0))

    def scaled(self, factor: float) -> PageGeometry:
        """The same paper counted in other millimetres: what was at (x, y) mm is at (factor x, factor y)."""
        matrix = self.homography @ np.diag([1 / factor, 1 / factor, 1.0])
        bend = None if self.bend_mm is None else self.bend_mm * factor
        extent = tuple(factor * v for v in self.extent_mm)
        return PageGeometry(matrix, bend, extent, self.error_mm * factor)  # type: ignore[arg-type]

    def counted_from(self, by_mm: tuple[float, float]) -> PageGeometry:
        """The same paper counted from elsewhere: what was at (x, y) mm is at (x, y) + `by_mm`."""
        dx, dy = by_mm
        x0, y0, x1, y1 = self.extent_mm
        matrix = self.homography @ np.array([[1.0, 0.0, -dx], [0.0, 1.0, -dy], [0.0, 0.0, 1.0]])
        return PageGeometry(matrix, self.bend_mm, (x0 + dx, y0 + dy, x1 + dx, y1 + dy), self.error_mm)

    def to_dict(self) -> JsonObject:
        return {
            "homography": self.homography.tolist(),
            "bend_mm": None if self.bend_mm is None else np.round(self.bend_mm, 5).tolist(),
            "extent_mm": list(self.extent_mm),
            "error_mm": None if np.isnan(self.error_mm) else self.error_mm,
        }

    @classmethod
    def from_dict(cls, data: JsonMapping) -> PageGeometry:
        bend, error = data.get("bend_mm"), data.get("error_mm")
        return cls(
            np.array(data["homography"]),
            None if bend is None else np.array(bend),
            tuple(data["extent_mm"]),
            float("nan") if error is None else error,
        )


def project(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Apply a perspective matrix [3, 3] to points [..., 2]."""
    homogeneous = points @ matrix[:, :2].T + matrix[:, 2]
    return homogeneous[..., :2] / homogeneous[..., 2:]
