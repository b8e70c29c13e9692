"""The text files of the Hefei ECG competition: the names of eight leads, then a line of counts for every sample."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ecg.files import InputError
from ecg.formats.channels import mv_per_unit, numbers
from ecg.formats.format import MAX_TEXT_BYTES, ReadOptions, head_text, read_bytes
from ecg.leads import INDEPENDENT, STANDARD, derive_12
from ecg.record import Record

FS_HZ, MV_PER_COUNT, SAMPLES = 500.0, 4.88e-3, 5000  # what the competition says of its files, and they do not


def recognises(head: bytes, path: Path) -> bool:
    first, *rest = head_text(head).splitlines()[:2] or [""]
    return set(first.split()) == set(INDEPENDENT) and len(" ".join(rest).split()) == len(INDEPENDENT)


def read(path: Path, options: ReadOptions = ReadOptions()) -> list[Record]:  # noqa: B008 (frozen)
    """Twelve leads, of which III, aVR, aVL and aVF are derived.

    The competition's own are 5,000 lines of whole numbers, at 500 Hz and 4.88 uV a count. Raises InputError for other
    files of this form, unless rate and unit are given.
    """
    names, _, text = read_bytes(path, MAX_TEXT_BYTES).decode("utf-8-sig", errors="replace").partition("\n")
    leads, values = names.split(), numbers(text, "the table", path)
    if not leads or len(values) % len(leads):
        raise InputError(f"{path}: {len(values)} numbers do not fill lines of {len(leads)}")
    table = values.reshape(-1, len(leads)).T
    fs_hz, scale = options.fs_hz, mv_per_unit(options.unit, path) if options.unit else None
    if fs_hz is None or scale is None:
        if table.shape[1] != SAMPLES or (table % 1).any():
            raise InputError(
                f"{path}: says neither rate nor unit, and is not the Hefei competition's {SAMPLES:,} lines of "
                "whole numbers; state both (--fs_hz 500 --unit uV)"
            )
        fs_hz, scale = fs_hz or FS_HZ, scale or MV_PER_COUNT
    try:
        twelve = derive_12((table * scale).astype(np.float32), leads)
    except ValueError as error:
        raise InputError(f"{path}: {error}") from error
    return [Record(twelve, fs_hz, STANDARD, meta={"source": path.stem})]
