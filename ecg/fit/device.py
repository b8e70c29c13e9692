"""Where and in which precision to compute."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch

from ecg.fit import ddp
from ecg.fit.settings import Amp


class FitError(ValueError):
    """Training that cannot go on (a loss that is not a number, a metric that is not there, no such device)."""


def pick_device(name: str) -> torch.device:
    """ "auto" is this process's GPU where there is one, then Apple's, else the CPU."""
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        name = next(kind for kind, found in there.items() if found)
    if not there[name]:
        raise FitError(f"device is {name!r} but torch sees none; use fit.device=auto or --force_cpu")
    return torch.device("cuda", ddp.local_rank()) if name == "cuda" else torch.device(name)


def pick_amp(amp: Amp, device: torch.device) -> Amp:
    """bf16, fp16 or off; "auto" is bf16 where the device computes in it natively, else fp16 on a GPU, off elsewhere."""
    if amp == "fp16" and device.type == "cpu":
        raise FitError("amp 'fp16' needs a GPU; use bf16 or off on the CPU")
    if amp != "auto":
        return amp
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp16"
    return "bf16" if device.type == "cpu" and _cpu_has_bf16() else "off"


def autocast_for(amp: Amp, device: torch.device) -> Callable[[], AbstractContextManager[Any]]:
    """A maker of autocast contexts in the precision that `pick_amp` gives."""
    dtype = dtype_for(amp, device)
    return nullcontext if dtype == torch.float32 else lambda: torch.autocast(device.type, dtype=dtype)


def dtype_for(amp: Amp, device: torch.device) -> torch.dtype:
    """The type to compute in with the precision that `pick_amp` gives."""
    return {"bf16": torch.bfloat16, "fp16": torch.float16}.get(pick_amp(amp, device), torch.float32)


def _cpu_has_bf16() -> bool:
    return bool(torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported())
