"""What an input means: every page once, by a name of its own, whether it lies in a folder, a zip or a table."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from archive.reference import PageReference
from archive.sources.counting import references
from archive.sources.inputs import with_pages
from archive.studies import stand_in
from digitize.page.count import count_pages
from digitize.page.open import iter_pages
from ecg.files import InputError

PAGE = Image.fromarray(np.full((80, 96, 3), 255, np.uint8))


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scans")
    stand_in.write_page(folder / "ward" / "b.png")
    stand_in.write_page(folder / "a.jpg.png")
    PAGE.save(folder / "c.pdf", save_all=True, append_images=[PAGE, PAGE])
    PAGE.save(folder / "d.tif", save_all=True, append_images=[PAGE])
    (folder / "e.pdf").write_bytes(b"%PDF-1.4 and no more")
    (folder / "f.png").write_bytes((folder / "c.pdf").read_bytes())
    (folder / "g.overlay.png").write_bytes(b"drawn by the program")
    (folder / ".hidden.png").write_bytes(b"")
    (folder / "notes.txt").write_text("no page")
    return folder


PAGES = ["a.jpg.png", "c.pdf", "c.pdf-p2", "c.pdf-p3", "d.tif", "d.tif-p2", "e.pdf", "f.png", "f.png-p2", "f.png-p3"]


@pytest.mark.slow
def test_a_folder_is_searched_and_pages_are_counted_by_content(scans: Path) -> None:
    found = references(str(scans))
    assert [page.id for page in found] == [*PAGES, "ward/b.png"]
    assert [page.page for page in found] == [0, 0, 1, 2, 0, 1, 0, 0, 1, 2, 0]
    assert all(Path(page.uri).stat().st_size == page.bytes for page in found)


@pytest.mark.slow
def test_a_zip_holds_what_its_folder_holds(scans: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "scans.zip", "w") as packed:
        for path in sorted(scans.rglob("*")):
            packed.write(path, path.relative_to(scans))
        packed.writestr("__MACOSX/._b.png", b"")
    found = references(str(tmp_path / "scans.zip"))
    assert {page.id for page in found} == {*PAGES, "ward/b.png"} - {"f.png-p2", "f.png-p3"}
    assert found[1].uri == f"zip://c.pdf::{tmp_path / 'scans.zip'}"


@pytest.mark.slow
def test_a_table_names_pages_or_files(scans: Path, tmp_path: Path) -> None:
    table = scans / "pages.csv"
    table.write_text("id,uri,page\nfirst,c.pdf,1\nsecond,ward/b.png,\nall,d.tif,\n")
    found = references(str(table))
    table.unlink()
    assert [(page.id, page.page, Path(page.uri).name) for page in found] == [
        ("first", 1, "c.pdf"),
        ("second", 0, "b.png"),
        ("all", 0, "d.tif"),
        ("all-p2", 1, "d.tif"),
    ]
    pd.DataFrame({"id": [7], "uri": [str(scans / "c.pdf")], "page": [2]}).to_parquet(tmp_path / "pages.parquet")
    size = (scans / "c.pdf").stat().st_size
    assert references(str(tmp_path / "pages.parquet")) == [PageReference("7", str(scans / "c.pdf"), 2, size)]


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ("name,file\na,b.png\n", InputError, "columns id, uri"),
        ("id,uri\n,b.png\n", InputError, "row 1 needs an id"),
        ("id,uri,page\na,b.png,-1\n", InputError, "row 1"),
        ("id,uri\na,b.png\na,c.png\n", ValueError, "'a' stands there twice"),
        ("", InputError, "columns id, uri"),
    ],
)
def test_a_table_that_is_none_says_what_is_wrong(tmp_path: Path, text: str, error: type[Exception], said: str) -> None:
    (tmp_path / "pages.csv").write_text(text)
    with pytest.raises(error, match=said):
        references(str(tmp_path / "pages.csv"))


def test_a_place_without_pages_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no pictures here"):
        references(str(tmp_path))
    with pytest.raises(ValueError, match="no pictures here"):
        references(f"file://{tmp_path}")


@pytest.mark.slow
def test_a_url_and_a_path_mean_the_same_pages(scans: Path) -> None:
    by_path = [(page.id, page.page, page.bytes) for page in references(str(scans)) if not page.id.startswith("f")]
    by_url = [(page.id, page.page, page.bytes) for page in references(f"file://{scans}") if page.id[0] != "f"]
    assert by_url == by_path


@pytest.mark.slow
def test_counting_agrees_with_opening(scans: Path) -> None:
    for name in ("a.jpg.png", "c.pdf", "d.tif"):
        assert count_pages(scans / name) == len(list(iter_pages(scans / name)))


@given(st.integers(0, 30))
def test_pages_of_one_file_have_names_of_their_own(count: int) -> None:
    found = list(with_pages(PageReference("scan.pdf", "/scan.pdf"), count))
    assert len({page.id for page in found}) == len(found) == max(1, count)
    assert [page.page for page in found] == list(range(len(found)))
