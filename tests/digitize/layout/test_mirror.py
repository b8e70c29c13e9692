"""A page whose names can be read in a mirror only is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from drawn_page import drawn

from digitize.errors import NotAnEcg
from digitize.layout.mirror import refuse_mirror_image
from digitize.layout.printed_words import PrintedWord
from digitize.nets.networks import Networks
from digitize.stages import LocatedPage
from ecg.geometry import PageGeometry

NETS = Networks(None, None, None, (1, 1), {})  # type: ignore[arg-type]
PAGE = drawn("12x1")
UNNAMED = LocatedPage(PAGE.geometry, PAGE.layout, (10.0,) * 12, (), is_named=False, is_confirmed=False)


def names(*leads: str) -> list[PrintedWord]:
    return [PrintedWord(lead, 10.0, 10.0 * k, 0.9) for k, lead in enumerate(leads)]


def show(monkeypatch: pytest.MonkeyPatch, mirrored: list[PrintedWord], itself: list[PrintedWord]) -> None:
    """What is read on the mirror image, and on the page itself."""

    def read(net: object, pixels: np.ndarray, *where: object) -> list[PrintedWord]:
        return mirrored if pixels.strides[1] < 0 else itself

    monkeypatch.setattr("digitize.layout.mirror.read_words", read)


def test_several_names_in_the_mirror_tell_it(monkeypatch: pytest.MonkeyPatch) -> None:
    show(monkeypatch, names("II", "aVR", "V1", "V3", "V5"), names("II", "V5"))
    with pytest.raises(NotAnEcg, match="the page is a mirror image"):
        refuse_mirror_image(PAGE.page, NETS, UNNAMED)
    refuse_mirror_image(PAGE.page, NETS, replace(UNNAMED, is_named=True))


@pytest.mark.parametrize("seen", [(), ("I", "II", "III"), ("V3", "V3", "V3"), ("aVR", "V5")])
def test_few_names_or_such_as_lines_look_like_tell_nothing(
    seen: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("digitize.layout.mirror.read_words", lambda *given: names(*seen))
    refuse_mirror_image(PAGE.page, NETS, UNNAMED)


def test_names_that_can_be_read_on_the_page_itself_tell_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """C4 and C5 upside down in a mirror are C4 and C5; a name under a curve is any."""
    show(monkeypatch, names("V4", "aVR", "V5"), names("V5", "V6"))
    refuse_mirror_image(PAGE.page, NETS, UNNAMED)


def test_names_are_looked_for_where_the_mirrored_paper_lies(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[np.ndarray] = []

    def read(net: object, pixels: np.ndarray, geometry: PageGeometry, window: tuple[float, ...]) -> list[PrintedWord]:
        corners = np.array([(window[0], window[1]), (window[2], window[3])])
        asked.append(np.sort(geometry.to_px(corners), axis=0))
        return []

    monkeypatch.setattr("digitize.layout.mirror.read_words", read)
    refuse_mirror_image(PAGE.page, NETS, UNNAMED)
    x0, y0, x1, y1 = PAGE.layout.extent_mm
    wide = PAGE.page.size_px[0] - 1
    around = PAGE.geometry.to_px(np.array([(x0 - 20, y0 - 20), (x1 + 20, y1 + 20)]))
    wanted = np.array([[wide - around[1, 0], around[0, 1]], [wide - around[0, 0], around[1, 1]]])
    assert len(asked) == 2  # either way up
    for corners in asked:
        np.testing.assert_allclose(corners, wanted, atol=1e-6)
