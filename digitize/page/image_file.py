"""Pictures of every usual kind to upright RGB with eight bits a channel."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
from PIL import Image, UnidentifiedImageError

from digitize.errors import PageError
from digitize.page.limits import check_size
from ecg.notes import Note
from ecg.page import Drawing

Result = TypeVar("Result")

_FORMATS = ("PNG", "JPEG", "MPO", "TIFF", "WEBP", "BMP", "GIF", "HEIF")
_ANIMATED = ("PNG", "WEBP", "GIF")
_KEPT_PX = 40e6  # the largest phone photos; more pixels only cost memory
_OBLONG, _MOST_OBLONG = 1.1, 4.5  # pixels so many times longer one way are a fax's; more is a mistake in the file
_FULL_SCALES = (255, 1023, 4095, 16383, 65535)  # of 8, 10, 12, 14 and 16 bits
_TIFF_KIND, _THUMBNAIL = 254, 1
_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class Frame(NamedTuple):
    """One decoded page: uint8 [row, col, RGB], the file's own dpi (None if it claims nothing), and what was changed.

    `drawing` holds the lines and words of a page that is not only a picture.
    """

    pixels: np.ndarray
    dpi: float | None
    notes: tuple[Note, ...] = ()
    drawing: Drawing | None = None


def frames(path: Path) -> Iterator[Frame]:
    """The pages of a picture file: all of a TIFF, the first of anything else. Raises PageError without its name."""
    with open_image(path) as image:
        count = _attempt(lambda: getattr(image, "n_frames", 1))
        if image.format != "TIFF":
            animated = count > 1 and image.format in _ANIMATED
            text = f"animated picture: only the first of {count} frames was read"
            yield _frame(image, (Note("first-frame-only", text),) if animated else ())
            return
        for _ in _tiff_pages(image, count):
            yield _frame(image)


def _tiff_pages(image: Image.Image, count: int) -> Iterator[int]:
    """Stand at one picture of a TIFF after another, thumbnails aside."""
    for i in range(count):
        _attempt(lambda i=i: image.seek(i))  # type: ignore[misc]
        if not image.tag_v2.get(_TIFF_KIND, 0) & _THUMBNAIL:  # type: ignore[attr-defined]
            yield i


def count_frames(path: Path) -> int:
    """How many pages `frames` gives. Raises PageError."""
    with open_image(path) as image:
        count = _attempt(lambda: getattr(image, "n_frames", 1))
        return sum(1 for _ in _tiff_pages(image, count)) if image.format == "TIFF" else 1


def open_image(path: Path) -> Image.Image:
    """The picture before it is decoded. Raises PageError without its name for a file that is none."""
    with path.open("rb") as file:
        if file.read(12)[4:8] == b"ftyp":
            _register_heif()
    Image.init()  # so that the table of formats is whole
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of large pictures and odd tags: both are handled here
            return Image.open(path, formats=[name for name in _FORMATS if name in Image.OPEN])
    except UnidentifiedImageError:
        raise PageError(
            "not a picture or PDF; expected PNG, JPEG, TIFF, WebP, BMP, GIF, HEIC or PDF", "not-a-picture"
        ) from None
    except Image.DecompressionBombError:
        raise PageError("unpacks to far too many pixels; scan it at 300 dpi", "too-many-pixels") from None
    except Exception as error:  # a damaged header makes the readers raise nearly anything
        raise _unreadable(error) from error


def _register_heif() -> None:
    try:
        from pi_heif import register_heif_opener
    except ImportError:
        raise PageError(
            "HEIC pictures need pi-heif; run `pip install pi-heif` or save as JPEG", "package-missing"
        ) from None
    register_heif_opener()


def _frame(image: Image.Image, notes: tuple[Note, ...] = ()) -> Frame:
    width, height = image.size
    dpi, stretch = _claimed_dpi(image), _stretch_to_square(image)
    check_size(round(width * stretch[0]), round(height * stretch[1]))
    shrink = min(1.0, (_KEPT_PX / (width * height * stretch[0] * stretch[1])) ** 0.5)
    picture = _attempt(lambda: _resized(image, (shrink * stretch[0], shrink * stretch[1])))
    if stretch != (1.0, 1.0):
        text = (
            f"the file says that its pixels are not square: {width}x{height} px were stretched to "
            f"{picture.width}x{picture.height} px"
        )
        notes += (Note("pixels-made-square", text),)
    elif shrink < 1:
        text = f"the picture of {width}x{height} px was shrunk to {picture.width}x{picture.height} px"
        notes += (Note("picture-shrunk", text),)
    turn, damaged = _orientation(image)
    upright = picture if turn is None else picture.transpose(turn)
    return Frame(np.array(upright), dpi and dpi * shrink, notes + damaged)


def _resized(image: Image.Image, factors: tuple[float, float]) -> Image.Image:
    """The picture as RGB, made larger or smaller across and down."""
    if factors == (1.0, 1.0):
        return _to_rgb(image)
    size = (max(1, round(image.width * factors[0])), max(1, round(image.height * factors[1])))
    image.draft(None, size)  # a JPEG decodes straight to a half or a quarter where that is enough
    return _to_rgb(image).resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def _stretch_to_square(image: Image.Image) -> tuple[float, float]:
    """By how much the picture has to grow across and down for square pixels: faxes are finer across than down."""
    claims = (image.info.get(key) for key in ("dpi", "resolution", "aspect", "jfif_density"))
    across, down = next((pair for claim in claims if (pair := _pair(claim))), (1.0, 1.0))
    ratio = across / down
    if not _OBLONG < max(ratio, 1 / ratio) < _MOST_OBLONG:
        return 1.0, 1.0
    return max(1 / ratio, 1.0), max(ratio, 1.0)


def _pair(claim: object) -> tuple[float, float] | None:
    """Two positive numbers, if a claim of the file holds such."""
    try:
        across, down = (float(value) for value in claim)  # type: ignore[attr-defined]
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return (across, down) if np.isfinite([across, down]).all() and min(across, down) > 0 else None


def _orientation(image: Image.Image) -> tuple[Image.Transpose | None, tuple[Note, ...]]:
    """How to turn the picture upright, and a note where the file's own word on it is damaged."""
    try:
        return _TURNS.get(image.getexif().get(_ORIENTATION, 1)), ()
    except Exception as error:  # damaged EXIF must not cost the page: the page pass finds the rotation anyway
        text = f"the camera's data in the file is damaged and was ignored ({type(error).__name__})"
        return None, (Note("camera-data-damaged", text),)


