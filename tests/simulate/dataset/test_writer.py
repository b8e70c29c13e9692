"""`python -m simulate`: pages on disk are whole, the same however they were made, and come back as they were."""

import csv
import inspect
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import fields, replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from digitize.evaluation.runner import evaluate
from digitize.training.page_files import find_pages, load_page
from digitize.training.page_samples import page_example
from ecg import read, write
from ecg.page import Page, traces_to_record
from ecg.reading import Reading
from simulate import benchmark
from simulate.__main__ import main, parser
from simulate.dataset.contact_sheet import contact_sheet
from simulate.dataset.job import Job
from simulate.dataset.writer import write_pages
from simulate.heart import synthetic_record
from simulate.presets import presets

SMALL = {"long_side_px": 300, "seed": 4}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def manifest(folder: Path) -> list[dict[str, str]]:
    with (folder / "manifest.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_every_page_is_a_picture_a_truth_and_a_signal(tmp_path: Path) -> None:
    outcome = write_pages(tmp_path, count=3, **SMALL)
    assert (outcome.drawn, outcome.kept, outcome.failures) == (3, 0, [])
    rows = manifest(tmp_path)
    assert [row["stem"] for row in rows] == [f"synthetic-00000{i}" for i in range(3)]
    for row in rows:
        truth = json.loads((tmp_path / f"{row['stem']}.json").read_text())
        signal_mv = read(str(tmp_path / f"{row['stem']}.csv"))
        height, width = cv2.imread(str(tmp_path / f"{row['stem']}.png")).shape[:2]
        assert [width, height] == truth["size_px"] == [int(row["width_px"]), int(row["height_px"])]
        assert (row["layout"], row["preset"]) == (truth["layout"]["name"], truth["simulated"]["preset"])
        assert row["labels"] == ";".join(truth["simulated"]["labels"]) != ""
        assert signal_mv.fs_hz == 500.0 and signal_mv.samples == 5000 and len(signal_mv.leads) == 12
    assert len(contents(tmp_path)) == 3 * 3 + 2


@pytest.mark.slow
def test_a_page_on_disk_trains_like_the_page_in_memory(tmp_path: Path) -> None:
    pages, signals = tmp_path / "pages", tmp_path / "signals"
    write_pages(pages, csv_output=signals, count=2, seed=4, preset="clean", long_side_px=900)
    found, _ = find_pages(pages, signals)
    assert len(found) == 2
    for index in range(2):
        reading = Job(seed=4, preset="clean", long_side_px=900).page(index, None)
        memory = {name: t.numpy() for name, t in page_example(reading.page.pixels, reading).items()}
        loaded = page_example(*load_page(found[index].picture, found[index].signal))
        disk = {name: t.numpy() for name, t in loaded.items()}
        assert np.array_equal(memory["image"], disk["image"])
        assert (memory["seg"] != disk["seg"]).mean() < 1e-3
        for head in ("grid", "baseline", "theta"):
            assert np.abs(memory[head] - disk[head]).max() < 0.01
        printed = np.isfinite(memory["signal"])
        assert (printed == np.isfinite(disk["signal"])).mean() > 0.999
        off_px = np.abs(memory["signal"] - disk["signal"])[printed]
        # On a steep flank that leans over, the rounding in the file may turn the order of two points.
        assert np.nanquantile(off_px, 0.9) < 0.02 and (off_px > 0.5).mean() < 0.01
        record = read(str(found[index].signal))
        assert np.nanmax(np.abs(record.signal_mv - reading.record.signal_mv)) < 1e-4


@pytest.mark.slow
def test_a_killed_run_goes_on_and_ends_like_one_that_was_not(tmp_path: Path) -> None:
    options = {"count": 8, "long_side_px": 500, "seed": 4, "preset": "photo"}
    broken, whole = tmp_path / "broken", tmp_path / "whole"
    command = [f"--{name}={value}" for name, value in options.items()]
    run = subprocess.Popen(
        [sys.executable, "-m", "simulate", *command, f"--output={broken}", "--workers=2"], stderr=subprocess.DEVNULL
    )
    try:
        while len(list(broken.glob("[!.]*.png"))) < 2:
            assert run.poll() is None, "all pages were drawn before the run could be killed"
            time.sleep(0.01)
    finally:
        run.send_signal(signal.SIGKILL)
        run.wait()
    _wait_until_nothing_is_written(broken)
    done = sorted(broken.glob("[!.]*.png"))
    before = {path.name: path.stat().st_mtime_ns for path in done}
    assert 2 <= len(done) < 8 and all(cv2.imread(str(path)) is not None for path in done)
    listed = {row["stem"] for row in manifest(broken)}
    assert listed <= {path.stem for path in done} and len(listed) >= len(done) - 2  # a worker each
    (broken / ".0123456789ab.png").write_bytes(b"half a picture")

    outcome = write_pages(broken, **options)
    assert (outcome.drawn, outcome.kept) == (8 - len(done), len(done))
    assert all((broken / name).stat().st_mtime_ns == when for name, when in before.items())
    write_pages(whole, **options)
    assert contents(broken) == contents(whole)


def _wait_until_nothing_is_written(folder: Path) -> None:
    """The workers of a killed run end by themselves."""
    seen, since = None, time.monotonic()
    while time.monotonic() - since < 0.7:
        now = sorted((path.name, path.stat().st_mtime_ns) for path in folder.iterdir())
        if now != seen:
            seen, since = now, time.monotonic()
        time.sleep(0.05)


@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.slow
def test_ctrl_c_leaves_a_manifest_and_says_how_to_go_on(tmp_path: Path) -> None:
    run = subprocess.Popen(
        [sys.executable, "-m", "simulate", "--count=500", "--long_side_px=300", "--workers=1", f"--output={tmp_path}"],
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # ignored in the background
    )
    while len(list(tmp_path.glob("[!.]*.png"))) < 2:
        assert run.poll() is None
        time.sleep(0.01)
    run.send_signal(signal.SIGINT)
    _, errors = run.communicate(timeout=60)
    assert run.returncode == 130 and b"the same command goes on" in errors
    assert [row["stem"] for row in manifest(tmp_path)] == sorted(p.stem for p in tmp_path.glob("[!.]*.png"))


def test_more_pages_are_added_and_pages_that_were_lost_come_back(tmp_path: Path) -> None:
    write_pages(tmp_path, count=2, **SMALL)
    first = contents(tmp_path)
    (tmp_path / "synthetic-000000.csv").unlink()
    outcome = write_pages(tmp_path, count=3, **SMALL)
    assert (outcome.drawn, outcome.kept) == (2, 1)
    now = contents(tmp_path)
    assert all(now[name] == data for name, data in first.items() if name != "manifest.csv")
    assert len(manifest(tmp_path)) == 3


def test_a_torn_manifest_is_mended(tmp_path: Path) -> None:
    write_pages(tmp_path, count=2, **SMALL)
    whole = contents(tmp_path)
    (tmp_path / "manifest.csv").write_bytes(whole["manifest.csv"][:-3])
    assert write_pages(tmp_path, count=2, **SMALL).kept == 2
    assert contents(tmp_path) == whole


def test_other_options_do_not_mix_into_a_folder(tmp_path: Path) -> None:
    write_pages(tmp_path, count=1, **SMALL)
    with pytest.raises(ValueError, match="was made with seed 4, now 5"):
        write_pages(tmp_path, count=1, **{**SMALL, "seed": 5})


def test_options_that_led_to_no_page_do_not_bind(tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert write_pages(out, records=[tmp_path / "nowhere.csv"], count=1, **SMALL).failures
    assert write_pages(out, count=1, **{**SMALL, "seed": 5}).drawn == 1


def test_a_bad_recording_is_named_and_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for seed in range(3):
        write(synthetic_record(seed), tmp_path / "in" / f"r{seed}.hea")
    (tmp_path / "in" / "r1.dat").write_bytes(b"cut")
    out = tmp_path / "out"
    status = main([
        "--records", str(tmp_path / "in"), "--count", "3", "--long_side_px", "300", "--picture", "jpg",
        "--workers", "1", "--output", str(out),
    ])  # fmt: skip
    said = capsys.readouterr()
    assert status == 1
    assert "r1.hea" in said.err and "2 pages drawn, 0 were there, 1 left out" in said.out
    assert sorted(row["source"] for row in manifest(out)) == ["r0", "r2"]
    assert len(list(out.glob("*.jpg"))) == len(list(out.glob("r*.json"))) == len(list(out.glob("r*.csv"))) == 2


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (["--preset", "x-ray"], "unknown preset 'x-ray'"),
        (["--layout", "5x5"], "unknown layout '5x5'"),
        (["--picture", "gif"], "unknown picture 'gif'"),
        (["--count", "0"], "count must be at least 1"),
        (["--workers", "0"], "workers must be at least 1"),
        (["--records", "no/such/*.hea"], "no recording found"),
    ],
)
def test_a_wrong_command_is_refused_in_words(
    wrong: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        main([*wrong, "--output", str(tmp_path / "out")])
    assert stop.value.code == 2 and words in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_options_are_those_of_the_functions() -> None:
    options = {action.dest: action.default for action in parser()._actions if action.dest != "help"}
    known = {**inspect.signature(write_pages).parameters, **inspect.signature(contact_sheet).parameters}
    job = {field.name: field.default for field in fields(Job)}
    assert set(options) == {*known, *job, "contact_sheet"} - {"path", "options"}
    for name in set(options) - {"output", "contact_sheet", "workers", "records"}:
        assert options[name] == (job[name] if name in job else known[name].default), name


def test_help_needs_no_torch() -> None:
    code = "import sys, simulate.__main__ as m; m.parser().format_help(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_a_contact_sheet_shows_a_row_for_every_kind(tmp_path: Path) -> None:
    contact_sheet(tmp_path / "one.png", preset="clean", layout="3x1", count=2)
    assert (
        main(["--contact_sheet", str(tmp_path / "two.jpg"), "--preset", "fax", "--layout", "3x1", "--count", "2"]) == 0
    )
    one, two = (cv2.imread(str(tmp_path / name)) for name in ("one.png", "two.jpg"))
    assert one.shape == two.shape == (244, 612, 3)
    assert one.std() > 5 and np.abs(one.astype(int) - two).mean() > 3
    with pytest.raises(ValueError, match="unknown rows 'colour'"):
        contact_sheet(tmp_path / "three.png", rows="colour")
    with pytest.raises(ValueError, match=r"expected a name that ends in \.png or \.jpg"):
        contact_sheet(tmp_path / "three.gif")


@pytest.mark.slow
def test_the_benchmark_measures_every_preset(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(benchmark, "_PAGE_PX", (220, 170))
    assert benchmark.main(["--count", "1", "--slowest", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3 * (len(presets()) + 2) and all("a second" in line for line in lines[::3])


# --- what others make of the pages ------------------------------------------------------------------------------------


def truth_beside(page: Page, *_: object) -> Reading:
    """Reads a page as well as can be: by the curves that lie beside it."""
    picture = Path(page.source)
    truth = Reading.from_dict(json.loads(picture.with_suffix(".json").read_text()), page, synthetic_record(0))
    return replace(truth, record=traces_to_record(truth.traces, truth.geometry, truth.layout))


@pytest.mark.slow
def test_the_evaluation_takes_the_pages_as_they_are(tmp_path: Path) -> None:
    names = ("3x4+1", "6x2+1", "12x1", "cabrera-3x4+1", "4x3")
    for name in names:
        write_pages(tmp_path / name, count=1, seed=4, preset="clean", layout=name, long_side_px=1000)
    report = evaluate([tmp_path / name for name in names], tmp_path / "out", digitizer=truth_beside)
    assert [(g["folder"], g["read"], g["with_truth"]) for g in report["groups"]] == [(name, 1, 1) for name in names]
    for group in report["groups"]:
        assert group["metrics"]["snr_mean_db"] > 45
        assert all(
            group["agreement"][f"{what}_right"] == 1 for what in ("layout", "names", "speed", "gain", "orientation")
        )
