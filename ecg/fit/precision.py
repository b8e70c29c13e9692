"""Where and in which precision to compute."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch


class FitError(RuntimeError):
    """Training that cannot go on (a loss that is not a number, a metric that is not there, no such device)."""


def pick_device(name: str) -> torch.device:
    """ "auto" is the first GPU where there is one, else the CPU."""
    if name == "cuda" and not torch.cuda.is_available():
        raise FitError("device is 'cuda' but torch sees no GPU; use device: cpu or auto")
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")


def autocast_for(amp: str, device: torch.device) -> Callable[[], AbstractContextManager[Any]]:
    """A maker of autocast contexts; "auto" is bf16 where the device computes in it natively."""
    if amp == "fp16" and device.type == "cpu":
        raise FitError("amp 'fp16' needs a GPU; use bf16 or off on the CPU")
    if amp == "auto":
        native = torch.cuda.is_bf16_supported() if device.type == "cuda" else _cpu_has_bf16()
        amp = "bf16" if native else "off"
    if amp == "off":
        return nullcontext
    dtype = torch.bfloat16 if amp == "bf16" else torch.float16
    return lambda: torch.autocast(device.type, dtype=dtype)


def _cpu_has_bf16() -> bool:
    return bool(torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported())
