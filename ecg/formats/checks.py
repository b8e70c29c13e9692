"""What every reader owes: a record at a rate an ECG can have, or one sentence that names the file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ecg.files import InputError

_LISTED = 12
RATES_HZ = (50.0, 20_000.0)  # below, a QRS is one or two samples; no amplifier for patients is above


@contextmanager
def refused_by_name(path: str | Path) -> Iterator[None]:
    """Whatever goes wrong with the file within the block becomes an InputError that names it.

    Readers are made for what a format says; a file may hold anything else, and the errors of that are of any kind.
    """
    try:
        yield
    except OSError:
        raise
    except MemoryError as error:
        raise InputError(f"{path}: needs more memory than there is ({error or 'out of memory'})") from error
    except RecursionError as error:
        raise InputError(f"{path}: not a recording (nested too deeply)") from error
    except Exception as error:
        words = str(error) if isinstance(error, ValueError) else f"not a recording ({type(error).__name__}: {error})"
        raise InputError(words if str(path) in words else f"{path}: {words}") from error


def check_rate(path: str | Path, fs_hz: float, hint: str = "") -> None:
    """Raises InputError for a rate that no ECG has: as a rule the unit of the time is another than was said."""
    low, high = RATES_HZ
    if not low <= fs_hz <= high:
        raise InputError(f"{path}: says {fs_hz:.6g} Hz; an ECG is sampled at {low:g} to {high:g} Hz{hint}")


def some(names: Sequence[str]) -> str:
    """The names in a row; of many, a dozen and how many more."""
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more
