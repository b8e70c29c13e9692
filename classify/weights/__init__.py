"""The shipped weights; `files` reads and writes such, `packed` keeps them small."""

from __future__ import annotations

from pathlib import Path

DEFAULT = Path(__file__).resolve().parent / "diagnosis.safetensors"
