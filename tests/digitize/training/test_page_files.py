"""Pages on disk: what is wrong with a folder or a file is said by its name."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from digitize.training import validate_data
from digitize.training.page_files import PageFiles, find_pages, load_page, open_page


@pytest.fixture
def folder(drawn: Path, tmp_path: Path) -> Path:
    """A copy that may be spoilt."""
    return Path(shutil.copytree(drawn, tmp_path / "pages"))


def rename_column(folder: Path, stem: Path) -> None:
    path = stem.with_suffix(".csv")
    path.write_text(path.read_text().replace("aVR", "augmented", 1))


def drop_column(folder: Path, stem: Path) -> None:
    path = stem.with_suffix(".csv")
    rows = [line.split(",") for line in path.read_text().splitlines()]
    path.write_text("\n".join(",".join(row[:-1]) for row in rows))


def shorten(folder: Path, stem: Path) -> None:
    path = stem.with_suffix(".csv")
    path.write_text("\n".join(path.read_text().splitlines()[:1001]))


def swap(folder: Path, stem: Path) -> None:
    other = sorted(folder.glob("synthetic*.csv"))[1]
    shutil.copy(other, stem.with_suffix(".csv"))


def tear_truth(folder: Path, stem: Path) -> None:
    stem.with_suffix(".json").write_text("{")


def tear_picture(folder: Path, stem: Path) -> None:
    stem.with_suffix(".png").write_bytes(b"\x89PNG")


WRONG: list[tuple[Callable[[Path, Path], None], str]] = [
    (rename_column, r"\.csv: expected a first line with the columns .*augmented"),
    (drop_column, r"\.csv: the page prints V6, but there is no such column"),
    (shorten, r"\.csv: ends at 2\.00 s, but the page prints until 10\.00 s"),
    (swap, r"\.csv: not the signal that .*\.png shows \(correlation -?0\.\d\d\); are they a pair\?"),
    (tear_truth, r"\.json: not the truth of a page"),
    (tear_picture, r"\.png: not a readable picture"),
]


@pytest.mark.parametrize(("spoil", "words"), WRONG, ids=[spoil.__name__ for spoil, _ in WRONG])
@pytest.mark.slow
def test_a_wrong_file_is_named(
    spoil: Callable[[Path, Path], None], words: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stem = min(folder.glob("*.png")).with_suffix("")
    spoil(folder, stem)
    with pytest.raises(ValueError, match=words) as error:
        open_page(PageFiles(stem.with_suffix(".png"), stem.with_suffix(".json"), stem.with_suffix(".csv")))
    assert str(error.value).startswith(str(stem))
    assert validate_data.main(["--sim_root", str(folder)]) == 1
    said = capsys.readouterr().out
    assert "3 pages, 3 opened, 1 with a problem" in said
    assert f"wrong: {error.value}" in said


def test_folders_that_are_no_pages_are_refused(folder: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    for roots, words in (
        ((tmp_path / "nowhere", folder), "nowhere: no such folder"),
        ((folder, tmp_path / "nowhere"), "nowhere: no such folder"),
        ((empty, empty), r"empty: no pages; expected <stem>\.png"),
        ((folder, empty), r"empty: 3 of 3 pages have no signal there \(.*\.csv, .*\.csv, .*\.csv\)"),
    ):
        with pytest.raises(ValueError, match=words):
            find_pages(*roots)


def test_two_pages_of_one_name_are_told_apart_by_folder_or_refused(folder: Path) -> None:
    page = min(folder.glob("*.png"))
    (folder / "deep").mkdir()
    for suffix in (".png", ".json"):
        shutil.copy(page.with_suffix(suffix), folder / "deep")
    with pytest.raises(ValueError, match=rf"{page.stem}\.csv: belongs to two pages of one name, .*deep.* and "):
        find_pages(folder, folder)
    shutil.copy(page.with_suffix(".csv"), folder / "deep")
    assert len(find_pages(folder, folder)[0]) == 4


def test_a_folder_that_cannot_be_trained_on_says_why(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match=r"no pages; expected <stem>\.png"):
        find_pages(tmp_path / "empty", tmp_path / "empty")
    picture = min(folder.glob("*.png"))
    picture.with_suffix(".csv").unlink()
    with pytest.raises(ValueError, match=rf"{picture.stem}\.csv: the signal of {picture.name} is missing"):
        load_page(picture, picture.with_suffix(".csv"))
    picture.write_bytes(b"no picture")
    with pytest.raises(ValueError, match=rf"{picture.name}: not a readable picture"):
        load_page(picture, picture.with_suffix(".csv"))
