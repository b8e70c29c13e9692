"""What the user may know about a page."""

from __future__ import annotations

from pathlib import Path

import pytest

from digitize.stages import PageHints
from ecg.layout import template


def test_hints_take_a_layout_by_name_by_file_or_as_it_is(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text("name: own\ngrid: [[I, II], [V1, V2]]\ncolumn_s: 5\n")
    assert PageHints.of("6x2").layout == PageHints.of(template("6x2")).layout == template("6x2")
    found = PageHints.of(str(own)).layout
    assert found is not None and found.grid == (("I", "II"), ("V1", "V2"))
    assert PageHints.of() == PageHints(None, None, None)


@pytest.mark.parametrize("name", ["mm_per_s", "mm_per_mv"])
@pytest.mark.parametrize("value", [0.0, -25.0, 201.0, float("nan")])
def test_scales_that_cannot_be_meant_are_refused_with_the_usual_ones(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=rf"{name} must lie between 1 and 200 \(usual: 25 mm/s, 10 mm/mV\)"):
        PageHints(**{name: value})


def test_a_layout_that_is_not_known_or_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="3x4"):
        PageHints.of("9x9")
    with pytest.raises(ValueError, match="cannot be read"):
        PageHints.of(str(tmp_path / "missing.yaml"))
