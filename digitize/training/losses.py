"""The five heads' losses with their weighted sum, and the loss of the name network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

_SIGMA_PX = 1.0  # spread of the column target


@dataclass(frozen=True)
class LossWeights:
    """How much each head counts; a head that the network lacks is left out."""

    seg: float = 1.0
    grid: float = 0.5
    baseline: float = 0.8
    theta: float = 0.3
    signal: float = 2.0


def seg_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy plus soft Dice over the ink classes; logits [b, class, row, col], target int64 [b, row, col]."""
    classes = logits.shape[1]
    log_share = logits.float().log_softmax(1)
    right = log_share.gather(1, target[:, None])[:, 0]
    weight = torch.where(target == 0, 0.25, 1.0)
    entropy = -(weight * right).sum() / weight.sum()
    flat = target.flatten()
    truth = torch.bincount(flat, minlength=classes).float()
    hit = torch.zeros(classes, device=logits.device).index_add(0, flat, right.exp().flatten())
    size = log_share.exp().sum((0, 2, 3)) + truth
    there = truth[1:] > 0
    dice = 1 - ((2 * hit + 1) / (size + 1))[1:][there]
    return entropy + 0.5 * (dice.mean() if there.any() else hit.sum() * 0)


def heat_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Binary cross-entropy against a soft map in 0..1, its rare bright places weighted up; both of one shape.

    NaN in the target is not known, and costs nothing.
    """
    known = torch.isfinite(target)
    each = F.binary_cross_entropy_with_logits(logits.float(), target.nan_to_num(), reduction="none")
    return (each * (1 + 6 * target.nan_to_num()) * known).sum() / known.sum().clamp(min=1)


def theta_loss(unit: Tensor, target: Tensor) -> Tensor:
    """1 - cos of the angle between prediction and truth; both [b, 2]."""
    return (1 - (unit * target).sum(1)).mean()


def signal_loss(logits: Tensor, valid: Tensor, y_px: Tensor) -> Tensor:
    """Column cross-entropy against a Gaussian, smooth L1 of the soft-argmax, and the error of the validity.

    Flanks count more than flat stretches: they are a few columns in a hundred and hold nearly all of the squared error.

    logits [b, lead, row, col], valid [b, lead, col], y_px [b, lead, col] with NaN where there is no trace.
    """
    logits, valid = logits.float(), valid.float()
    seen = torch.isfinite(y_px)
    presence = F.binary_cross_entropy_with_logits(valid, seen.float())
    if not seen.any():
        return presence + logits.sum() * 0
    columns = logits.transpose(2, 3)[seen]  # [n, row]
    at = torch.arange(columns.shape[1], device=columns.device, dtype=torch.float32)
    y = y_px[seen][:, None]
    target = torch.softmax(-((at - y) ** 2) / (2 * _SIGMA_PX**2), dim=1)
    log_share = columns.log_softmax(1)
    weight = _flank_weight(y_px)[seen]
    entropy = -(target * log_share).sum(1)
    off = F.smooth_l1_loss((log_share.exp() * at).sum(1), y[:, 0], reduction="none")
    return (weight * (entropy + 0.1 * off)).sum() / weight.sum() + presence


def _flank_weight(y_px: Tensor) -> Tensor:
    """1 where a curve is flat, up to 4 where it climbs 6 px or more in a column; [b, lead, col] like the heights."""
    climb = (y_px[..., 1:] - y_px[..., :-1]).abs().nan_to_num()
    steepest = torch.maximum(F.pad(climb, (1, 0)), F.pad(climb, (0, 1)))
    return 1 + 0.5 * steepest.clamp(max=6.0)


def total_loss(out: Mapping[str, Tensor], batch: Mapping[str, Tensor], weights: LossWeights) -> dict[str, Tensor]:
    """Every head's loss by name and their weighted sum under "total"."""
    parts: dict[str, Tensor] = {}
    if "seg" in out:
        parts["seg"] = seg_loss(out["seg"], batch["seg"])
    if "grid" in out:
        parts["grid"] = heat_loss(out["grid"], batch["grid"])
    if "baseline" in out:
        parts["baseline"] = heat_loss(out["baseline"], batch["baseline"])
    if "theta" in out:
        parts["theta"] = theta_loss(out["theta"], batch["theta"])
    if "signal" in out:
        parts["signal"] = signal_loss(out["signal"], out["signal_valid"], batch["signal"])
        parts["signal"] = parts["signal"] + heat_loss(out["signal_edge"], batch["signal_edge"])
    total = sum((getattr(weights, name) * value for name, value in parts.items()), torch.zeros(()))
    return {**parts, "total": total}


def word_loss(logits: Tensor, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The focal loss of centre heat maps (Law and Deng 2018), per word, as "total".

    logits [b, word, row, col]; the batch's `heat` and `care`, of the same shape, say where words are and where none
    can be known.
    """
    logits, heat = logits.float(), batch["heat"]
    share = logits.sigmoid()
    centre = heat == 1
    missed = (1 - share) ** 2 * F.logsigmoid(logits)
    invented = (1 - heat) ** 4 * share**2 * F.logsigmoid(-logits)
    total = -(batch["care"] * (centre * missed + ~centre * invented)).sum() / centre.sum().clamp(min=1)
    return {"total": total}
