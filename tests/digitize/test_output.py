"""Where results go: nothing of an input, of another result or of an earlier run is written over."""

from __future__ import annotations

from pathlib import Path

import pytest

from digitize.output import OneFile, OutputFolder, PageNames, is_folder, reading_endings
from ecg import files
from ecg.files import InputError, check_writable


@pytest.mark.parametrize("name", ["results_v1.2", "out", "2024.05.final", "study.A", ".out", "v1.0.0"])
def test_a_dot_in_a_folders_name_is_no_suffix(tmp_path: Path, name: str) -> None:
    assert is_folder(tmp_path / name)
    assert OutputFolder(tmp_path / name).folder == tmp_path / name


def test_what_is_named_like_a_file_or_is_one_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "taken").write_bytes(b"x")
    for name in ("x.csv", "x.XLSX", "taken", "taken/below/out"):
        with pytest.raises(ValueError, match=r"is (a file|named like a file); expected a folder"):
            OutputFolder(tmp_path / name)
    (tmp_path / "old.csv").mkdir()
    assert is_folder(tmp_path / "old.csv")  # that is there, so it is meant


def test_an_output_that_cannot_be_written_is_found_at_once_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_writable(tmp_path / "a" / "b")
    assert list(tmp_path.iterdir()) == []

    def read_only(**_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(files.tempfile, "TemporaryFile", read_only)
    with pytest.raises(InputError, match=r"out: cannot be written to \(Read-only file system\)"):
        OutputFolder(tmp_path / "out")


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="no folder here that nobody may write to")
def test_a_folder_in_which_nothing_can_be_made_is_named() -> None:
    with pytest.raises(InputError, match=r"/proc/out: cannot be written to"):
        OutputFolder("/proc/out")


def test_names_are_free_whatever_files_they_stand_for(tmp_path: Path) -> None:
    """`a` and `a.diagnosis` meet in a.diagnosis.json; `diagnoses` is the summary's; the disk may not tell A from a."""
    folder = OutputFolder(tmp_path)
    folder.reserve(["diagnoses.csv", "diagnoses.json"])
    endings = (*reading_endings(), ".diagnosis.json")
    files = [Path(name) for name in ("x/a.png", "y/a.png", "a.diagnosis.png", "A.png", "diagnoses.png", "a_2.png")]
    found = PageNames(files, folder, endings)
    assert list(found.names.values()) == ["a", "a_2", "a.diagnosis_2", "A_3", "diagnoses_2", "a_2_2"]
    written = [f"{name}{ending}".casefold() for name in found.names.values() for ending in endings]
    assert len(set(written)) == len(written)
    assert found.of("x/a.png", 2) == "a-p3" == found.of("x/a.png", 2)


def test_a_later_page_and_a_file_of_its_name_do_not_meet(tmp_path: Path) -> None:
    files = [Path("chart.pdf"), Path("chart-p2.png")]
    found = PageNames(files, OutputFolder(tmp_path))
    assert [found.of("chart.pdf", 1), found.of("chart-p2.png", 0)] == ["chart-p2_2", "chart-p2"]


def test_inputs_are_never_written_over_also_when_told_to(tmp_path: Path) -> None:
    files = [tmp_path / "scan.png", tmp_path / "scan.overlay.png"]
    found = PageNames(files, OutputFolder(tmp_path, files, overwrite=True))
    assert found.names[files[0]] == "scan_2"
    with pytest.raises(ValueError, match=r"diagnoses\.csv: is what is read"):
        OutputFolder(tmp_path, [tmp_path / "diagnoses.csv"], overwrite=True).reserve(["diagnoses.csv"])
    with pytest.raises(ValueError, match=r"scan\.json: is what is read"):
        OneFile(tmp_path / "scan.json", tmp_path / "scan.json", overwrite=True)


@pytest.mark.parametrize("ending", reading_endings())
def test_what_is_there_is_only_replaced_when_that_is_asked_for(tmp_path: Path, ending: str) -> None:
    (tmp_path / f"scan{ending}").write_bytes(b"truth")
    with pytest.raises(InputError, match=r"is there already.*--overwrite") as caught:
        PageNames([Path("scan.png")], OutputFolder(tmp_path))
    assert caught.value.code == "output-exists"
    assert PageNames([Path("scan.png")], OutputFolder(tmp_path, overwrite=True)).of("scan.png", 0) == "scan"


def test_a_dangling_link_is_there_too(tmp_path: Path) -> None:
    (tmp_path / "scan.csv").symlink_to(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"scan\.csv: is there already"):
        OneFile(Path("a.png"), tmp_path / "scan.csv", overwrite=False)


def test_a_hea_file_is_two_files(tmp_path: Path) -> None:
    (tmp_path / "mine.dat").write_bytes(b"x")
    with pytest.raises(InputError, match=r"mine\.dat: is there already"):
        OneFile(Path("a.png"), tmp_path / "mine.hea", overwrite=False)
