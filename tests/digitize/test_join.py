"""Pages of one recording, joined: each second at its place, or a refusal that names the page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from drawn_page import REFUSED_COLOUR, FakeDigitizer, drawn
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from saved_pages import names, save_page

from digitize import infer
from digitize.join import PagePart, joined
from ecg import read
from ecg.files import InputError
from ecg.layout import Layout, Template, template
from ecg.leads import STANDARD
from ecg.record import Record

WATCH = Template("watch", (("I",), ("I",), ("I",)), 10.0)


def part(kind: Template, place: str = "page.png", value: float = 0.0) -> PagePart:
    layout: Layout = kind.place()
    signal = np.full((12, round(max(10.0, layout.duration_s) * 500)), value, np.float32)
    return PagePart(place, Record(signal, 500.0, STANDARD), layout)


@given(st.lists(st.sampled_from([WATCH, Template("one", (("I",),), 7.5)]), min_size=2, max_size=5))
def test_every_page_begins_where_the_one_before_ends(kinds: list[Template]) -> None:
    found = joined([part(kind, value=float(i)) for i, kind in enumerate(kinds)])
    seconds = [kind.place().duration_s for kind in kinds]
    assert found.duration_s == pytest.approx(sum(seconds))
    at = np.cumsum([0.0, *seconds[:-1]]) + np.array(seconds) / 2
    np.testing.assert_array_equal(found["I"][np.round(at * 500).astype(int)], np.arange(len(kinds)))


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ([part(WATCH)], "1 page was given: expected at least two"),
        ([part(WATCH), PagePart("p.png, page 2")], "p.png, page 2: was not read, so its seconds would be missing"),
        ([part(template("3x4+1"))] * 2, "shows I, aVR, V1, .* for a part of its 10 s only"),
        ([part(WATCH), part(template("6x1-limb"))], "shows I, II, III, aVR, aVL, aVF, the first page I: expected"),
    ],
)
def test_what_makes_no_recording_is_refused(parts: list[PagePart], words: str) -> None:
    with pytest.raises(InputError, match=words) as refusal:
        joined(parts)
    assert refusal.value.code == "pages-not-joined"


def test_columns_of_the_same_seconds_are_whole() -> None:
    both = replace(template("6x2"), simultaneous=True)
    assert joined([part(both)] * 2).duration_s == pytest.approx(10.0)


@pytest.fixture
def long(fake: FakeDigitizer) -> FakeDigitizer:
    fake.reading = drawn("12x1")
    return fake


@pytest.mark.slow
def test_a_file_of_two_pages_is_one_recording(
    tmp_path: Path, long: FakeDigitizer, capsys: pytest.CaptureFixture[str]
) -> None:
    page = Image.fromarray(long.reading.page.pixels)
    page.save(tmp_path / "chart.tif", save_all=True, append_images=[page])
    out = tmp_path / "out"
    assert infer.main(["--image", str(tmp_path / "chart.tif"), "--output", str(out), "--join"]) == 0
    said = capsys.readouterr()
    assert "chart-joined: 2 pages joined, 20 s" in said.out and "2 of 2 pages read" in said.err
    assert {"chart.csv", "chart-p2.csv", "chart-joined.csv", "chart-joined.hea"} <= names(out)
    whole, first = (read(str(out / f"{name}.csv")) for name in ("chart-joined", "chart"))
    np.testing.assert_array_equal(whole.crop(10.0, 10.0).signal_mv, first.crop(0.0, 10.0).signal_mv)


def test_a_page_that_is_refused_leaves_no_joined_recording(
    tmp_path: Path, long: FakeDigitizer, capsys: pytest.CaptureFixture[str]
) -> None:
    pages = [save_page(tmp_path / "a.png"), save_page(tmp_path / "b.png", REFUSED_COLOUR)]
    out = tmp_path / "out"
    assert infer.main(["--image", *map(str, pages), "--output", str(out), "--join"]) == 1
    assert "b.png: was not read, so its seconds would be missing" in capsys.readouterr().err
    assert "a.csv" in names(out) and not any("joined" in name for name in names(out))


def test_joined_pages_need_a_folder(tmp_path: Path, long: FakeDigitizer, capsys: pytest.CaptureFixture[str]) -> None:
    scan = save_page(tmp_path / "a.png")
    with pytest.raises(SystemExit) as end:
        infer.main(["--image", str(scan), "--output", str(tmp_path / "a.csv"), "--join"])
    assert end.value.code == 2
    assert "joined pages go into a folder" in capsys.readouterr().err
