"""The user's own pages: all of them by default, a part held out by recording, and nothing else without a word."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitize.training.datasets import split_pages
from digitize.training.page_files import PageFiles
from digitize.training.recipe import Pages


def files(records: list[str]) -> list[PageFiles]:
    return [PageFiles(Path(f"{name}-{k:04d}.png"), None, Path(f"{name}.csv"), name) for k, name in enumerate(records)]


@given(st.lists(st.sampled_from("abcdefghij"), min_size=1, max_size=60), st.floats(0, 0.9), st.integers(0, 9))
def test_a_recording_is_on_one_side_only(names: list[str], fraction: float, seed: int) -> None:
    found = files(names)
    train, held_out = split_pages(found, Pages(val_fraction=fraction, seed=seed))
    assert not {page.record for page in train} & {page.record for page in held_out}
    assert sorted(map(str, (p.picture for p in [*train, *held_out]))) == sorted(str(p.picture) for p in found)
    if fraction == 0 or len(set(names)) == 1:
        assert not held_out
    elif fraction > 0:
        assert held_out


def test_the_share_is_of_recordings() -> None:
    train, held_out = split_pages(files([f"r{k}" for k in range(50)] * 2), Pages())
    assert (len(train), len(held_out)) == (90, 10)
    with pytest.raises(ValueError, match=r"val_fraction must be in \[0, 1\)"):
        Pages(val_fraction=1.0)


def test_a_list_names_recordings_or_pictures(tmp_path: Path) -> None:
    found, named = files(["a", "a", "b", "c"]), tmp_path / "val.txt"
    for text, expected in (("b\n", {"b"}), ("# mine\nid,fs\na,500\n", {"a"}), ("c-0003.png\nb\n", {"b", "c"})):
        named.write_text(text)
        assert {page.record for page in split_pages(found, Pages(), named)[1]} == expected
    named.write_text("b\nelse\n")
    with pytest.raises(ValueError, match=r"val\.txt: else is no page or recording here \(1 such names\)"):
        split_pages(found, Pages(), named)
    named.write_text("a\nb\nc\n")
    with pytest.raises(ValueError, match="no page is left to train on: all 4 are held out"):
        split_pages(found, Pages(), named)
