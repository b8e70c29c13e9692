"""Pages scanned from the wrong side: their names can be read in a mirror."""

from __future__ import annotations

import numpy as np

from digitize.errors import NotAnEcg
from digitize.layout.printed_words import read_words
from digitize.nets.networks import Networks
from digitize.stages import LocatedPage
from ecg.geometry import PageGeometry
from ecg.page import Page

_MIN_NAMES, _CERTAIN = 3, 0.5  # so many more names certain in the mirror tell a mirrored page
_BESIDE_MM = 20.0  # names stand so near to the layout


def refuse_mirror_image(page: Page, nets: Networks, located: LocatedPage) -> None:
    """Raises NotAnEcg for a page of which only the mirror image has lead names."""
    if not located.is_named and _is_named_in_mirror(page, nets, located):
        raise NotAnEcg(
            "the page is a mirror image, for its lead names can be read in a mirror only: turn the picture round (flip "
            "it from left to right) and give that",
            "mirror-image",
        )


def _is_named_in_mirror(page: Page, nets: Networks, located: LocatedPage) -> bool:
    """Whether several more lead names can be read on the page's mirror image than on itself, where its paper lies.

    C1 to C6 upside down in a mirror are much like themselves, and a curve over a name makes it like others.
    """
    width, _ = page.size_px
    flip_px, flip_mm = np.array([[-1.0, 0, width - 1], [0, 1, 0], [0, 0, 1]]), np.diag([-1.0, 1.0, 1.0])
    x0, y0, x1, y1 = located.layout.extent_mm
    window = (x0 - _BESIDE_MM, y0 - _BESIDE_MM, x1 + _BESIDE_MM, y1 + _BESIDE_MM)
    mirrored = (-window[2], window[1], -window[0], window[3])
    flat = located.geometry.homography
    names = _names(nets, page.pixels[:, ::-1], PageGeometry(flip_px @ flat @ flip_mm), mirrored)
    return names >= _MIN_NAMES and names - _names(nets, page.pixels, PageGeometry(flat), window) >= _MIN_NAMES


def _names(nets: Networks, pixels: np.ndarray, flat: PageGeometry, window: tuple[float, float, float, float]) -> int:
    """How many different lead names are certain, upright or upside down, whichever has more."""
    turned = (-window[2], -window[3], -window[0], -window[1])
    found = 0
    for way, within in ((flat, window), (flat.half_turned(), turned)):
        words = read_words(nets.words, pixels, way, within)
        found = max(
            found, len({w.text for w in words if w.is_lead and set(w.text) != {"I"} and w.certainty > _CERTAIN})
        )
    return found
