"""The fit of the confidence finds how often a sample is near the truth, and shows what it is worth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from digitize.studies.confidence_samples import REFUSED, PageSamples
from digitize.studies.fit_confidence import fit, fit_to, reliability
from digitize.trace.confidence import SIGNS, confidence

TRUE = {"spread": -2.0, "slope": -0.5, "doubt_of_lead": -3.0, "constant": -5.0}


def page(seed: int, size: int, *codes: str, share: float = 1.0) -> PageSamples:
    """A page whose samples are near the truth as often as `TRUE` says, times `share`."""
    rng = np.random.default_rng(seed)
    seen = rng.normal([[-2.0], [0.5], [-1.5]], [[0.4], [0.6], [0.3]], (len(SIGNS), size))
    near = rng.random(size) < share * confidence(seen, TRUE)
    return PageSamples(seen, np.ones(size), near, codes)


def test_what_was_fitted_says_how_often_a_sample_is_near() -> None:
    found = page(1, 20_000)
    assert fit(found.seen, found.near) == pytest.approx(TRUE, rel=0.15)


def test_pages_of_a_doubted_scale_do_not_weigh_on_the_others() -> None:
    pages = [page(1, 20_000), page(2, 20_000, "scale-oblong", share=0.5), REFUSED]
    assert fit_to(pages) == pytest.approx(TRUE, rel=0.15)
    assert pages[1].stated(TRUE).mean() == pytest.approx(pages[1].near.mean(), abs=0.01)


def test_the_table_shows_by_kind_what_is_stated_and_what_is_true() -> None:
    sure = TRUE | {"constant": 0.0}
    lines = reliability([("scan", page(3, 5000)), ("fax", REFUSED)], {"too sure": sure, "true": TRUE}).splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    stated, near = (float(cells[2][k].rstrip("%")) for k in (6, 7))
    assert stated == pytest.approx(near, abs=1.5)
    assert float(cells[2][2].rstrip("%")) > near + 5
    assert [row[:2] for row in cells[2:]] == [["all", "1 of 2"], ["scan", "1 of 1"], ["fax", "0 of 1"]]


def test_samples_are_kept_as_they_are(tmp_path: Path) -> None:
    kept = page(4, 50, "scale-oblong")
    kept.save(tmp_path / "scan-1.npz")
    found = PageSamples.load(tmp_path / "scan-1.npz")
    for name in ("seen", "certainty", "near"):
        np.testing.assert_array_equal(getattr(found, name), getattr(kept, name))
    assert (found.codes, found.is_right) == (kept.codes, kept.is_right)
