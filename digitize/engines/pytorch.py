"""The networks run by torch itself."""

from __future__ import annotations

import os

from digitize.pipeline import Digitizer


def load(device: str = "cpu") -> Digitizer:
    """The digitizer with the shipped weights on a device."""
    # oneDNN keeps what it compiles for every size of picture, by default 1,024 times: memory grows with the pages read
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64")
    return Digitizer.load(device)
