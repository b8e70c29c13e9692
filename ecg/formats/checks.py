"""What every reader owes: a rate that an ECG can have, and sentences that are short."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ecg.files import InputError

_LISTED = 12
RATES_HZ = (50.0, 20_000.0)  # below, a QRS is one or two samples; no amplifier for patients is above


def check_rate(path: str | Path, fs_hz: float, hint: str = "") -> None:
    """Raises InputError for a rate that no ECG has: as a rule the unit of the time is another than was said."""
    low, high = RATES_HZ
    if not low <= fs_hz <= high:
        raise InputError(f"{path}: says {fs_hz:.6g} Hz; an ECG is sampled at {low:g} to {high:g} Hz{hint}")


def some(names: Sequence[str]) -> str:
    """The names in a row; of many, a dozen and how many more."""
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more
