"""Pages scanned from the wrong side: their names can be read in a mirror."""

from __future__ import annotations

import numpy as np

from digitize.errors import NotAnEcg
from digitize.layout.printed_words import read_words
from digitize.nets.networks import Networks
from digitize.stages import LocatedPage
from ecg.geometry import PageGeometry
from ecg.page import Page

_MIN_NAMES, _CERTAIN = 3, 0.5  # so many different names read for certain in the mirror tell a mirrored page
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
    """Whether several lead names can be read on the page's mirror image, where its paper lies."""
    width, _ = page.size_px
    geometry = located.geometry
    flip_px, flip_mm = np.array([[-1.0, 0, width - 1], [0, 1, 0], [0, 0, 1]]), np.diag([-1.0, 1.0, 1.0])
    flat = PageGeometry(flip_px @ geometry.homography @ flip_mm)
    x0, y0, x1, y1 = located.layout.extent_mm
    window = (-x1 - _BESIDE_MM, y0 - _BESIDE_MM, -x0 + _BESIDE_MM, y1 + _BESIDE_MM)
    for way in (flat, flat.half_turned()):
        a, b, c, d = window if way is flat else (-window[2], -window[3], -window[0], -window[1])
        words = read_words(nets.words, page.pixels[:, ::-1], way, (a, b, c, d))
        certain = {w.text for w in words if w.is_lead and set(w.text) != {"I"} and w.certainty > _CERTAIN}
        if len(certain) >= _MIN_NAMES:
            return True
    return False
