"""A batch of pages: whose result is whose, nothing lost by a bad file, nothing written over, and said as it comes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from cases import case
from drawn_page import CRASH_COLOUR, REFUSED_COLOUR, FakeDigitizer, drawn
from PIL import Image
from saved_pages import names, save_page

from digitize import infer
from digitize.inference import PageResult
from digitize.inference import infer as infer_pages
from ecg.files import CRASHED
from ecg.page import Page
from ecg.reading import Reading


def two_patients(folder: Path) -> list[Path]:
    return [save_page(folder / ward / "scan.png") for ward in "AB"]


def test_json_and_line_name_the_whole_path(
    tmp_path: Path, fake: FakeDigitizer, capsys: pytest.CaptureFixture[str]
) -> None:
    scans = two_patients(tmp_path)
    out = tmp_path / "out"
    assert infer.main(["--image", *map(str, scans), "--output", str(out)]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if "->" in line]
    for name, scan, line in zip(("scan", "scan_2"), scans, lines, strict=True):
        assert json.loads((out / f"{name}.json").read_text())["source"] == str(scan)
        assert line.startswith(f"{name}: ") and f" <- {scan} -> {out / name}.csv" in line


def test_a_relative_path_is_named_whole_too(
    tmp_path: Path, fake: FakeDigitizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_page(tmp_path / "scan.png")
    monkeypatch.chdir(tmp_path)
    infer_pages(["scan.png"], "out", digitizer=fake)
    assert json.loads(Path("out/scan.json").read_text())["source"] == str(tmp_path / "scan.png")


def test_a_later_run_asks_before_it_replaces_a_result(
    tmp_path: Path, fake: FakeDigitizer, capsys: pytest.CaptureFixture[str]
) -> None:
    one, other = two_patients(tmp_path)
    out = tmp_path / "out"
    assert infer.main(["--image", str(one), "--output", str(out)]) == 0
    before = (out / "scan.json").read_bytes()
    fake.given.clear()
    assert infer.main(["--image", str(other), "--output", str(out)]) == 1
    assert "is there already" in capsys.readouterr().err
    assert (out / "scan.json").read_bytes() == before and fake.given == []  # found before reading
    assert infer.main(["--image", str(other), "--output", str(out), "--overwrite"]) == 0
    assert json.loads((out / "scan.json").read_text())["source"] == str(other)


@pytest.mark.parametrize("ending", [".csv", ".json", ".hea", ".dat", ".overlay.png"])
def test_what_lies_beside_a_page_is_not_replaced_by_what_is_read(
    tmp_path: Path, fake: FakeDigitizer, ending: str
) -> None:
    scan = save_page(tmp_path / "pages" / "scan.png")
    truth = scan.with_name(f"scan{ending}")
    truth.write_bytes(b"the truth")
    assert infer.main(["--image", str(scan.parent), "--output", str(scan.parent)]) == 1
    assert truth.read_bytes() == b"the truth"
    assert names(scan.parent) == {"scan.png", truth.name}


def test_of_a_later_page_an_older_result_is_kept_and_named(tmp_path: Path, fake: FakeDigitizer) -> None:
    page = Image.fromarray(drawn().page.pixels)
    page.save(tmp_path / "chart.tif", save_all=True, append_images=[page, page])
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "chart-p2.csv").write_text("older")
    first, second, third = infer_pages([tmp_path / "chart.tif"], tmp_path / "out", digitizer=fake)
    assert first.error is None and third.error is None
    assert second.error is not None and "chart.tif, page 2" in second.error and "chart-p2.csv" in second.error
    assert (tmp_path / "out" / "chart-p2.csv").read_text() == "older"
    assert len(fake.given) == 2


def test_one_file_is_not_replaced_unasked_either(tmp_path: Path, fake: FakeDigitizer) -> None:
    scan = save_page(tmp_path / "scan.png")
    (tmp_path / "mine.csv").write_text("older")
    argv = ["--image", str(scan), "--output", str(tmp_path / "mine.csv")]
    assert infer.main(argv) == 1
    assert (tmp_path / "mine.csv").read_text() == "older"
    assert infer.main([*argv, "--overwrite"]) == 0


def test_an_output_folder_may_have_a_dot_in_its_name(tmp_path: Path, fake: FakeDigitizer) -> None:
    scan = save_page(tmp_path / "scan.v1.png")
    assert infer.main(["--image", str(scan), "--output", str(tmp_path / "results_v1.2")]) == 0
    assert {"scan.v1.csv", "scan.v1.json", "scan.v1.hea"} <= names(tmp_path / "results_v1.2")


def test_odd_files_are_one_line_each_and_the_rest_is_read(
    tmp_path: Path, fake: FakeDigitizer, capsys: pytest.CaptureFixture[str]
) -> None:
    pages = tmp_path / "pages"
    save_page(pages / "z.png")
    os.mkfifo(pages / "a_pipe.png")
    (pages / "b_loop.png").symlink_to(pages / "b_loop.png")
    (pages / "c_dangling.png").symlink_to(tmp_path / "nowhere.png")
    (pages / "d_around").symlink_to(pages)
    Image.new("1", (100_000, 70), 1).save(pages / "e_wide.png")
    (pages / "f_empty.png").write_bytes(b"")
    assert infer.main(["--image", str(pages), "--output", str(tmp_path / "out")]) == 1
    said = capsys.readouterr()
    for name, words in {
        "a_pipe": "a pipe, a device or a socket",
        "b_loop": "cannot be read",
        "c_dangling": "no such file",
        "e_wide": "100000x70 px is over 20 times as long as wide",
        "f_empty": "empty",
    }.items():
        (line,) = [line for line in said.err.splitlines() if f"{pages / name}.png" in line]
        assert words in line
    assert "1 of 6 pages read" in said.err and "error inside the program" not in said.err
    assert said.out.startswith("z: ")


def test_a_loop_that_is_named_is_one_failed_page(tmp_path: Path, fake: FakeDigitizer) -> None:
    loop = tmp_path / "loop.png"
    loop.symlink_to(loop)
    scan = save_page(tmp_path / "scan.png")
    bad, good = infer_pages([loop, scan], tmp_path / "out", digitizer=fake)
    assert bad.error is not None and str(loop) in bad.error and good.error is None


@pytest.mark.parametrize("error", [MemoryError(), RecursionError("deep"), KeyError("x"), ValueError("shapes")])
def test_whatever_a_page_raises_the_rest_is_read(tmp_path: Path, error: Exception) -> None:
    class Fragile(FakeDigitizer):
        def __call__(self, page: Page, *given: object) -> Reading:
            if page.stem == "a":
                raise error
            return super().__call__(page, None, None, None)

    scans = [save_page(tmp_path / f"{name}.png") for name in "ab"]
    bad, good = infer_pages(scans, tmp_path / "out", digitizer=Fragile())
    assert bad.error is not None and str(scans[0]) in bad.error and good.error is None
    assert bad.code == ("out-of-memory" if isinstance(error, MemoryError) else CRASHED)


def test_opening_that_hits_a_bug_costs_that_file_alone(
    tmp_path: Path, fake: FakeDigitizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    scans = [save_page(tmp_path / f"{name}.png") for name in "ab"]

    def fragile(path: Path) -> object:
        raise AttributeError("no such part") if path == scans[0] else MemoryError

    monkeypatch.setattr("digitize.page.image_file.frames", fragile)
    bad, worse = infer_pages(scans, tmp_path / "out", digitizer=fake)
    assert bad.error is not None and f"{scans[0]}: an error inside the program" in bad.error
    assert worse.error is not None and f"{scans[1]}: takes more memory than there is" in worse.error


def test_a_reading_that_cannot_be_written_costs_that_page_alone(
    tmp_path: Path, fake: FakeDigitizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_json = Reading.save_json

    def fragile(self: Reading, path: Path) -> None:
        if self.page.stem == "a":
            raise OverflowError("too large")
        write_json(self, path)

    monkeypatch.setattr(Reading, "save_json", fragile)
    scans = [save_page(tmp_path / f"{name}.png") for name in "ab"]
    bad, good = infer_pages(scans, tmp_path / "out", digitizer=fake)
    assert bad.error is not None and "read, but not written" in bad.error and good.error is None


def test_results_are_told_as_they_come(tmp_path: Path, fake: FakeDigitizer) -> None:
    scans = [save_page(tmp_path / f"{name}.png", colour) for name, colour in
             (("a", (255, 255, 255)), ("b", REFUSED_COLOUR), ("c", CRASH_COLOUR))]  # fmt: skip
    told: list[tuple[str, int]] = []

    def tell(result: PageResult) -> None:
        told.append((result.name, len(fake.given)))

    infer_pages(scans, tmp_path / "out", digitizer=fake, tell=tell)
    assert told == [("a", 1), ("b", 2), ("c", 3)]


INTERRUPTED_IN_PAGE_2 = """
import sys
from drawn_page import FakeDigitizer
from digitize import engines, infer

