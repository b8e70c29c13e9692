"""The shipped weights; `files` reads and writes such, `packed` keeps them small."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).resolve().parent
DEFAULT = _HERE / "diagnosis.safetensors"
BEATS = _HERE / "beats.safetensors"  # of single beats, for long recordings
