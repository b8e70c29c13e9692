"""Small failing inputs that were once reported, where ECG_CASES names their folder; a test without one is skipped."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

CASES = Path(os.environ.get("ECG_CASES") or "missing")


def case(name: str) -> Path:
    folder = CASES / name
    if not folder.is_dir():
        pytest.skip("ECG_CASES names no folder with this case")
    return folder
