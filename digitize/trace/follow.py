"""From column distributions to a curve: where in each column the trace is, and how sure that is."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

_REACH = 16  # rows around the path that take part in its centre of gravity: on a flank a column crosses many
_CLIMB = 0.12  # nats a row: what climbing costs; less, and folds are climbed; more, and high narrow R waves are lost
_LEAST = 1e-4  # no height is less likely than this: a column alone cannot force the path


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
    near = path[..., None] + torch.arange(-_REACH, _REACH + 1, device=share.device)
    return near, share.gather(-1, near.clamp(0, rows - 1)) * ((near >= 0) & (near < rows)) + 1e-9


def follow(logits: Tensor) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Height in px, certainty and spread in px of a whole row's curve; logits [row, col] to three arrays [col].

    The path is the likeliest one when every row of climb costs a little (Viterbi 1967); around it the height is
    refined as in `decode_columns`.
    """
    share = logits.float().softmax(0).T.contiguous()  # [col, row]
    path = torch.from_numpy(likeliest_path(share.cpu().numpy())).to(share.device)
    height, certainty = centre_near(share, path)
    spread = spread_near(share, path, height)
    return height.cpu().numpy().astype(np.float64), certainty.cpu().numpy(), spread.cpu().numpy()


def likeliest_path(share: np.ndarray) -> np.ndarray:
    """The path int64 [col] with the least cost: -log of its shares [col, row] plus a price on its total climb."""
    cost = -np.log(share + _LEAST)
    climb = _CLIMB * np.arange(share.shape[1], dtype=cost.dtype)
    # min over y' of reached[y'] + climb * |y - y'|, first from above and then from below; what is added and taken
    # away in every column is added once, to all of them
    reached, level, twice = np.empty_like(cost), cost - 2 * climb, 2 * climb
    reached[0] = climb
    for col in range(1, len(cost)):
        down = np.minimum.accumulate(reached[col - 1] + level[col - 1])
        down += twice
        np.minimum.accumulate(down[::-1], out=reached[col, ::-1])
    reached += level + climb
    apart = np.abs(climb - climb[:, None])
    path = [int(reached[-1].argmin())]
    for before in reached[-2::-1]:
        path.append(int((before + apart[path[-1]]).argmin()))
    return np.array(path[::-1], np.int64)
