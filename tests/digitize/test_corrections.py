"""Readings put right by hand, from Python and from the command line."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from drawn_page import FakeDigitizer, drawn
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from digitize import infer
from digitize.corrections import Correction, by_page, load_corrections
from digitize.output import OutputFolder, PageNames
from digitize.stages import PageHints
from ecg import read
from ecg.geometry import PageGeometry
from ecg.layout import Template
from ecg.notes import texts
from ecg.page import Page
from ecg.reading import Reading


def line_px(reading: Reading, number: int, t0_s: float, t1_s: float, mv: float) -> np.ndarray:
    """Three points on a level line in a box, in page px."""
    box = reading.layout.boxes[number]
    x_mm = box.box_mm[0] + (np.array([t0_s, (t0_s + t1_s) / 2, t1_s]) - box.t0_s) * reading.layout.mm_per_s
    return reading.geometry.to_px(np.stack([x_mm, np.full(3, box.baseline_mm - mv * reading.layout.mm_per_mv)], -1))


def turned(reading: Reading, degrees: float) -> Reading:
    """The same reading of a page that lies askew."""
    spin = PageGeometry.flat(1.0, (900.0, 100.0), degrees).homography
    geometry = reading.geometry.after(spin)

    def moved(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return geometry.to_px(reading.geometry.to_mm(np.stack([x, y], axis=-1)))

    traces = tuple(replace(t, x_px=p[:, 0], y_px=p[:, 1]) for t in reading.traces for p in [moved(t.x_px, t.y_px)])
    return replace(reading, geometry=geometry, traces=traces)


@pytest.mark.parametrize("degrees", [0.0, 30.0, 180.0])
def test_a_stretch_is_drawn_anew_and_the_rest_stays(degrees: float) -> None:
    before = turned(drawn(), degrees)
    after = before.correct("aVF", line_px(before, 9, 3.0, 3.5, 0.7))
    time_s = before.record.time_s
    inside = (time_s > 3.005) & (time_s < 3.495)
    np.testing.assert_allclose(after.record["aVF"][inside], 0.7, atol=2e-3)
    outside = (time_s < 2.99) | (time_s > 3.51)
    np.testing.assert_allclose(after.record["aVF"][outside], before.record["aVF"][outside], atol=1e-4)
    for lead in set(before.record.leads) - {"aVF"}:
        np.testing.assert_allclose(after.record[lead], before.record[lead], atol=1e-5)
    assert texts(after.notes)[-1] == "aVF was corrected by hand from 3.00 to 3.50 s"
    assert len(texts(before.notes)) == len(texts(after.notes)) - 1  # the old reading stays as it was


def test_the_points_may_come_in_any_order_and_hide_a_stretch() -> None:
    before = drawn()
    points = line_px(before, 9, 3.0, 3.5, 0.7)
    np.testing.assert_array_equal(
        before.correct("avf", points[::-1]).record["aVF"], before.correct("aVF", points).record["aVF"]
    )
    hidden = before.correct("aVF", np.stack([points[:, 0], np.full(3, np.nan)], axis=-1))
    inside = (before.record.time_s > 3.01) & (before.record.time_s < 3.49)
    assert np.isnan(hidden.record["aVF"][inside]).all()
    assert hidden.confidence["aVF"] < before.confidence["aVF"]
    seen_again = hidden.correct("aVF", points)
    np.testing.assert_allclose(seen_again.record["aVF"][inside], 0.7, atol=2e-3)


@pytest.mark.parametrize("degrees", [0.0, 90.0, 180.0])
def test_a_lead_is_hidden_whole(degrees: float) -> None:
    before = turned(drawn(), degrees)
    x, y = before.traces[9].x_px, before.traces[9].y_px
    ends = np.array([[x[0], y[0]], [(x[0] + x[-1]) / 2, np.nan], [x[-1], y[-1]]])
    assert np.isnan(before.correct("aVF", ends).record["aVF"]).all()


def test_of_a_lead_that_stands_twice_the_box_around_the_points_is_meant() -> None:
    before = drawn()
    strip = before.correct("II", line_px(before, 12, 6.0, 6.5, 0.4))
    short = before.correct("II", line_px(before, 4, 1.0, 1.5, 0.4))
    assert strip.traces[12] is not before.traces[12] and strip.traces[4] is before.traces[4]
    # The short box only fills the strip's gaps: its correction shows in its trace.
    assert short.traces[4] is not before.traces[4] and short.traces[12] is before.traces[12]


def test_points_outside_and_leads_that_are_not_there_are_refused_with_words() -> None:
    before = drawn("3x2-limb")
    with pytest.raises(ValueError, match=r"no box of I holds the points.*its boxes reach"):
        before.correct("I", [[1.0, 1.0], [50000.0, 1.0]])
    with pytest.raises(ValueError, match="does not show that lead"):
        before.correct("V3", [[100.0, 100.0], [120.0, 100.0]])
    with pytest.raises(ValueError, match="at least two points"):
        before.correct("I", [[100.0, 100.0]])
    with pytest.raises(ValueError, match="unknown lead name"):
        before.correct("V9", [[100.0, 100.0], [120.0, 100.0]])


def test_speed_and_gain_change_the_signal_and_not_the_curves() -> None:
    before = drawn("6x2")
    after = before.with_layout(mm_per_s=50.0, mm_per_mv=5.0)
    assert after.traces == before.traces
    old, new = before.record["V1"], after.record["V1"]
    assert np.isfinite(new).sum() == np.isfinite(old).sum() / 2
    assert np.nanmax(new) == pytest.approx(2 * np.nanmax(old), rel=0.02)
    assert (after.layout.mm_per_s, after.to_dict()["mm_per_mv"]) == (50.0, 5.0)


def test_another_order_of_leads_renames_the_same_curves() -> None:
    before = drawn("3x4+1")
    after = before.with_layout("cabrera-3x4+1")
    np.testing.assert_allclose(after.record["aVL"][:1250], before.record["I"][:1250], atol=1e-4)
    np.testing.assert_allclose(after.record["aVR"][:1250], -before.record["III"][:1250], atol=1e-4)
    assert "layout set by hand: cabrera-3x4+1, 25 mm/s, 10 mm/mV" in texts(after.notes)


def test_other_columns_cut_the_same_rows_anew() -> None:
    before = drawn("6x2")
    after = before.with_layout("6x1-limb")
    np.testing.assert_allclose(after.record["I"][:2490], before.record["I"][:2490], atol=1e-4)
    np.testing.assert_allclose(after.record["I"][2510:], before.record["V1"][2510:], atol=1e-4)
    with pytest.raises(ValueError, match="the page has 6 rows, but 3x4 has 3"):
        before.with_layout("3x4")


def write_corrections(path: Path, corrections: object) -> Path:
    path.write_text(json.dumps(corrections))
    return path


def save_scan(folder: Path) -> Path:
    path = folder / "scan.png"
    Image.fromarray(drawn().page.pixels).save(path)
    return path


def test_corrections_are_replayed_from_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeDigitizer()
    monkeypatch.setattr("digitize.engines.load_digitizer", lambda *_: fake)
    points = line_px(drawn(), 9, 3.0, 3.5, 0.7).tolist()
    hidden = [[x, None] for x, _ in line_px(drawn(), 12, 8.0, 8.5, 0.0)]
    curves = [{"lead": "aVF", "points_px": points}, {"lead": "II", "points_px": hidden}]
    file = write_corrections(tmp_path / "fixes.json", {"scan": {"mm_per_mv": 10, "layout": "3x4+1", "curves": curves}})
    out = tmp_path / "out"
    argv = ["--image", str(save_scan(tmp_path)), "--output", str(out), "--corrections", str(file)]
    assert infer.main(argv) == 0
    layout, *scales = fake.given[0]
    assert layout is not None
    assert (layout.name, scales) == ("3x4+1", [None, 10])
    record = read(str(out / "scan.csv"))
    assert np.allclose(record["aVF"][1505:1745], 0.7, atol=2e-3)
    assert np.isnan(record["II"][4010:4240]).all()
    warnings = json.loads((out / "scan.json").read_text())["warnings"]
    assert "aVF was corrected by hand from 3.00 to 3.50 s" in warnings


@pytest.mark.parametrize(
    ("corrections", "words"),
    [
        ([1], "expected an object"),
        ({"scan": {"curve": []}}, "unknown key 'curve'"),
        ({"scan": {"curves": [{"lead": "II"}]}}, "lead and points_px"),
        ({"scan": {"layout": "5x5"}}, "unknown layout '5x5'"),
        ({"scan": {"layout": 5}}, "a layout is a name or a YAML file, got 5"),
        ({"scan": {"mm_per_s": "fast"}}, "mm_per_s must lie between 1 and 200"),
        ({"scan": {"mm_per_mv": [10]}}, "mm_per_mv must lie between 1 and 200"),
        ({"scan": {"curves": 3}}, "curves must be a list"),
        ({"scan": {"curves": {"lead": "II"}}}, "curves must be a list"),
        ({"other": {"mm_per_s": 50}}, "no page is named other"),
        ({"scan": {"curves": [{"lead": "V1", "points_px": [[0, 0], [1, "x"]]}]}}, "points_px"),
    ],
)
def test_corrections_that_make_no_sense_are_refused_with_words(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    corrections: object,
    words: str,
) -> None:
    monkeypatch.setattr("digitize.engines.load_digitizer", lambda *_: FakeDigitizer())
    file = write_corrections(tmp_path / "fixes.json", corrections)
    argv = ["--image", str(save_scan(tmp_path)), "--output", str(tmp_path / "out"), "--corrections", str(file)]
    with pytest.raises(SystemExit) as ended:
        infer.main(argv)
    assert ended.value.code == 2
    assert words in capsys.readouterr().err


def test_corrections_nested_beyond_reason_are_refused_with_words(tmp_path: Path) -> None:
    file = tmp_path / "deep.json"
    file.write_text("[" * 100_000)
    with pytest.raises(ValueError, match=r"deep\.json: the corrections cannot be read"):
        load_corrections(file)


def test_a_correction_outside_its_box_fails_that_page_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("digitize.engines.load_digitizer", lambda *_: FakeDigitizer())
    curves = [{"lead": "V1", "points_px": [[0, 0], [1, 0]]}]
    file = write_corrections(tmp_path / "fixes.json", {"scan": {"curves": curves}})
    argv = ["--image", str(save_scan(tmp_path)), "--output", str(tmp_path / "out"), "--corrections", str(file)]
    assert infer.main(argv) == 1
    assert "scan.png: step 1: no box of V1 holds the points" in capsys.readouterr().err


def two_scans(folder: Path) -> list[Path]:
    """Two patients' pages of one name."""
    for ward in "AB":
        (folder / ward).mkdir()
        save_scan(folder / ward)
    return [folder / ward / "scan.png" for ward in "AB"]


