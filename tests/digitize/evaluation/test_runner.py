"""An evaluation: that no figure is improved by leaving anything out, and what the report says."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from drawn_page import CRASH_COLOUR, PX_PER_MM, REFUSED_COLOUR, FakeDigitizer, drawn
from PIL import Image
from saved_pages import WHOLE, save_page

from digitize.evaluation.runner import evaluate
from ecg import write
from ecg.reading import Reading, SceneTruth


def test_the_report_of_perfect_refused_and_crashed_pages(tmp_path: Path) -> None:
    pages = tmp_path / "pages"
    for name, colour in (("a", (255, 255, 255)), ("b", REFUSED_COLOUR), ("c", CRASH_COLOUR)):
        save_page(pages / f"{name}.png", colour)
        write(drawn().record, str(pages / f"{name}.csv"))
    (pages / "d.png").write_bytes(b"broken")
    write(drawn().record, str(pages / "d.csv"))
    report = evaluate([pages], tmp_path / "out", digitizer=FakeDigitizer())
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
    report = evaluate([tmp_path / "pages"], tmp_path / "out", digitizer=FakeDigitizer())
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
        report = evaluate([tmp_path / "pages"], tmp_path / "out", digitizer=FakeDigitizer(reading))
        figures.append(report["groups"][0]["metrics"])
    for name in ("snr_mean_db", "snr_p5_db", "snr_kaggle_db", "snr_challenge2024_db", "pearson"):
        assert figures[0][name] > figures[1][name], name
    for name in ("rmse_uv", "failure_rate"):
        assert figures[0][name] < figures[1][name], name


@pytest.mark.slow
def test_stresses_are_compared_with_the_clean_page(tmp_path: Path) -> None:
    save_page(tmp_path / "pages" / "a.png")
    write(drawn().record, str(tmp_path / "pages" / "a.csv"))
    drawn().save_json(tmp_path / "pages" / "a.json")
    fake = FakeDigitizer()
    report = evaluate([tmp_path / "pages"], tmp_path / "out", stress="half, grey", digitizer=fake)
    assert [group["condition"] for group in report["groups"]] == ["none", "half", "grey"]
    assert [group["loss_db"] for group in report["groups"]] == [0.0, 0.0, 0.0]
    clean, half, _ = report["groups"]
    assert clean["agreement"]["layout_right"] == half["agreement"]["layout_right"] == 1.0
    assert clean["agreement"]["scale_error_percent"] == pytest.approx(0, abs=1e-6)
    assert half["agreement"]["scale_error_percent"] == pytest.approx(100, abs=1e-6)  # the stand-in saw no half
    assert report["stresses"] == [
        {
            "folder": "pages",
            "mean_loss_db": 0.0,
            "worst_loss_db": 0.0,
            "worst": "half",
            "refused_share": 0.0,
            "crashed": 0,
        }
    ]
    assert report["weights"] == {"page": "none", "row": "none"}


def test_limit_and_several_folders(tmp_path: Path) -> None:
    for name in ("x/a", "x/b", "y/a"):
        save_page(tmp_path / f"{name}.png")
    report = evaluate([tmp_path / "x", tmp_path / "y"], tmp_path / "out", limit=1, digitizer=FakeDigitizer())
    assert [(group["folder"], group["pages"]) for group in report["groups"]] == [("x", 1), ("y", 1)]


def test_an_offset_of_the_whole_trace_is_a_shift_in_height_and_costs_nothing(tmp_path: Path) -> None:
    save_page(tmp_path / "pages" / "a.png")
    write(drawn().record, str(tmp_path / "pages" / "a.csv"))
    moved = FakeDigitizer(drawn(offset_px=0.5 * PX_PER_MM))
    report = evaluate([tmp_path / "pages"], tmp_path / "out", digitizer=moved)
    assert report["groups"][0]["metrics"]["snr_mean_db"] > 50


def simulated(folder: Path, name: str, reading: Reading, preset: str) -> None:
    """A page with its truth as the simulator leaves them."""
    folder.mkdir(exist_ok=True)
    Image.fromarray(reading.page.pixels).save(folder / f"{name}.png")
    write(reading.record, str(folder / f"{name}.csv"))
    replace(reading, scene=SceneTruth(simulated={"preset": preset})).save_json(folder / f"{name}.json")


@pytest.mark.slow
def test_simulated_pages_are_told_by_kind_and_the_tables_say_so(tmp_path: Path) -> None:
    simulated(tmp_path / "pages", "a", drawn("3x4+1"), "clean")
    simulated(tmp_path / "pages", "b", drawn("6x2"), "photo")
    report = evaluate([tmp_path / "pages"], tmp_path / "out", stress="rotate2", digitizer=FakeDigitizer())
    kinds = {(kind["what"], kind["kind"]): kind for kind in report["kinds"]}
    assert sorted(kind for _, kind in kinds) == ["25 mm/s 10 mm/mV", "3x4+1", "6x2", "clean", "photo"]
    assert kinds["preset", "clean"]["metrics"]["snr_mean_db"] > 50 > kinds["preset", "photo"]["metrics"]["snr_mean_db"]
    assert kinds["layout", "6x2"]["agreement"]["layout_right"] == 0.0  # the stand-in sees 3x4+1 everywhere
    assert kinds["scales", "25 mm/s 10 mm/mV"]["pages"] == 2
    clean, turned = report["groups"]
    assert (clean["agreement"]["rotation_error_deg"], turned["agreement"]["rotation_error_deg"]) == pytest.approx(
        (0, 2)
    )
    text = (tmp_path / "out" / "report.md").read_text()
    for words in (
        "| layout | 6x2",
        "pages: mean loss under stress",
        "px/mm off %",
        "What the confidence is worth",
        "layout wrong",
    ):
        assert words in text


def test_a_template_tells_layout_and_names_but_no_scales(tmp_path: Path) -> None:
    save_page(tmp_path / "pages" / "a.png")
    (tmp_path / "truth").mkdir()
    write(WHOLE, str(tmp_path / "truth" / "a.csv"))
    report = evaluate(
        [tmp_path / "pages"], tmp_path / "out", truth=tmp_path / "truth", printed="3x4", digitizer=FakeDigitizer()
    )
    assert report["groups"][0]["agreement"] == {"layout_right": 0.0, "names_right": 0.0}


@pytest.mark.slow
def test_a_page_that_went_wrong_is_listed_with_its_cause(tmp_path: Path) -> None:
    for name, colour in (("good", (255, 255, 255)), ("lost", REFUSED_COLOUR), ("broken", CRASH_COLOUR)):
        write(drawn().record, str(save_page(tmp_path / "pages" / f"{name}.png", colour).with_suffix(".truth.csv")))
    report = evaluate([tmp_path / "pages"], tmp_path / "out", digitizer=FakeDigitizer())
    assert report["groups"][0]["causes"] == {
        "crashed: an error inside the program, please report it": ["broken"],
        "refused: no grid and no traces were found": ["lost"],
    }
    assert "| refused: no grid and no traces were found" in (tmp_path / "out" / "report.md").read_text()
