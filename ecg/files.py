"""Files that are there whole or not at all, and the error of one that cannot be used."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

# What a JSON or YAML file holds, or a part of it: only whoever wrote a key knows its type.
JsonObject: TypeAlias = dict[str, Any]
JsonMapping: TypeAlias = Mapping[str, Any]


class InputError(ValueError):
    """A page, recording or file that cannot be read, is refused, or cannot be written; the message names it and why.

    It ends a command with 1; any other ValueError means a wrong command, recipe or value: 2.
    """


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """A temporary name beside `path` with the same suffix; it takes the place of `path` when the block succeeds.

    Missing parent folders are made. When the block fails, the temporary file is removed and `path` stays as it was.
    """
    final = Path(path)
    final.parent.mkdir(parents=True, exist_ok=True)
    temporary = final.with_name(f".{secrets.token_hex(6)}{final.suffix}")
    try:
        yield temporary
        temporary.replace(final)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: str | Path, text: str) -> None:
    """Write UTF-8 text whole or not at all."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
