"""The signal as whole numbers of microvolts, which most formats keep."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ecg.files import InputError
from ecg.record import Record

UV_PER_MV = 1000
LARGEST_UV = 32767  # of 16 bits; one less than the number that stands for "nothing here"


def in_microvolts(record: Record, path: str | Path) -> tuple[np.ndarray, np.ndarray]:
    """(counts, printed): int64 uV and bool, [lead, sample]; the count is 0 where nothing is printed.

    Raises InputError for a record without leads and for more than +-32.767 mV.
    """
    if not record.leads:
        raise InputError(f"{path}: this record has no leads, so there is nothing to write")
    uv = np.round(record.signal_mv.astype(np.float64) * UV_PER_MV)
    printed = ~np.isnan(uv)
    uv[~printed] = 0
    highest = np.abs(uv).max(axis=1, initial=0)
    if highest.max() > LARGEST_UV:
        lead = record.leads[int(highest.argmax())]
        words = (
            f"{lead} reaches {highest.max() / UV_PER_MV:.1f} mV; this format holds up to {LARGEST_UV / UV_PER_MV} mV"
        )
        raise InputError(f"{path}: {words}")
    return uv.astype(np.int64), printed


def to_code(value: float) -> str:
    """The shortest decimal text of a number, without an exponent."""
    return np.format_float_positional(value, trim="-")
