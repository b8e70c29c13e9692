"""Only the right scale makes the whole sheet periodic."""

from __future__ import annotations

from dataclasses import replace

import pytest
from gridded_page import KINDS, page_of

from digitize.grid.periodicity import is_periodic


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scale", [1.0, 0.86, 1.07])
def test_only_the_right_scale_is_periodic(kind: str, scale: float) -> None:
    _, page, oracle = page_of(kind, "scan", 18)
    true = replace(oracle.truth.geometry, extent_mm=oracle.truth.layout.extent_mm)
    assert is_periodic(page.pixels, true.scaled(scale)) == (scale == 1.0)