def corrected(
    folder: Path, monkeypatch: pytest.MonkeyPatch, files: list[Path], corrections: object
) -> tuple[int, dict[str, float | None]]:
    """The exit code, and the gain that the digitizer was given for each file."""
    given: dict[str, float | None] = {}

    class Noting(FakeDigitizer):
        def __call__(
            self, page: Page, layout: Template | None, mm_per_s: float | None, mm_per_mv: float | None
        ) -> Reading:
            given[page.place] = mm_per_mv
            return super().__call__(page, layout, mm_per_s, mm_per_mv)

    monkeypatch.setattr("digitize.engines.load_digitizer", lambda *_: Noting())
    file = write_corrections(folder / "fixes.json", corrections)
    argv = ["--image", *map(str, files), "--output", str(folder / "out"), "--corrections", str(file)]
    return infer.main(argv), given


@pytest.mark.parametrize("key", ["scan_2", "B/scan.png"])
def test_a_correction_hits_the_one_page_that_it_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    one, other = two_scans(tmp_path)
    code, given = corrected(tmp_path, monkeypatch, [one, other], {key: {"mm_per_mv": 5}})
    assert (code, given) == (0, {str(one): None, str(other): 5})


@pytest.mark.parametrize(
    ("corrections", "words"),
    [
        ({"scan": {}}, "the correction of 'scan' may mean .*A/scan.png or .*B/scan.png; name its file"),
        ({"scan.png": {}}, "may mean .*A/scan.png or .*B/scan.png"),
        ({"B/../B/scan.png": {}}, "no page is named"),
        ({"scan_3": {}}, "no page is named scan_3"),
        ({"C/scan.png": {}}, "no page is named C/scan.png"),
        ({"scan_2": {}, "B/scan.png": {}}, "two corrections are for .*B/scan.png"),
    ],
)
def test_a_correction_that_may_mean_two_pages_or_none_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], corrections: object, words: str
) -> None:
    with pytest.raises(SystemExit, match="2"):
        corrected(tmp_path, monkeypatch, two_scans(tmp_path), corrections)
    assert re.search(words, capsys.readouterr().err)


