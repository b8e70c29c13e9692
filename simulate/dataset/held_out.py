"""PTB-XL recordings that stand on the photographed pages which measure the digitizer: nothing is trained on them."""

from __future__ import annotations

import re
from pathlib import Path

HELD_OUT_ECG_IDS = frozenset({"1630", "2579", "2694", "3515", "3908"})
_PTBXL_NAME = re.compile(r"(\d{5})_[hl]r|HR(\d{5})")  # 01630_hr as PTB-XL names its files, HR01630 as CinC does


def ptbxl_id(path: Path) -> str | None:
    """The ecg_id of a PTB-XL recording by the name of its file; None for a recording from elsewhere."""
    found = _PTBXL_NAME.fullmatch(path.stem)
    return next(part for part in found.groups() if part).lstrip("0") if found else None


def is_held_out(path: Path) -> bool:
    return ptbxl_id(path) in HELD_OUT_ECG_IDS
