"""Keeping freed memory at hand between steps, and what to change when memory runs out."""

from __future__ import annotations

import ctypes
import sys

import torch

from ecg.files import JsonMapping
from ecg.fit.settings import FitSettings

_SIGNS = ("out of memory", "can't allocate memory", "not enough memory", "DataLoader worker", "bad_alloc")
_SMALLER = 0.7  # of the side, so half of the picture
_SIDE_STEP_PX = 32  # the encoders halve a picture five times


# Names of glibc's malloc.h, for mallopt.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_LARGEST = 2**31 - 1


def keep_freed() -> bool:
    """Let the process keep what it frees, for the next step; False where the C library has no such switch.

    Without it glibc returns every large tensor to the system at once and gets it back as fresh pages, each a fault:
    a third of the processor time of a large network's step.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and all(mallopt(what, _LARGEST) for what in (_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD))


def ran_out(error: BaseException) -> bool:
    """Whether an error says that memory is at an end (a worker that the system killed mostly says so too)."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(sign in str(error) for sign in _SIGNS)


def advice(settings: FitSettings, recipe: JsonMapping, device: torch.device) -> str:
    """What to try, the least harmful first."""
    tips = []
    if settings.num_workers:
        tips.append(f"--num_workers {settings.num_workers // 2} (every worker holds batches of its own)")
    if settings.amp == "off" or (settings.amp == "auto" and device.type == "mps"):
        tips.append("--set fit.amp=bf16 (half the memory for activations)")
    if settings.batch_size > 1:
        half, steps = settings.batch_size // 2, settings.accumulate * 2
        tips.append(f"--batch_size {half} --set fit.accumulate={steps} (the same step in smaller pieces)")
    size_px = recipe.get("pages", {}).get("size_px")
    if size_px:
        smaller = [max(_SIDE_STEP_PX, round(side * _SMALLER / _SIDE_STEP_PX) * _SIDE_STEP_PX) for side in size_px]
        tips.append(f"--set pages.size_px=[{smaller[0]},{smaller[1]}] (a smaller picture, and another network)")
    if device.type != "cpu":
        tips.append("--force_cpu (slower, with the machine's own memory)")
    return "; or ".join(tips) or "close other programs: batch, workers and precision are at their least already"
