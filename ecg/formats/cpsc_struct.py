"""The MATLAB files of the China Physiological Signal Challenge 2018: a struct `ECG` with data [12, sample]."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.io import loadmat

from ecg.files import InputError
from ecg.formats.format import MAX_TEXT_BYTES, ReadOptions
from ecg.leads import STANDARD
from ecg.record import Record

_HEAD = b"MATLAB 5.0 MAT-file"  # WFDB's own .mat files are of version 4, which has no such line
_FS_HZ = 500.0


def recognises(head: bytes, path: Path) -> bool:
    """A file with a WFDB header beside it is that record's signal."""
    return head.startswith(_HEAD) and not path.with_suffix(".hea").is_file()


def read(path: Path, options: ReadOptions) -> list[Record]:
    """Twelve leads in standard order, in mV at 500 Hz, as the challenge says; age and sex where they are there.

    Raises InputError for a file that holds something else.
    """
    if path.stat().st_size > MAX_TEXT_BYTES:
        raise InputError(f"{path}: {path.stat().st_size / 2**20:.0f} MB; no recording of the challenge is as large")
    try:
        ecg = loadmat(path)["ECG"][0, 0]
        signal = np.asarray(ecg["data"], np.float32)
    except Exception as error:  # the package raises many kinds for a file that is not what it says
        raise InputError(f"{path}: expected a MATLAB struct ECG with data [12, sample] ({error})") from error
    if signal.ndim != 2 or signal.shape[0] != len(STANDARD):
        raise InputError(f"{path}: expected data [12, sample], got shape {signal.shape}")
    person = {key: str(np.ravel(ecg[key])[0]) for key in ("age", "sex") if key in (ecg.dtype.names or ())}
    return [Record(signal, options.fs_hz or _FS_HZ, STANDARD, meta={"source": path.stem, **person})]
