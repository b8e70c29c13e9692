"""Files: found once each however links run, never waited for, written without harm, and named when they fail."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecg.files import (
    CRASHED,
    InputError,
    check_regular,
    csv_text,
    files_below,
    is_pattern,
    matches,
    named,
    refuse_input,
)


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    return path


def test_links_are_followed_and_no_folder_is_entered_twice(tmp_path: Path) -> None:
    elsewhere = touch(tmp_path / "disk" / "b.png").parent
    root = touch(tmp_path / "root" / "a.png").parent
    (root / "year").symlink_to(elsewhere)
    for name in ("loop", "again"):  # followed without a memory, two loops are 2 ** 40 folders
        (root / name).symlink_to(root)
    touch(root / ".hidden" / "c.png")
    touch(root / ".d.png")
    assert list(files_below(root)) == [root / "a.png", root / "year" / "b.png"]


def test_patterns_enter_no_linked_folder_and_show_nothing_hidden(tmp_path: Path) -> None:
    found = [touch(tmp_path / name) for name in ("a.png", "sub/b.png")]
    for name in ("loop", "again"):
        (tmp_path / name).symlink_to(tmp_path)
    touch(tmp_path / ".c.png")
    assert list(matches(tmp_path / "**" / "*.png")) == found
    assert list(matches(tmp_path / "a**.png")) == found[:1]
    assert list(matches(tmp_path / ".*.png")) == [tmp_path / ".c.png"]
    assert is_pattern(tmp_path / "[a]*") and not is_pattern(touch(tmp_path / "scan[1].png"))


def test_a_folder_that_may_not_be_looked_into_is_given_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path / "open" / "a.png")
    barred = touch(tmp_path / "barred" / "b.png").parent
    scandir = os.scandir

    def guarded(path: str) -> object:
        if Path(path) == barred:
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", guarded)
    assert list(files_below(tmp_path)) == [tmp_path / "open" / "a.png", barred]


def test_what_is_no_file_is_named_and_a_pipe_is_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "loop.png").symlink_to(tmp_path / "loop.png")
    wanted = {
        "pipe.png": ("file-not-regular", "a pipe"),
        "loop.png": ("file-unreadable", "symbolic links"),
        "none.png": ("file-missing", "no such file"),
        ".": ("file-is-folder", "folder"),
    }
    for name, (code, words) in wanted.items():
        with pytest.raises(InputError, match=words) as caught:
            check_regular(tmp_path / name)
        assert caught.value.code == code and str(tmp_path / name) in str(caught.value)
    check_regular(touch(tmp_path / "a.png"))


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (InputError("x.png: too dark", "dark"), "dark", "x.png: too dark"),
        (InputError("too dark", "dark"), "dark", "x.png: too dark"),
        (ValueError("odd\nlines"), "unreadable", "x.png: odd lines"),
        (OSError(28, "No space left"), "unreadable", "x.png: [Errno 28] No space left"),
        (MemoryError(), "out-of-memory", "x.png: takes more memory than there is (MemoryError)"),
        (
            RecursionError("deep"),
            CRASHED,
            "x.png: an error inside the program, please report it (RecursionError: deep)",
        ),
        (KeyError("a"), CRASHED, "x.png: an error inside the program, please report it (KeyError: 'a')"),
    ],
)
def test_whatever_is_raised_is_said_with_the_name(error: Exception, code: str, words: str) -> None:
    said = named(error, "x.png")
    assert (said.code, str(said)) == (code, words)


def test_only_the_kinds_that_are_meant_are_refusals() -> None:
    assert named(ValueError("shapes"), "x", (InputError,)).code == CRASHED
    assert InputError("x").code == "input"


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=8))
def test_no_cell_of_a_table_runs_as_a_formula(text: str) -> None:
    (head, row) = csv.reader(io.StringIO(csv_text([{"a": text, "b": -1.5}])))
    assert head == ["a", "b"] and row[1] == "-1.5"
    assert row[0].removeprefix("'") == text.removeprefix("'")
    if row[0].startswith(("=", "+", "-", "@", "\t")):
        float(row[0])  # a number stays one


def test_a_table_keeps_its_columns_and_leaves_the_unknown_empty() -> None:
    rows: list[dict[str, object]] = [{"name": "=1+1", "p": 0.5}, {"name": "-0.5", "why": None}]
    assert csv_text(rows) == "name,p,why\n'=1+1,0.5,\n-0.5,,\n"
    assert csv_text([], ["name"]) == "name\n"


def test_an_output_is_no_input_under_any_name(tmp_path: Path) -> None:
    scan = touch(tmp_path / "scan.csv")
    (tmp_path / "other.csv").symlink_to(scan)
    with pytest.raises(ValueError, match=r"other\.csv: is what is read"):
        refuse_input(tmp_path / "other.csv", [scan])
    refuse_input(tmp_path / "new.csv", [scan])
