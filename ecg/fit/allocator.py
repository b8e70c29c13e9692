"""How the C library handles freed memory: glibc's switches (malloc.h); where there is no glibc nothing changes."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _MMAP_MAX = -1, -3, -4  # mallopt's numbers in malloc.h
_LARGEST = 2**31 - 1


def _libc(name: str) -> Callable[..., int] | None:
    return getattr(ctypes.CDLL(None), name, None) if sys.platform.startswith("linux") else None


def keep_memory() -> None:
    """Reuse the memory of large pictures: to get it anew each time costs as much as drawing them."""
    mallopt = _libc("mallopt")
    if mallopt is not None:
        mallopt(_MMAP_MAX, 0)
        mallopt(_TRIM_THRESHOLD, _LARGEST)


def keep_freed() -> bool:
    """Let the process keep what it frees, for the next step; False where the C library has no such switch.

    Without it glibc returns every large tensor to the system at once and gets it back as fresh pages, each a fault:
    a third of the processor time of a large network's step.
    """
    mallopt = _libc("mallopt")
    return mallopt is not None and all(mallopt(what, _LARGEST) for what in (_TRIM_THRESHOLD, _MMAP_THRESHOLD))


def release_freed() -> None:
    """Hand freed memory back: glibc keeps the holes between what is in use, and every page leaves others."""
    malloc_trim = _libc("malloc_trim")
    if malloc_trim is not None:
        malloc_trim(0)
