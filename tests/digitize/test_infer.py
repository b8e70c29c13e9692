"""The command lines from end to end: what they write, what they say, and how they end."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from drawn_page import CRASH_COLOUR, REFUSED_COLOUR, REFUSED_WORDS, FakeDigitizer, drawn
from PIL import Image
from saved_pages import names, save_page

import digitize
from digitize import infer, inference
from ecg import read
from ecg.leads import STANDARD

WEIGHTS = list((Path(digitize.__file__).parent / "weights").glob("*"))

needs_weights = pytest.mark.skipif(not WEIGHTS, reason="no trained weights in digitize/weights")

PAGE_FILES = {"{}.csv", "{}.hea", "{}.dat", "{}.json", "{}.overlay.png"}


def files_of(*stems: str) -> set[str]:
    return {pattern.format(stem) for stem in stems for pattern in PAGE_FILES}


def test_a_page_gives_signal_wfdb_json_and_overlay(tmp_path: Path, fake: FakeDigitizer) -> None:
    out = tmp_path / "out"
    assert infer.main(["--image", str(save_page(tmp_path / "scan.png")), "--output", str(out)]) == 0
    assert names(out) == files_of("scan")
    header, *lines = (out / "scan.csv").read_text().splitlines()
    assert header == "time_s,I,II,III,aVR,aVL,aVF,V1,V2,V3,V4,V5,V6"
    assert len(lines) == 5000
    assert lines[-1].split(",")[:2] == ["9.998", ""]
    assert lines[-1].split(",")[2] != ""  # the rhythm strip fills its lead
    signals = [read(str(out / f"scan{suffix}")) for suffix in (".csv", ".hea")]
    for record in signals:
        assert (record.leads, record.fs_hz, record.samples) == (STANDARD, 500.0, 5000)
        np.testing.assert_allclose(record.signal_mv, fake.reading.record.signal_mv, atol=5.1e-4)
    facts = json.loads((out / "scan.json").read_text())
    assert facts["layout"]["name"] == "3x4+1"
    assert facts["layout"]["mm_per_s"] == 25
    assert facts["layout"]["mm_per_mv"] == 10
    assert set(facts["confidence"]) == set(STANDARD)
    assert facts["warnings"] == ["speed assumed"]
    assert {"rotation_deg", "px_per_mm", "weights"} <= set(facts)


def test_the_overlay_is_the_page_with_the_traces_on_the_ink(tmp_path: Path) -> None:
    reading = drawn()
    reading.overlay(tmp_path / "check.png")
    with Image.open(tmp_path / "check.png") as image:
        assert max(image.size) == 1600  # a small page is enlarged
        shown = np.asarray(image.resize(reading.page.size_px, Image.Resampling.BOX)).astype(int)
    coloured = np.ptp(shown, axis=2) > 60
    for trace in reading.traces:
        x, y = np.rint(trace.x_px).astype(int), np.rint(trace.y_px).astype(int)
        assert coloured[y, x].mean() > 0.9
        assert coloured[y + 6, x].mean() < 0.3  # beside it only ticks and the flanks of beats


@pytest.mark.slow
def test_every_page_of_a_pdf_gets_its_own_files(tmp_path: Path, fake: FakeDigitizer) -> None:
    page = Image.fromarray(drawn().page.pixels)
    page.save(tmp_path / "chart.pdf", save_all=True, append_images=[page, page])
    assert infer.main(["--image", str(tmp_path / "chart.pdf"), "--output", str(tmp_path / "out")]) == 0
    assert names(tmp_path / "out") == files_of("chart", "chart-p2", "chart-p3")


def test_a_bad_file_is_named_and_the_batch_goes_on(
    tmp_path: Path, fake: FakeDigitizer, capsys: pytest.CaptureFixture[str]
) -> None:
    pages = tmp_path / "pages"
    pages.mkdir()
    save_page(pages / "a.png")
    (pages / "b.png").write_bytes(b"not a picture")
    save_page(pages / "c.png", REFUSED_COLOUR)
    save_page(pages / "d.png", CRASH_COLOUR)
    save_page(pages / "e.png")
    assert infer.main(["--image", str(pages), "--output", str(tmp_path / "out")]) == 1
    assert names(tmp_path / "out") == files_of("a", "e")
    said = capsys.readouterr()
    assert f"{pages / 'b.png'}: not a picture" in said.err
    assert f"{pages / 'c.png'}: {REFUSED_WORDS}" in said.err
    assert f"{pages / 'd.png'}: an error inside the program" in said.err
    assert "2 of 5 pages read" in said.err
    assert [line.split(":")[0] for line in said.out.splitlines() if "->" in line] == ["a", "e"]
    assert "note: speed assumed" in said.out


@pytest.mark.parametrize("suffix", [".csv", ".hea", ".json"])
def test_an_output_with_a_suffix_is_one_file(tmp_path: Path, fake: FakeDigitizer, suffix: str) -> None:
    scan = save_page(tmp_path / "scan.png")
    out = tmp_path / "results" / f"mine{suffix}"
    assert infer.main(["--image", str(scan), "--output", str(out)]) == 0
    expected = {f"mine{suffix}"} | ({"mine.dat"} if suffix == ".hea" else set())
    assert names(out.parent) == expected


@pytest.mark.slow
def test_one_output_file_takes_one_page(
    tmp_path: Path, fake: FakeDigitizer, capsys: pytest.CaptureFixture[str]
) -> None:
    page = Image.fromarray(drawn().page.pixels)
    page.save(tmp_path / "chart.pdf", save_all=True, append_images=[page])
    out = tmp_path / "one.csv"
    assert infer.main(["--image", str(tmp_path / "chart.pdf"), "--output", str(out)]) == 1
    assert "page 2" in capsys.readouterr().err
    assert out.exists()


def wrong(argv: list[str], capsys: pytest.CaptureFixture[str], main: Callable[[list[str]], int] = infer.main) -> str:
    """What a command that makes no sense says; it must end with status 2."""
    with pytest.raises(SystemExit) as ended:
        main(argv)
    assert ended.value.code == 2
    return capsys.readouterr().err


def test_commands_that_make_no_sense_end_with_2_and_words(
    tmp_path: Path, fake: FakeDigitizer, capsys: pytest.CaptureFixture[str]
) -> None:
    scan, other = str(save_page(tmp_path / "scan.png")), str(save_page(tmp_path / "other.png"))
    (tmp_path / "empty").mkdir()
    assert "no pictures here" in wrong(["--image", str(tmp_path / "empty")], capsys)
    assert "no pictures here" in wrong(["--image", str(tmp_path / "*.jpg")], capsys)
    assert "one file, but 2 pictures" in wrong(["--image", scan, other, "--output", str(tmp_path / "x.csv")], capsys)
    assert "cannot write .xlsx" in wrong(["--image", scan, "--output", str(tmp_path / "x.xlsx")], capsys)
    taken = save_page(tmp_path / "x", format="PNG")
    for output in (taken, taken / "below" / "out", taken / "one.csv"):
        assert f"{taken}: is a file" in wrong(["--image", scan, "--output", str(output)], capsys)
    assert "unknown layout '3x5'" in wrong(["--image", scan, "--layout", "3x5"], capsys)
    assert "layout cannot be read" in wrong(["--image", scan, "--layout", "none.yaml"], capsys)
    assert "mm_per_s must lie" in wrong(["--image", scan, "--mm_per_s", "0"], capsys)
    assert "required" in wrong([], capsys)
    assert names(tmp_path) == {"scan.png", "other.png", "empty", "x"}


def test_a_missing_file_is_one_failed_page(
    tmp_path: Path, fake: FakeDigitizer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert infer.main(["--image", str(tmp_path / "none.png"), "--output", str(tmp_path / "out")]) == 1
    assert "no such file" in capsys.readouterr().err


def test_what_the_user_knows_reaches_the_digitizer(tmp_path: Path, fake: FakeDigitizer) -> None:
    own = tmp_path / "own.yaml"
    own.write_text("name: mine\ngrid: [[I, II], [III, aVR]]\ncolumn_s: 5\n")
    scan = save_page(tmp_path / "scan.png")
    inference.infer([scan], tmp_path / "out", layout="6x2", mm_per_s=50, digitizer=fake)
    inference.infer([scan], tmp_path / "out2", layout=str(own), mm_per_mv=5, digitizer=fake)
    (first, *rest), (second, *more) = fake.given
    assert first is not None and second is not None
    assert (first.name, rest) == ("6x2", [50, None])
    assert (second.name, more) == ("mine", [None, 5])


def test_pages_of_the_same_name_do_not_overwrite_each_other(tmp_path: Path, fake: FakeDigitizer) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        save_page(tmp_path / folder / "scan.png")
    results = inference.infer([tmp_path], tmp_path / "out", digitizer=fake)
    assert [result.name for result in results] == ["scan", "scan_2"]
    assert names(tmp_path / "out") == files_of("scan", "scan_2")


def test_a_stem_that_wfdb_does_not_allow_is_written_all_the_same(tmp_path: Path, fake: FakeDigitizer) -> None:
    (result,) = inference.infer([save_page(tmp_path / "my scan (1).png")], tmp_path / "out", digitizer=fake)
    assert all(path.exists() for path in result.files.values())
    assert set(result.files) == {"csv", "hea", "dat", "json", "overlay"}


def test_no_output_is_left_half_written(tmp_path: Path, fake: FakeDigitizer, monkeypatch: pytest.MonkeyPatch) -> None:
    def full_disk(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", full_disk)
    (result,) = inference.infer([_png(tmp_path)], tmp_path / "out", digitizer=fake)
    assert result.error is not None and "No space left" in result.error
    assert names(tmp_path / "out") == files_of("scan") - {"scan.overlay.png"}


def _png(folder: Path) -> Path:
    import cv2

    path = folder / "scan.png"
    cv2.imwrite(str(path), drawn().page.pixels)
    return path


def run_infer(*argv: object) -> int:
    return infer.main([str(word) for word in argv])


@pytest.mark.slow
@needs_weights
def test_a_simulated_page_and_its_pdf_are_read(tmp_path: Path) -> None:
    from digitize.evaluation.metrics import score_page
    from simulate import Scene
    from simulate.heart import synthetic_record

    page, truth = Scene.sample(11, "clean", layout="3x4+1").render(synthetic_record(5))
    image = Image.fromarray(page.pixels)
    image.save(tmp_path / "scan.png")
    image.save(tmp_path / "chart.pdf", resolution=200)
    assert run_infer("--image", tmp_path / "scan.png", tmp_path / "chart.pdf", "--output", tmp_path / "out") == 0
    assert names(tmp_path / "out") == files_of("scan", "chart")
    for stem in ("scan", "chart"):
        score = score_page(truth.record, read(str(tmp_path / "out" / f"{stem}.csv")))
        assert score.snr_db > 8
        assert score.missing == ()


@pytest.mark.slow
@needs_weights
def test_what_is_no_ecg_is_refused_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(3)
    small = Image.fromarray(rng.integers(0, 256, (12, 16, 3), dtype=np.uint8))
    small.resize((800, 600), Image.Resampling.BICUBIC).save(tmp_path / "texture.png")
    Image.new("RGB", (800, 600), "white").save(tmp_path / "blank.png")
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    assert run_infer("--image", tmp_path, "--output", tmp_path / "out") == 1
    said = capsys.readouterr().err
    for name in ("texture.png", "blank.png", "broken.png"):
        assert str(tmp_path / name) in said
    assert "error inside the program" not in said
    assert not (tmp_path / "out").exists()


def test_a_page_in_every_format(tmp_path: Path, fake: FakeDigitizer) -> None:
    out, asked = tmp_path / "out", ["dicom", "dicom-pdf", "aecg", "edf", "bdf", "fhir", "fhir-r5", "parquet", "pdf"]
    image = str(save_page(tmp_path / "scan.png"))
    assert infer.main(["--image", image, "--output", str(out), "--format", *asked]) == 0
    suffixes = ["dcm", "pdf.dcm", "aecg.xml", "edf", "bdf", "fhir.json", "fhir-r5.json", "parquet", "pdf"]
    assert names(out) == {f"scan.{suffix}" for suffix in (*suffixes, "json", "overlay.png")}
    assert infer.main(["--image", image, "--output", str(tmp_path / "usual")]) == 0
    wanted = read(tmp_path / "usual" / "scan.hea").signal_mv
    for suffix in suffixes:
        if "pdf" not in suffix:
            np.testing.assert_allclose(read(out / f"scan.{suffix}").signal_mv, wanted, atol=1e-6)


@pytest.mark.parametrize("suffix", ["dcm", "fhir.json", "aecg.xml", "parquet"])
def test_one_file_in_the_format_of_its_name(tmp_path: Path, fake: FakeDigitizer, suffix: str) -> None:
    target = tmp_path / f"page.{suffix}"
    assert infer.main(["--image", str(save_page(tmp_path / "scan.png")), "--output", str(target)]) == 0
    assert read(target).samples == 5000


def test_a_format_that_is_none_ends_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        infer.main(["--image", str(save_page(tmp_path / "scan.png")), "--format", "docx"])
    assert stop.value.code == 2
    assert "invalid choice: 'docx'" in capsys.readouterr().err
