"""Kernels in eight bits: half the size of half precision, with a scale for each output."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

_SCALE = ".scale"
_LEVELS = 127


def halved(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Everything in half precision; whole numbers (counters) keep their type."""
    return {k: (v.half() if v.is_floating_point() else v).contiguous() for k, v in state.items()}


def packed(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Kernels and matrices as int8 with `<name>.scale` [output]; the rest in half precision."""
    out = halved({k: v for k, v in state.items() if not _is_kernel(v)})
    for name, value in state.items():
        if _is_kernel(value):
            scale = value.float().abs().flatten(1).amax(1).clamp(min=1e-12) / _LEVELS
            out[name] = (value.float() / _along(scale, value)).round().to(torch.int8).contiguous()
            out[name + _SCALE] = scale
    return out


def unpacked(stored: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Single precision again, whichever way it was stored."""
    out = {}
    for name, value in stored.items():
        scale = stored.get(name + _SCALE)
        if scale is not None:
            out[name] = value.float() * _along(scale, value)
        elif not (name.endswith(_SCALE) and name.removesuffix(_SCALE) in stored):
            out[name] = value.float() if value.is_floating_point() else value
    return out


def _is_kernel(value: Tensor) -> bool:
    return value.is_floating_point() and value.dim() > 1


def _along(scale: Tensor, value: Tensor) -> Tensor:
    return scale.reshape(-1, *[1] * (value.dim() - 1))
