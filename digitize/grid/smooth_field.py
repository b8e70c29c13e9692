"""The bend of a page: a smooth displacement on a lattice over the paper, fitted to scattered values."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.linalg import solveh_banded

Extent = tuple[float, float, float, float]

STEP_MM = 12.0  # between the nodes of a bend


def field_shape(extent_mm: Extent, step_mm: float = STEP_MM) -> tuple[int, int]:
    """(rows, columns) of a bend lattice over an extent."""
    x0, y0, x1, y1 = extent_mm
    return max(4, round((y1 - y0) / step_mm) + 1), max(4, round((x1 - x0) / step_mm) + 1)


def smooth_field(
    points_mm: np.ndarray,
    values_mm: np.ndarray,
    extent_mm: Extent,
    smooth: float,
    trust: np.ndarray | None = None,
    step_mm: float = STEP_MM,
) -> np.ndarray:
    """Least-squares field [row, col, value] through scattered values [point, value], its curvature held small.

    `trust` [point] weighs the points, 1 being usual; outliers count less.
    """
    rows, cols = field_shape(extent_mm, step_mm)
    x0, y0, x1, y1 = extent_mm
    if cols > rows:  # the equations fill a band as wide as two rows are long
        turned = smooth_field(points_mm[:, ::-1], values_mm, (y0, x0, y1, x1), smooth, trust, step_mm)
        return turned.swapaxes(0, 1)
    u = np.clip((points_mm[:, 0] - x0) / (x1 - x0) * (cols - 1), 0, cols - 1 - 1e-9)
    v = np.clip((points_mm[:, 1] - y0) / (y1 - y0) * (rows - 1), 0, rows - 1 - 1e-9)
    c, r = u.astype(int), v.astype(int)
    fu, fv = u - c, v - r
    n = len(points_mm)
    where = np.concatenate([r * cols + c, r * cols + c + 1, (r + 1) * cols + c, (r + 1) * cols + c + 1])
    part = np.concatenate([(1 - fu) * (1 - fv), fu * (1 - fv), (1 - fu) * fv, fu * fv])
    sample = sparse.coo_matrix((part, (np.tile(np.arange(n), 4), where)), (n, rows * cols)).tocsr()
    bending = smooth * sparse.vstack(_curvature(rows, cols)).tocsr()
    stiff = bending.T @ bending + 1e-6 * sparse.identity(rows * cols)
    trust = np.ones(n) if trust is None else trust
    weight = trust
    for _ in range(4):
        weighted = sample.multiply(weight[:, None]).tocsr()
        out = _solve(weighted.T @ sample + stiff, weighted.T @ values_mm)
        error = np.sqrt(((sample @ out - values_mm) ** 2).sum(1))
        scale = max(0.05, 1.5 * float(np.median(error[trust > 0.1])) if (trust > 0.1).any() else 0.05)
        weight = trust / (1 + (error / scale) ** 2)
    return out.reshape(rows, cols, -1)


def _solve(normal: sparse.spmatrix, wanted: np.ndarray) -> np.ndarray:
    """The solution of symmetric positive equations that lie near the diagonal, as those of a lattice do."""
    lower = sparse.tril(normal, format="coo")
    below = lower.row - lower.col
    band = np.zeros((below.max() + 1, normal.shape[0]))
    band[below, lower.col] = lower.data
    return np.asarray(solveh_banded(band, wanted, lower=True))


def _curvature(rows: int, cols: int) -> list[sparse.spmatrix]:
    """Second differences along both axes and the mixed one, as sparse operators on a flattened field."""

    def second(n: int) -> sparse.spmatrix:
        return sparse.diags([1.0, -2.0, 1.0], [0, 1, 2], shape=(n - 2, n), dtype=float)

    def first(n: int) -> sparse.spmatrix:
        return sparse.diags([-1.0, 1.0], [0, 1], shape=(n - 1, n), dtype=float)

    return [
        sparse.kron(sparse.identity(rows), second(cols)),
        sparse.kron(second(rows), sparse.identity(cols)),
        sparse.kron(first(rows), first(cols)),
    ]


def field_nodes(extent_mm: Extent, step_mm: float = STEP_MM) -> np.ndarray:
    """The paper places [row, col, (x, y)] in mm of a bend lattice over an extent."""
    rows, cols = field_shape(extent_mm, step_mm)
    x0, y0, x1, y1 = extent_mm
    return np.stack(np.meshgrid(np.linspace(x0, x1, cols), np.linspace(y0, y1, rows)), axis=-1)
