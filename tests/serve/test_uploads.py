"""What is sent is stored under names of the server's own, in a folder that goes with the answer."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import pytest
from fastapi import UploadFile

from serve.uploads import record_parts, stored


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Anna Müller.hea", "record.hea"), ("../../etc/passwd", "record"), ("/root/.ssh/id.csv", "record.csv"),
        ("x.csv/../../y", "record"), ("a\0b.dcm", "record.dcm"), ("", "record"), (None, "record"),
        ("CON.edf", "record.edf"),
    ],
)  # fmt: skip
def test_no_name_of_the_user_is_kept_but_its_kind(given: str | None, kept: str) -> None:
    assert list(record_parts([UploadFile(io.BytesIO(b"x"), filename=given)])) == [kept]


def test_two_files_of_one_kind_do_not_take_each_others_place() -> None:
    names = list(record_parts([UploadFile(io.BytesIO(b"x"), filename="a.dat") for _ in range(3)]))
    assert len(set(names)) == 3 and all(name.startswith("record") for name in names)


def test_the_folder_goes_even_when_the_work_fails(tmp_path: Path) -> None:
    async def fail() -> None:
        async with stored(tmp_path, {"file": UploadFile(io.BytesIO(b"page")), "reading": None}) as folder:
            assert [path.name for path in folder.iterdir()] == ["file"]
            assert folder.stat().st_mode & 0o077 == 0
            raise RuntimeError

    with pytest.raises(RuntimeError):
        asyncio.run(fail())
    assert list(tmp_path.iterdir()) == []
