"""What to change when memory runs out."""

from __future__ import annotations

import torch

from ecg.files import JsonMapping
from ecg.fit.settings import FitSettings

_SIGNS = ("out of memory", "can't allocate memory", "not enough memory", "DataLoader worker", "bad_alloc")
_SMALLER = 0.7  # of the side, so half of the picture
_SIDE_STEP_PX = 32  # the encoders halve a picture five times


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
