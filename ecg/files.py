"""Files that are there whole or not at all, files that are looked for, and the error of one that cannot be used."""

from __future__ import annotations

import csv
import glob
import io
import os
import re
import secrets
import stat
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

# What a JSON or YAML file holds, or a part of it: only whoever wrote a key knows its type.
JsonObject: TypeAlias = dict[str, Any]
JsonMapping: TypeAlias = Mapping[str, Any]

CRASHED = "internal-error"
OUT_OF_MEMORY = "out-of-memory"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet runs a cell that begins so


class InputError(ValueError):
    """A page, recording or file that cannot be read, is refused, or cannot be written; the message names it and why.

    `code` is a stable word in kebab-case for programs. It ends a command with 1; any other ValueError means a wrong
    command, recipe or value: 2.
    """

    code = "input"

    def __init__(self, text: str, code: str = "") -> None:
        super().__init__(text)
        if code:
            self.code = code


def named(error: Exception, where: object, kinds: tuple[type[Exception], ...] = (ValueError, OSError)) -> InputError:
    """What is said of an input during whose reading `error` was raised: always with its name, and in words.

    An error of one of the `kinds` says itself what is wrong; every other is a fault of the program's own, and its code
    is `CRASHED`.
    """
    text = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, MemoryError):
        return InputError(f"{where}: takes more memory than there is ({text})", OUT_OF_MEMORY)
    if not isinstance(error, kinds):
        return InputError(
            f"{where}: an error inside the program, please report it ({type(error).__name__}: {text})", CRASHED
        )
    return InputError(text if str(where) in text else f"{where}: {text}", getattr(error, "code", "unreadable"))


# --- writing ----------------------------------------------------------------------------------------------------------


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


def refuse_input(output: str | Path, inputs: Iterable[str | Path]) -> None:
    """Raise ValueError for an output that is one of the inputs, under whatever name."""
    if os.path.realpath(output) in {os.path.realpath(path) for path in inputs}:
        raise ValueError(f"{output}: is what is read; name another --output")


def write_text(path: str | Path, text: str) -> None:
    """Write UTF-8 text whole or not at all; a file's name in another encoding is written with escapes."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")


def check_writable(folder: Path) -> None:
    """Raise InputError where nothing can be written below a folder, which need not be there yet; leaves no trace."""
    there = next(place for place in (folder.absolute(), *folder.absolute().parents) if os.path.lexists(place))
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        raise InputError(
            f"{folder}: cannot be written to ({error.strerror or error}); name another --output", "output-unwritable"
        ) from error


def csv_text(rows: Sequence[Mapping[str, object]], columns: Sequence[str] = ()) -> str:
    """A table for people: its columns (default: in the order in which the rows name them), then a line for each row.

    Text that a spreadsheet would run as a formula gets an apostrophe before it; numbers stay as they are.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = list(columns or dict.fromkeys(name for row in rows for name in row))
    writer.writerow([_as_text(name) for name in names])
    writer.writerows([[_as_text(row.get(name)) for name in names] for row in rows])
    return text.getvalue()


def _as_text(cell: object) -> object:
    if not isinstance(cell, str) or not cell.startswith(_FORMULA):
        return cell
    try:
        float(cell)
    except ValueError:
        return f"'{cell}"
    return cell


# --- looking for files ------------------------------------------------------------------------------------------------


def check_regular(path: str | Path) -> None:
    """Raise InputError for what cannot be read as a file: nothing there, a folder, a pipe, a link to itself.

    A pipe or a device is never opened: reading from it could wait for ever.
    """
    try:
        mode = Path(path).stat().st_mode
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; check the spelling", "file-missing") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})", "file-unreadable") from error
    if stat.S_ISDIR(mode):
        why = "" if os.access(path, os.R_OK | os.X_OK) else ", and may not be looked into"
        raise InputError(f"{path}: this is a folder{why}; expected one file", "file-is-folder")
    if not stat.S_ISREG(mode):
        raise InputError(f"{path}: a pipe, a device or a socket; expected a file", "file-not-regular")


def files_below(folder: Path) -> Iterator[Path]:
    """Every file below a folder in order, hidden ones aside; links are followed, and no folder is entered twice.

    A folder that may not be looked into is given itself, so that opening it can say so.
    """
    barred: list[Path] = []
    seen: set[str] = set()
    for here, folders, files in os.walk(folder, followlinks=True, onerror=lambda e: barred.append(Path(e.filename))):
        entered = os.path.realpath(here)
        folders[:] = sorted(name for name in folders if not name.startswith(".")) if entered not in seen else []
        if entered not in seen:
            yield from (Path(here, name) for name in sorted(files) if not name.startswith("."))
        seen.add(entered)
    yield from barred


def is_pattern(path: Path) -> bool:
    """Whether a name that is no file's stands for several: scans/*.png."""
    return glob.has_magic(str(path)) and not os.path.lexists(path)


def matches(pattern: Path) -> Iterator[Path]:
    """The files and folders that a pattern means, in order, hidden ones aside; ** enters no linked folder."""
    parts = pattern.parts
    first = next(i for i, part in enumerate(parts) if glob.has_magic(part))
    base = Path(*parts[:first])
    wanted = [part if part == "**" else re.sub(r"\*{2,}", "*", part) for part in parts[first:]]
    shows_hidden = any(part.startswith(".") for part in wanted)
    for path in sorted(base.glob(str(Path(*wanted)))):
        if shows_hidden or not any(part.startswith(".") for part in path.relative_to(base).parts):
            yield path
