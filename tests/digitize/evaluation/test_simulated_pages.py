"""Pages that are drawn to be measured."""

from __future__ import annotations

import numpy as np
import pytest

from digitize.evaluation.simulated_pages import drawn_pages


@pytest.mark.slow
def test_drawn_pages_are_known_by_their_seed_and_differ_between_presets() -> None:
    pages = list(drawn_pages(["clean", "scan"], 1, 5))
    assert [(preset, page.stem) for preset, page, _ in pages] == [("clean", "clean-5"), ("scan", "scan-10005")]
    assert pages[0][2].kinds["preset"] == "clean"
    assert pages[0][2].kinds["tells"] in ("clean: all", "clean: not all")
    assert np.isfinite(pages[0][2].record.signal_mv).any()
    again = next(iter(drawn_pages(["clean"], 1, 5)))
    assert np.array_equal(again[1].pixels, pages[0][1].pixels)
    with pytest.raises(ValueError, match="at least 1 page of some of clean"):
        next(iter(drawn_pages(["papyrus"], 1)))
