"""The collections: how a recording of each is opened, and whom to credit. Most are WFDB, CSV or JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from classify.datasets.chapman import read_microvolts
from classify.datasets.example import Example
from classify.datasets.images import DIGITIZER_WEIGHTS, read_page
from ecg.formats import read
from ecg.leads import STANDARD
from ecg.record import Record

_ZSCORE_FS_HZ = 125.0


def _read_zscored(path: Path) -> Record:
    return Record(np.load(path), _ZSCORE_FS_HZ, STANDARD)


@dataclass(frozen=True)
class Source:
    """A collection: its credit line, what opens one of its recordings, and the files that this depends on besides."""

    credit: str
    read: Callable[[Path], Record] = read
    needs: tuple[Path, ...] = ()


SOURCES: Mapping[str, Source] = {
    "ptbxl": Source("PTB-XL 1.0.3 (part of stratified fold 10), CC BY 4.0"),
    "ptbxl_zscore": Source("PTB-XL folds 1-9 (part, z-scored, 125 Hz), CC BY 4.0", _read_zscored),
    "cinc_mix": Source("PhysioNet/CinC Challenge 2020-21: CPSC2018, CPSC-Extra, Chapman/Ningbo, Georgia, CC BY 4.0"),
    "mitdb": Source("MIT-BIH Arrhythmia Database, ODC-By 1.0"),
    "mimic": Source("MIMIC-IV-ECG 1.0, ODbL"),
    "hefei": Source("Hefei ECG competition 2019, second round"),
    "cpsc2018": Source("China Physiological Signal Challenge 2018"),
    "chapman": Source("Chapman-Shaoxing and Ningbo 12-lead ECG database, CC BY 4.0"),
    "chapman_csv": Source("Chapman-Shaoxing 12-lead ECG database, CC BY 4.0", read_microvolts),
    "images": Source(
        "pages with labels, given by the user", read_page, tuple(sorted(DIGITIZER_WEIGHTS.glob("*.safetensors")))
    ),
    "simulated": Source("recordings invented by this program's simulator"),
}


def load_example(example: Example) -> Record:
    """The recording of an example, cut to its window; a z-scored one comes in standard deviations, not in mV.

    Raises OSError or ValueError for one that cannot be read; the message names the file.
    """
    reader = SOURCES[example.source].read if example.source in SOURCES else read
    record = load_recording(reader, example.path)
    return record if example.window_s is None else record.crop(*example.window_s)


@lru_cache(maxsize=1)  # the windows of one recording follow each other
def load_recording(reader: Callable[[Path], Record], path: Path) -> Record:
    """A whole recording; the last one stays in memory."""
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such recording")
    return reader(path)