def _to_rgb(image: Image.Image) -> Image.Image:
    """Any mode to RGB; transparent parts become white paper, deeper grey is scaled to eight bits."""
    if image.mode.startswith(("I", "F")):
        return Image.fromarray(_to_eight_bits(np.asarray(image))).convert("RGB")
    if image.mode in ("RGBA", "RGBa", "LA", "La", "PA") or "transparency" in image.info:
        picture = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
    return image.convert("RGB")


def _to_eight_bits(values: np.ndarray) -> np.ndarray:
    """Grey of unknown depth to uint8: full scale is 1 for fractions, else the smallest usual depth that holds all."""
    grey = np.nan_to_num(values.astype(np.float32), posinf=0.0, neginf=0.0).clip(0)
    top = float(grey.max(initial=0.0))
    is_fraction = values.dtype.kind == "f" and top <= 1
    full_scale = 1.0 if is_fraction else next((full for full in _FULL_SCALES if top <= full), top)
    return (grey * (255 / full_scale) + 0.5).astype(np.uint8)


def _claimed_dpi(image: Image.Image) -> float | None:
    """Of two that differ the finer one, to which the other axis is stretched."""
    dpi = max(_pair(image.info.get("dpi")) or (0.0,))
    return dpi if dpi > 1 else None


def _attempt(decode: Callable[[], Result]) -> Result:
    try:
        return decode()
    except Exception as error:  # decoders of damaged files raise nearly anything
        raise _unreadable(error) from error


def _unreadable(error: Exception) -> PageError:
    text = " ".join(str(error).split()) or type(error).__name__
    return PageError(f"damaged or cut off ({text}); copy or export it again", "page-damaged")
