"""Memory that is kept from one page to the next."""

from __future__ import annotations

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_MAX = -1, -4  # mallopt's numbers in glibc's malloc.h
_NEVER = 2**31 - 1


def keep_memory() -> None:
    """Have the C library reuse the memory of large pictures: to get it anew each time costs as much as drawing them.

    Where there is no glibc nothing changes.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_MAX, 0)
        mallopt(_TRIM_THRESHOLD, _NEVER)
