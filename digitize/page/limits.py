"""Which sizes a page may have, before its pixels are unpacked."""

from __future__ import annotations

from digitize.errors import PageError

_SMALLEST_PX = 64  # a shorter side cannot hold even one readable lead
_LARGEST_PX = 170e6  # what a decoder may be asked to unpack: half a gigabyte of RGB
_LONGEST_SHAPE = 20.0  # long side over short: ten seconds of one lead are 12 at most, and a roll is no page


def check_size(width_px: int, height_px: int) -> None:
    """Raise PageError for a picture that is too small to read, too large to unpack or no page by its shape."""
    size = f"{width_px}x{height_px} px"
    if min(width_px, height_px) < _SMALLEST_PX:
        raise PageError(f"{size} is too small for an ECG; expected a scan at 200 dpi or more", "page-too-small")
    check_shape(width_px, height_px, size)
    if width_px * height_px > _LARGEST_PX:
        text = f"{size} is more than {_LARGEST_PX / 1e6:.0f} megapixels; scan it at 300 dpi"
        raise PageError(text, "too-many-pixels")


def check_shape(width: float, height: float, size: str) -> None:
    """Raise PageError for what is far too long for a page; `size` says its two sides in words."""
    if not max(width, height) <= _LONGEST_SHAPE * min(width, height):
        text = f"{size} is over {_LONGEST_SHAPE:.0f} times as long as wide, which no page is; cut it into pages"
        raise PageError(text, "page-too-long")
