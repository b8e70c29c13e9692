"""A queue keeps what a person says of its pages, and says what is wrong with it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from classify.queue import CORRECTIONS, LIST, Queue
from digitize.corrections import load_corrections
from ecg.files import InputError

TABLE = "rank,file,id,superclass,chapman,site\n1,1-a.png,=a,,,north\n2,2-b.png,b,MI; CD,,south\n3,,c,,,\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / LIST).write_text(TABLE)
    return tmp_path


def test_pages_come_in_order_without_those_that_have_no_picture(folder: Path) -> None:
    found = Queue(folder).pages()
    assert [(page.number, page.picture, page.name) for page in found] == [
        (0, folder / "1-a.png", "1-a"), (1, folder / "2-b.png", "2-b"),
    ]  # fmt: skip
    assert found[1].labels == {"superclass": ("MI", "CD"), "chapman": ()}
    assert not any(page.is_looked_at or page.correction for page in found)


def test_what_is_said_of_a_page_is_there_again_and_leaves_all_else_as_it_was(folder: Path) -> None:
    queue, fix = Queue(folder / LIST), {"mm_per_s": 50, "steps": [{"box": 0, "lead": "V1"}]}
    queue.keep(0, {"superclass": ["STTC", "MI"], "rhythm": ["AFIB"]}, fix)
    first, second = Queue(folder).pages()
    assert first.is_looked_at and first.correction == fix
    assert first.labels == {"superclass": ("MI", "STTC"), "rhythm": ("AFIB",), "chapman": ()}
    assert not second.is_looked_at and second.labels["superclass"] == ("MI", "CD")
    assert (folder / LIST).read_text().splitlines()[1:] == [
        "1,1-a.png,'=a,MI;STTC,,north,AFIB,yes", "2,2-b.png,b,MI; CD,,south,,", "3,,c,,,,,",
    ]  # fmt: skip
    assert set(load_corrections(folder / CORRECTIONS)) == {"1-a"}
    queue.keep(1, {}, {})
    assert json.loads((folder / CORRECTIONS).read_text()) == {"1-a": fix, "2-b": {}}
    queue.keep(0, {"superclass": []}, None)
    assert json.loads((folder / CORRECTIONS).read_text()) == {"2-b": {}}
    assert Queue(folder).pages()[0].labels["superclass"] == ()


@pytest.mark.parametrize(
    ("labels", "correction", "words"),
    [
        ({"superclass": ["XYZ"]}, None, "1-a: 'XYZ' is no label of superclass; expected NORM, MI"),
        ({"colour": ["red"]}, None, "'colour' is no group of labels"),
        ({"chapman": ["AFIB", "SR"]}, None, "chapman is one of its labels; got AFIB, SR"),
        ({}, {"nonsense": 1}, "1-a: unknown key 'nonsense'"),
        ({}, {"mm_per_s": float("nan")}, "1-a"),
        ({}, {"steps": [{"lead": "I", "points_px": [[0, 0], [1, float("inf")]]}]}, "1-a"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_written(
    folder: Path, labels: dict[str, list[str]], correction: dict[str, object] | None, words: str
) -> None:
    with pytest.raises(InputError, match=words):
        Queue(folder).keep(0, labels, correction)
    assert (folder / LIST).read_text() == TABLE
    assert not (folder / CORRECTIONS).exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "expected the list that `python -m archive rank` writes"),
        (b"", "no column file"),
        (b"\xff\xfe\x00", "expected the list"),
        (b"rank,id\n1,a\n", "no column file"),
        (b"file\n../a.png\n", "the name of a picture beside the list"),
        (b"file\na.png\na.jpg\n", "two pictures are named a;"),
        (b"file,superclass\na.png,XYZ\n", "a.png: 'XYZ' is no label of superclass"),
    ],
)
def test_what_is_no_queue_is_named(tmp_path: Path, text: bytes | None, words: str) -> None:
    if text is not None:
        (tmp_path / LIST).write_bytes(text)
    with pytest.raises(InputError, match=words):
        Queue(tmp_path)


@pytest.mark.parametrize("text", ["[]", "{", "[" * 100_000])
def test_corrections_that_are_none_are_named(folder: Path, text: str) -> None:
    (folder / CORRECTIONS).write_text(text)
    with pytest.raises(InputError, match=CORRECTIONS):
        Queue(folder)