def test_a_page_is_corrected_by_its_number_and_a_page_that_is_not_there_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = Image.fromarray(drawn().page.pixels)
    page.save(tmp_path / "chart.tif", save_all=True, append_images=[page])
    chart = tmp_path / "chart.tif"
    fixes = {"chart.tif-p2": {"mm_per_mv": 5}, "chart": {"mm_per_mv": 20}, "chart-p9": {"mm_per_mv": 40}}
    code, given = corrected(tmp_path, monkeypatch, [chart], fixes)
    assert given == {str(chart): 20, f"{chart}, page 2": 5}
    assert code == 1
    assert f"{chart}, page 9: there is a correction of this page, but the file has only 2" in capsys.readouterr().err


def test_a_key_that_stands_twice_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "fixes.json"
    file.write_text('{"scan": {"mm_per_mv": 5}, "scan": {"mm_per_mv": 10}}')
    with pytest.raises(ValueError, match="the key 'scan' stands there twice"):
        load_corrections(file)


@given(st.lists(st.sampled_from(["a", "b", "a-p2", "A"]), min_size=1, max_size=4), st.data())
def test_no_key_reaches_two_pages(stems: list[str], data: st.DataObject) -> None:
    """Whatever files there are, a key is refused or means one page; the file's whole path always means that file."""
    files = [Path(f"/ward{i}/{stem}.png") for i, stem in enumerate(stems)]
    names = PageNames(files, OutputFolder("/tmp")).names
    key = data.draw(st.sampled_from([*names.values(), *stems, "a-p3", "b.png", "none"]))
    fix = Correction(PageHints())
    try:
        assert len(by_page({key: fix}, names)) == 1
    except ValueError as error:
        assert key in str(error)
    for file in files:
        assert by_page({str(file): fix}, names) == {(str(file), 0): fix}
