"""`digitize.evaluate`: which truth belongs to which page, and that no figure is improved by leaving anything out."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from drawn_page import CRASH_COLOUR, PX_PER_MM, REFUSED_COLOUR, FakeDigitizer, drawn
from PIL import Image

from digitize import batch, evaluate
from digitize.truth import as_printed, find_truth, index_folder, load_truth
from ecg import write
from ecg.layout import template
from ecg.leads import STANDARD
from ecg.record import Record

RNG = np.random.default_rng(2)
WHOLE = Record(RNG.normal(0, 0.3, (12, 5000)).astype(np.float32), 500.0, STANDARD)


def save_page(path: Path, colour: tuple[int, int, int] = (255, 255, 255)) -> Path:
    path.parent.mkdir(exist_ok=True)
    image = Image.fromarray(drawn().page.pixels)
    image.putpixel((0, 0), colour)
    image.save(path)
    return path


def test_truth_lies_beside_the_page_by_its_best_name(tmp_path: Path) -> None:
    page = save_page(tmp_path / "p.png")
    assert find_truth(page) is None
    for name in ("p.hea", "p.csv", "p.truth.csv"):
        write(drawn().record, str(tmp_path / name))
        assert find_truth(page) == tmp_path / name


def test_results_of_infer_do_not_pass_for_the_truth(tmp_path: Path) -> None:
    page = save_page(tmp_path / "p.png")
    write(drawn().record, str(tmp_path / "p.csv"))
    drawn().save_json(tmp_path / "p.json")
    assert load_truth(tmp_path / "p.csv", page).layout is not None
    (tmp_path / "p.overlay.png").write_bytes(b"x")
    with pytest.raises(ValueError, match="written by infer"):
        find_truth(page)
    write(drawn().record, str(tmp_path / "p.truth.csv"))
    assert load_truth(tmp_path / "p.truth.csv", page).layout is None


def test_numbers_are_compared_without_leading_zeros(tmp_path: Path) -> None:
    for name in ("deep/5.hea", "deep/00012_hr.hea", "0.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        write(WHOLE.crop(0, 0.1), str(tmp_path / name))
    index = index_folder(tmp_path)
    assert find_truth(Path("005.webp"), index) == tmp_path / "deep" / "5.hea"
    assert find_truth(Path("00012_hr.pdf"), index) == tmp_path / "deep" / "00012_hr.hea"
    assert find_truth(Path("000.png"), index) == tmp_path / "0.csv"
    assert find_truth(Path("50.png"), index) is None
    write(WHOLE.crop(0, 0.1), str(tmp_path / "05.csv"))
    with pytest.raises(ValueError, match="two recordings are named 5"):
        index_folder(tmp_path)


def test_a_whole_recording_is_cut_to_what_the_template_prints() -> None:
    cut = as_printed(WHOLE, template("3x4+1").place().boxes)
    finite = np.isfinite(cut.signal_mv)
    assert finite.sum(axis=1).tolist() == [1250, 5000] + [1250] * 10
    assert finite[STANDARD.index("V4")].nonzero()[0][[0, -1]].tolist() == [3750, 4999]
    cabrera = as_printed(WHOLE, template("cabrera-6x2").place().boxes)
    assert np.isfinite(cabrera["aVR"]).sum() == 2500
    np.testing.assert_array_equal(cabrera["aVR"][:2500], WHOLE["aVR"][:2500])


def test_a_whole_recording_from_elsewhere_needs_to_know_what_is_printed(tmp_path: Path) -> None:
    page = save_page(tmp_path / "pages" / "7.png")
    write(WHOLE, str(tmp_path / "7.csv"))
    with pytest.raises(ValueError, match="--printed"):
        load_truth(tmp_path / "7.csv", page)
    truth = load_truth(tmp_path / "7.csv", page, template("3x4"))
    assert np.isfinite(truth.record.signal_mv).sum() == 12 * 1250


def test_the_report_of_perfect_refused_and_crashed_pages(tmp_path: Path) -> None:
    pages = tmp_path / "pages"
    for name, colour in (("a", (255, 255, 255)), ("b", REFUSED_COLOUR), ("c", CRASH_COLOUR)):
        save_page(pages / f"{name}.png", colour)
        write(drawn().record, str(pages / f"{name}.csv"))
    (pages / "d.png").write_bytes(b"broken")
    write(drawn().record, str(pages / "d.csv"))
    report = evaluate.evaluate([pages], tmp_path / "out", digitizer=FakeDigitizer())
    (group,) = report["groups"]
    assert [group[key] for key in ("pages", "with_truth", "read", "refused", "crashed")] == [4, 4, 1, 2, 1]
    assert group["metrics"]["failure_rate"] == 0.75
    written = next(csv.DictReader((tmp_path / "out" / "pages.csv").open()))
    assert float(written["snr_db"]) > 50  # but for the rounding of the CSV
    assert group["metrics"]["snr_mean_db"] == pytest.approx(float(written["snr_db"]) / 4, abs=0.01)
    assert set(group["not_read"]) == {"b", "c", "d"}
    assert json.loads((tmp_path / "out" / "report.json").read_text()) == report
    assert "no grid" in (tmp_path / "out" / "report.md").read_text()


def test_pages_without_truth_are_read_and_counted_but_have_no_figures(tmp_path: Path) -> None:
    save_page(tmp_path / "pages" / "a.png")
    report = evaluate.evaluate([tmp_path / "pages"], tmp_path / "out", digitizer=FakeDigitizer())
    (group,) = report["groups"]
    assert (group["read"], group["with_truth"], group["metrics"]["snr_mean_db"]) == (1, 0, None)
    (line,) = csv.DictReader((tmp_path / "out" / "pages.csv").open())
    assert float(line["heart_rate_bpm"]) == pytest.approx(75, abs=1)


def test_reading_less_is_never_better(tmp_path: Path) -> None:
    """The same page read whole with an error, and read with the worst lead left out."""
    save_page(tmp_path / "pages" / "a.png")
    write(drawn().record, str(tmp_path / "pages" / "a.csv"))
    whole = drawn(offset_px=0.0)
    signal = whole.record.signal_mv * 0.8
    partial = np.where(np.arange(12)[:, None] == 6, np.nan, signal)
    figures = []
    for values in (signal, partial):
        reading = replace(whole, record=replace(whole.record, signal_mv=values))
        report = evaluate.evaluate([tmp_path / "pages"], tmp_path / "out", digitizer=FakeDigitizer(reading))
        figures.append(report["groups"][0]["metrics"])
    for name in ("snr_mean_db", "snr_p5_db", "snr_kaggle_db", "snr_challenge2024_db", "pearson"):
        assert figures[0][name] > figures[1][name], name
    for name in ("rmse_uv", "failure_rate"):
        assert figures[0][name] < figures[1][name], name


def test_stresses_are_compared_with_the_clean_page(tmp_path: Path) -> None:
    save_page(tmp_path / "pages" / "a.png")
    write(drawn().record, str(tmp_path / "pages" / "a.csv"))
    drawn().save_json(tmp_path / "pages" / "a.json")
    fake = FakeDigitizer()
    report = evaluate.evaluate([tmp_path / "pages"], tmp_path / "out", stress="half, grey", digitizer=fake)
    assert [group["condition"] for group in report["groups"]] == ["none", "half", "grey"]
    assert [group["loss_db"] for group in report["groups"]] == [0.0, 0.0, 0.0]
    clean, half, _ = report["groups"]
    assert clean["agreement"]["layout_right"] == half["agreement"]["layout_right"] == 1.0
    assert clean["agreement"]["scale_error_percent"] == pytest.approx(0, abs=1e-6)
    assert "scale_error_percent" not in half["agreement"]  # the paper has moved in the picture
    assert report["weights"] == {"page": "none", "row": "none"}


def test_limit_and_several_folders(tmp_path: Path) -> None:
    for name in ("x/a", "x/b", "y/a"):
        save_page(tmp_path / f"{name}.png")
    report = evaluate.evaluate([tmp_path / "x", tmp_path / "y"], tmp_path / "out", limit=1, digitizer=FakeDigitizer())
    assert [(group["folder"], group["pages"]) for group in report["groups"]] == [("x", 1), ("y", 1)]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--stress", "earthquake"], "unknown stress earthquake"),
        (["--printed", "5x5"], "unknown layout"),
        (["--truth", "other"], "no recording is named like"),
        (["--limit", "0"], "limit"),
    ],
)
def test_commands_that_make_no_sense_end_with_2_and_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], options: list[str], words: str
) -> None:
    save_page(tmp_path / "pages" / "a.png")
    (tmp_path / "other").mkdir()
    write(WHOLE, str(tmp_path / "other" / "b.csv"))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        evaluate.main(["--pages", "pages", *options])
    assert ended.value.code == 2
    assert words in capsys.readouterr().err


def test_main_prints_the_table_and_fails_when_a_page_crashed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(batch, "load_digitizer", lambda device, engine: FakeDigitizer())
    save_page(tmp_path / "pages" / "a.png")
    write(drawn().record, str(tmp_path / "pages" / "a.csv"))
    options = ["--pages", str(tmp_path / "pages"), "--output", str(tmp_path / "out")]
    assert evaluate.main(options) == 0
    assert "| pages" in capsys.readouterr().out
    save_page(tmp_path / "pages" / "b.png", CRASH_COLOUR)
    assert evaluate.main(options) == 1


def test_an_offset_of_the_whole_trace_is_a_shift_in_height_and_costs_nothing(tmp_path: Path) -> None:
    save_page(tmp_path / "pages" / "a.png")
    write(drawn().record, str(tmp_path / "pages" / "a.csv"))
    moved = FakeDigitizer(drawn(offset_px=0.5 * PX_PER_MM))
    report = evaluate.evaluate([tmp_path / "pages"], tmp_path / "out", digitizer=moved)
    assert report["groups"][0]["metrics"]["snr_mean_db"] > 50
