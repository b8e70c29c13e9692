"""The table of formats: told by content, then by suffix; a package that is missing is named with its extra."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from recordings import whole

from ecg.files import InputError
from ecg.formats import FORMATS, find_records, read, write
from ecg.formats import format as format_module
from ecg.formats.table import by_name, of_new_file


@pytest.mark.parametrize("row", FORMATS, ids=lambda row: row.name)
def test_a_row_says_what_it_is(row: format_module.Format) -> None:
    assert row.read or row.write
    assert row.suffixes or row.write is None
    assert row.title and row.name == row.name.lower()
    assert not row.recognises(b"", Path("a.xyz"))
    assert by_name(row.name) is row


def test_names_and_first_suffixes_are_different() -> None:
    names = [row.name for row in FORMATS]
    suffixes = [row.suffixes[0] for row in FORMATS if row.suffixes]
    assert len(set(names)) == len(names)
    assert len(set(suffixes)) == len(suffixes)


@pytest.mark.parametrize("row", [row for row in FORMATS if row.write], ids=lambda row: row.name)
def test_a_name_tells_the_format_that_is_written(row: format_module.Format) -> None:
    assert of_new_file(Path(f"A.B{row.suffixes[0].upper()}")) is row


@pytest.mark.parametrize("row", [row for row in FORMATS if row.needs], ids=lambda row: row.name)
def test_a_missing_package_is_named_with_its_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, row: format_module.Format
) -> None:
    path = tmp_path / f"r{row.suffixes[0] if row.suffixes else ''}"
    monkeypatch.setattr(format_module, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=rf"{re.escape(row.title)} needs {row.needs[0]}.*'galvano.formats.'"):
        row.require(path)
    if row.write:
        with pytest.raises(InputError, match="galvano"):
            write(whole(50), path, row.name)


def test_a_name_of_no_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"r\.docx: cannot tell the format; expected a name that ends in"):
        write(whole(50), tmp_path / "r.docx")
    with pytest.raises(ValueError, match="SCP-ECG is read, not written"):
        write(whole(50), tmp_path / "r.scp", "scp")


def test_recordings_of_a_folder_are_found_by_content_where_suffixes_do_not_tell(tmp_path: Path) -> None:
    for name in ("a.dcm", "b.aecg.xml", "c.fhir.json", "d.edf", "e.parquet"):
        write(whole(50), tmp_path / name)
    (tmp_path / "a.dcm").rename(tmp_path / "a")
    for name, text in (("x.xml", "<note/>"), ("y.json", '{"layout": 1}'), ("z.txt", "hello"), ("w.csv", "id,age")):
        (tmp_path / name).write_text(text)
    (tmp_path / "page.pdf.dcm").write_bytes(bytes(128) + b"DICM")  # holds a document
    found = find_records([tmp_path])
    assert [path.name for path in found] == ["a", "b.aecg.xml", "c.fhir.json", "d.edf", "e.parquet"]
    assert all(read(path).samples == 50 for path in found)


def test_what_one_page_was_written_as_is_one_recording_but_for_convert(tmp_path: Path) -> None:
    for suffix in ("hea", "csv", "dcm", "fhir.json"):
        write(whole(50), tmp_path / f"page.{suffix}")
    assert [path.name for path in find_records([tmp_path])] == ["page.hea"]
    assert len(find_records([tmp_path], one_per_name=False)) == 4


def test_a_page_is_no_recording(tmp_path: Path) -> None:
    write(whole(1000), tmp_path / "page.pdf")
    with pytest.raises(InputError, match=r"page\.pdf: is a PDF, .*digitize\.infer --image"):
        read(tmp_path / "page.pdf")