class Interrupted(FakeDigitizer):
    def __call__(self, *given):
        if len(self.given) == 1:
            raise KeyboardInterrupt
        return super().__call__(*given)

engines.load_digitizer = lambda *_: Interrupted()
sys.exit(infer.main(sys.argv[1:]))
"""


@pytest.mark.slow
def test_an_interrupted_run_has_told_what_was_read_and_ends_in_one_line(tmp_path: Path) -> None:
    scans = [str(save_page(tmp_path / f"{number}.png")) for number in (1, 2, 3)]
    paths = os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_IN_PAGE_2, "--image", *scans, "--output", str(tmp_path / "out")],
        capture_output=True, text=True, env={**os.environ, "PYTHONPATH": paths}, timeout=120,
    )  # fmt: skip
    assert done.returncode == 130
    assert [line.split(":")[0] for line in done.stdout.splitlines() if "->" in line] == ["1"]
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].endswith("interrupted")


@pytest.mark.slow
def test_a_reader_that_has_gone_ends_the_run_quietly(tmp_path: Path) -> None:
    scan = save_page(tmp_path / "1.png")
    gone = "import os; r, w = os.pipe(); os.dup2(w, 1); os.close(w); os.close(r)\nsys.exit"
    code = INTERRUPTED_IN_PAGE_2.replace("sys.exit", gone)
    paths = os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])
    done = subprocess.run(
        [sys.executable, "-c", code, "--image", str(scan), "--output", str(tmp_path / "out")],
        capture_output=True, text=True, env={**os.environ, "PYTHONPATH": paths}, timeout=120,
    )  # fmt: skip
    assert done.returncode == 1 and "Traceback" not in done.stderr and "Broken pipe" not in done.stderr


def test_reported_cases_of_pictures(tmp_path: Path, fake: FakeDigitizer) -> None:
    (result,) = infer_pages([case("wide_picture_100000x70") / "100000x70.png"], tmp_path / "out", digitizer=fake)
    assert result.code == "page-too-long"


def test_a_name_in_another_encoding_costs_nothing(
    tmp_path: Path, fake: FakeDigitizer, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = save_page(tmp_path / "a.png").rename(tmp_path / os.fsdecode(b"M\xfcller.png"))
    assert infer.main(["--image", str(odd), "--output", str(tmp_path / "out")]) == 0
    assert r"M\udcfcller" in capsys.readouterr().out
    assert {path.suffix for path in (tmp_path / "out").iterdir()} == {".csv", ".hea", ".dat", ".json", ".png"}
