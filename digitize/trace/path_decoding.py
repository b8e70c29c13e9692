"""From column distributions to a curve: where in each column the trace is, and how certain that is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy.ndimage import maximum_filter1d
from torch import Tensor


@dataclass(frozen=True)
class PathThresholds:
    """How a curve runs through the columns' distributions; set on simulated strips of all conditions."""

    reach_px: int = 16  # rows around the path in its centre of gravity: on a flank a column crosses many
    climb_cost: float = 0.12  # nats a row: with less folds are climbed, with more high narrow R waves are lost
    ink_discount: float = 0.9  # share of that cost saved along rows as likely as any, or along the trace's own ink
    end_columns: int = 41  # around a lead's end, whose ink may be a separator's
    min_share: float = 1e-4  # no height is less likely than this: a column alone cannot force the path
    narrow_px: float = 3.0  # spread up to which a column stands for itself
    wide_px: float = 8.0  # spread from which on it is smoothed


_PATH = PathThresholds()


def decode_columns(logits: Tensor) -> tuple[Tensor, Tensor]:
    """Height in px and certainty in 0..1 of every column by itself; logits [..., row, col] to two tensors [..., col].

    The height is the centre of gravity of the distribution near its peak, the certainty the share that lies there.
    """
    share = logits.softmax(-2).transpose(-1, -2)  # [..., col, row]
    return centre_near(share, share.argmax(-1))


def centre_near(share: Tensor, path: Tensor) -> tuple[Tensor, Tensor]:
    """Centre of gravity and mass of column distributions [..., col, row] within a few rows of a path [..., col]."""
    near, weight = _around(share, path)
    mass = weight.sum(-1)
    return (weight * near).sum(-1) / mass, mass.clamp(max=1.0)


def spread_near(share: Tensor, path: Tensor, centre: Tensor) -> Tensor:
    """Standard deviation [..., col], in rows, of column distributions near a path around their centre."""
    near, weight = _around(share, path)
    return ((weight * (near - centre[..., None]) ** 2).sum(-1) / weight.sum(-1)).sqrt()


def _around(share: Tensor, path: Tensor) -> tuple[Tensor, Tensor]:
    """The rows near a path and what the distributions hold there, [..., col, near]."""
    rows = share.shape[-1]
    near = path[..., None] + torch.arange(-_PATH.reach_px, _PATH.reach_px + 1, device=share.device)
    return near, share.gather(-1, near.clamp(0, rows - 1)) * ((near >= 0) & (near < rows)) + 1e-9


def follow(logits: Tensor, ink: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Height in px, certainty and spread in px of a whole row's curve; logits [row, col] to three arrays [col].

    The path is the likeliest one when every row of climb costs a little (Viterbi 1967), less along the trace's own
    `ink` [row, col] (0..1, `own_ink`); around it the height is refined as in `decode_columns`, and smoothed where it
    is unsure.
    """
    share = logits.float().softmax(0).T.contiguous()  # [col, row]
    path = torch.from_numpy(likeliest_path(share.cpu().numpy(), ink.T)).to(share.device)
    height, certainty = centre_near(share, path)
    spread = spread_near(share, path, height)
    heights, spreads = height.cpu().numpy().astype(np.float64), spread.cpu().numpy()
    return smoothed(heights, spreads), certainty.cpu().numpy(), spreads


def own_ink(target: np.ndarray, edge: np.ndarray) -> np.ndarray:
    """How clearly a place is ink of the row's own trace and of no mark at a lead's end, 0..1 [row, col].

    `target` [row, px] is the network's map of that ink, `edge` [col] whether a lead begins or ends there.
    """
    wide = np.repeat(target, len(edge) // target.shape[1], axis=1)
    return wide * (1 - np.minimum(2 * maximum_filter1d(edge, _PATH.end_columns), 1))


def smoothed(height: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Heights [col], in px, with columns of a wide distribution drawn towards the mean of their neighbours (1-2-1)."""
    unsure = np.log(np.maximum(spread, _PATH.narrow_px) / _PATH.narrow_px) / np.log(_PATH.wide_px / _PATH.narrow_px)
    around = np.pad(height, 1, mode="edge")
    mean: np.ndarray = (around[:-2] + 2 * height + around[2:]) / 4
    return height + np.minimum(unsure, 1.0) * (mean - height)


def likeliest_path(share: np.ndarray, ink: np.ndarray | float = 0.0) -> np.ndarray:
    """The path int64 [col] with the least cost: -log of its shares [col, row] plus a price on its total climb.

    Rows about as likely as any in their column, and rows of the trace's own `ink` [col, row], are cheap to pass: a
    flank is one stroke, and its tip belongs to it.
    """
    cost = -np.log(share + _PATH.min_share)
    passable = np.maximum((share / share.max(1, keepdims=True)) ** 2, ink)
    height = np.cumsum(_PATH.climb_cost * (1 - _PATH.ink_discount * passable), axis=1)  # what climbing to a row costs
    reached = np.empty_like(cost)
    reached[0] = cost[0]
    for col in range(1, len(cost)):  # min over y' of reached[y'] + |height[y] - height[y']|: from above, from below
        before, climb = reached[col - 1], height[col]
        down = np.minimum.accumulate(before - climb) + climb
        up = np.minimum.accumulate((before + climb)[::-1])[::-1] - climb
        reached[col] = np.minimum(down, up) + cost[col]
    path = [int(reached[-1].argmin())]
    for before, climb in zip(reached[-2::-1], height[:0:-1], strict=True):
        path.append(int((before + np.abs(climb - climb[path[-1]])).argmin()))
    return np.array(path[::-1], np.int64)
