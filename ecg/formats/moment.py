"""When a recording was made: the moment of 0 s on its time line."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

RECORDED_AT = "recorded_at"  # the key in `Record.meta`, ISO 8601


def began_at(meta: Mapping[str, object]) -> datetime | None:
    """The moment of 0 s on the record's time line, where the file that it was read from said so."""
    try:
        return datetime.fromisoformat(str(meta.get(RECORDED_AT, "")))
    except ValueError:
        return None
