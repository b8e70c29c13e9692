"""The text that research exports of GE MUSE hold: `Rhythm signal: 5000 X 12`, then twelve columns."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from ecg.files import InputError
from ecg.formats.channels import Channel, mv_per_unit, numbers, to_record
from ecg.formats.format import MAX_TEXT_BYTES, ReadOptions, head_text, read_bytes
from ecg.leads import STANDARD, limb_residual_mv
from ecg.record import Record

_HEAD = re.compile(r"Rhythm signal:\s*(\d+)\s*[xX]\s*(\d+)")
_LARGEST_RESIDUAL_MV = 0.05  # of III = II - I, rounding aside


def recognises(head: bytes, path: Path) -> bool:
    return bool(_HEAD.search(head_text(head)))


def read(path: Path, options: ReadOptions) -> list[Record]:
    """Twelve leads in standard order, which the limb leads must bear out; rate and unit have to be given.

    Raises InputError where they are not, and for more or fewer numbers than the first line says.
    """
    text = read_bytes(path, MAX_TEXT_BYTES).decode("latin-1")
    head = _HEAD.search(text)
    if head is None:
        raise InputError(f"{path}: no line such as 'Rhythm signal: 5000 X 12'")
    if options.fs_hz is None or options.unit is None:
        raise InputError(f"{path}: says neither rate nor unit; state both (--fs_hz 500 --unit uV)")
    rows, columns = int(head.group(1)), int(head.group(2))
    if columns != len(STANDARD):
        raise InputError(f"{path}: says {columns} columns; expected the twelve leads")
    values = numbers(text[head.end() :], "the table", path)
    if len(values) != rows * columns:
        raise InputError(f"{path}: says {rows} lines of {columns} numbers, but holds {len(values)} numbers")
    signal = values.reshape(rows, columns).T * mv_per_unit(options.unit, path)
    if limb_residual_mv(signal, STANDARD) > _LARGEST_RESIDUAL_MV:
        raise InputError(f"{path}: its columns are not the twelve leads in the usual order, for III is not II - I")
    channels = [Channel(lead, row) for lead, row in zip(STANDARD, np.ascontiguousarray(signal), strict=True)]
    return [to_record(path, channels, options.fs_hz, {})]
