"""What a person has to know about a page or a reading, and a word for it that a program can branch on."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_KEBAB_CASE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
UNCODED = "uncoded"  # of a note that was saved without its code


@dataclass(frozen=True)
class Note:
    """`code` is a stable word in kebab-case for programs, `text` a sentence for a person."""

    code: str
    text: str

    def __post_init__(self) -> None:
        if not _KEBAB_CASE.fullmatch(self.code):
            raise ValueError(f"a note's code is a word in kebab-case such as speed-assumed, got {self.code!r}")


def texts(notes: Iterable[Note]) -> list[str]:
    """The sentences alone, in order."""
    return [note.text for note in notes]
