"""The recording behind an example: most are WFDB, CSV or JSON; some collections have a form of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np

from classify.datasets.chapman import read_microvolts
from classify.datasets.cpsc2018 import read_struct
from classify.datasets.example import Example
from classify.datasets.hefei import read_text
from classify.datasets.images import read_page
from ecg.formats import read
from ecg.leads import STANDARD
from ecg.record import Record

_ZSCORE_FS_HZ = 125.0


def _zscored(path: Path) -> Record:
    return Record(np.load(path), _ZSCORE_FS_HZ, STANDARD)


LOADERS: Mapping[str, Callable[[Path], Record]] = {
    "ptbxl_zscore": _zscored,
    "hefei": read_text,
    "cpsc2018": read_struct,
    "chapman_csv": read_microvolts,
    "images": read_page,
}


def load_example(example: Example) -> Record:
    """The recording of an example, cut to what is meant; a z-scored one comes in standard deviations, not in mV."""
    record = _load(LOADERS.get(example.source, read), example.path)
    return record if example.window_s is None else record.crop(*example.window_s)


@lru_cache(maxsize=1)  # the stretches of one recording follow each other
def _load(reader: Callable[[Path], Record], path: Path) -> Record:
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such recording")
    return reader(path)
