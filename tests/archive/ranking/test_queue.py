"""From an archive to a queue of pages, and from what was put right in it to pages to train on."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from archive_in_process import in_process
from drawn_page import FakeDigitizer, drawn
from PIL import Image

from archive import rank as command
from archive.__main__ import main
from archive.ranking.queue import RULES
from archive.ranking.training_pages import training_pages
from archive.settings import Work
from archive.studies import stand_in
from classify.datasets.images import images
from classify.queue import Queue
from digitize.training.page_files import find_pages, open_page


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ranked")
    for number in range(5):
        stand_in.write_page(folder / "scans" / "ward" / f"p{number}.png", number)
    in_process(folder / "scans", folder / "table")
    return folder / "table"


@pytest.fixture
def queue(tmp_path: Path) -> Path:
    """Three drawn pages as a queue."""
    for number in range(3):
        (tmp_path / "queue").mkdir(exist_ok=True)
        Image.fromarray(drawn().page.pixels).save(tmp_path / "queue" / f"{number}-p.png")
    rows = [{"rank": k, "file": f"{k}-p.png", "id": f"p{k}", "superclass": "MI;CD" if k == 2 else ""} for k in range(3)]
    with (tmp_path / "queue" / "queue.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return tmp_path / "queue"


def test_the_command_knows_every_rule() -> None:
    assert set(command.RULES) == set(RULES)


def test_a_queue_holds_the_pages_and_their_list(table: Path, tmp_path: Path) -> None:
    assert main(["rank", str(table), "--by", "reading", "--count", "3", "--output", str(tmp_path / "queue")]) == 0
    with (tmp_path / "queue" / "queue.csv").open() as file:
        listed = list(csv.DictReader(file))
    assert [row["rank"] for row in listed] == ["1", "2", "3"]
    for row in listed:
        shown = np.asarray(Image.open(tmp_path / "queue" / row["file"]))
        np.testing.assert_array_equal(shown, np.asarray(Image.open(row["uri"])))
        assert row["file"].endswith(f"{row['id'].replace('/', '_')}")
    Queue(tmp_path / "queue").keep(0, {"superclass": ["MI"]}, None)
    before = (tmp_path / "queue" / "queue.csv").read_bytes()
    assert main(["rank", str(table), "--by", "reading", "--output", str(tmp_path / "queue")]) == 1
    assert (tmp_path / "queue" / "queue.csv").read_bytes() == before  # labels are never written over


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--by", "entropy"], "made with --no_diagnosis"),
        (["--by", "k-centre"], "--no_diagnosis"),
        (["--count", "0"], "1 or more"),
        (["--where", "no such"], "condition"),
    ],
)
def test_a_ranking_that_cannot_be_says_why(
    table: Path, tmp_path: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["rank", str(table), "--output", str(tmp_path / "queue"), *words])
    assert stop.value.code == 2
    assert said in capsys.readouterr().err


def test_a_page_that_has_gone_is_named(table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = table.parent / "scans" / "ward" / "p1.png"
    kept = page.read_bytes()
    page.unlink()
    code = main(["rank", str(table), "--by", "reading", "--output", str(tmp_path / "queue")])
    page.write_bytes(kept)
    assert code == 1
    assert "p1.png" in capsys.readouterr().err
    assert len(list((tmp_path / "queue").glob("*.png"))) == 4


def test_corrected_pages_become_pages_to_train_on(queue: Path, tmp_path: Path) -> None:
    steps = {"1-p": {"steps": [{"mm_per_mv": 5}]}}
    (tmp_path / "fixes.json").write_text(json.dumps(steps))
    assert training_pages(queue, tmp_path / "out", tmp_path / "fixes.json", digitizer=FakeDigitizer()) == 0
    found, left_out = find_pages(tmp_path / "out", tmp_path / "out")
    assert [page.picture.name for page in found] == ["1-p.png"]
    assert [path.name for path in left_out] == ["2-p.png"]
    _, reading = open_page(found[0])
    assert reading.layout.mm_per_mv == 5
    np.testing.assert_allclose(np.nanmax(reading.record["V1"]), 2 * np.nanmax(drawn().record["V1"]), rtol=0.01)


def test_what_the_browser_kept_becomes_pages_to_train_on(queue: Path, tmp_path: Path) -> None:
    Queue(queue).keep(0, {"superclass": ["HYP"]}, {"steps": [{"mm_per_mv": 5}]})
    Queue(queue).keep(1, {}, {})
    assert training_pages(queue, tmp_path / "out", digitizer=FakeDigitizer()) == 0
    assert [example.found["superclass"] for example in images(tmp_path / "out")] == [{"HYP"}, {"MI", "CD"}]
    found, left_out = find_pages(tmp_path / "out", tmp_path / "out")
    assert [page.picture.name for page in found] == ["0-p.png", "1-p.png"]
    assert [path.name for path in left_out] == ["2-p.png"]
    assert [open_page(page)[1].layout.mm_per_mv for page in found] == [5, 10]


def test_labelled_pages_become_examples(queue: Path, tmp_path: Path) -> None:
    assert main(["learn", str(queue), "--output", str(tmp_path / "out")]) == 0
    (example,) = images(tmp_path / "out")
    assert example.found == {"superclass": frozenset({"MI", "CD"})}
    assert (example.part, example.path.name) == ("train", "2-p.png")
    assert example.path.is_file()


def test_an_unknown_label_and_a_foreign_correction_are_refused(queue: Path, tmp_path: Path) -> None:
    (tmp_path / "fixes.json").write_text('{"scan": {"mm_per_mv": 5}}')
    with pytest.raises(ValueError, match="no page is named scan"):
        training_pages(queue, tmp_path / "out", tmp_path / "fixes.json", digitizer=FakeDigitizer())
    with pytest.raises(ValueError, match="name another --output"):
        training_pages(queue, queue)
    table = queue / "queue.csv"
    table.write_text(table.read_text().replace("MI;CD", "MI;XYZ"))
    with pytest.raises(ValueError, match=r"2-p\.png: 'XYZ' is no label of superclass"):
        training_pages(queue, tmp_path / "out")


@pytest.mark.slow
def test_every_rule_ranks_diagnosed_pages(table: Path, tmp_path: Path) -> None:
    in_process(table.parent / "scans", tmp_path / "table", work=Work(loader=stand_in.LOADER))
    for name in RULES:
        words = ["rank", str(tmp_path / "table"), "--by", name, "reading", "--count", "2"]
        assert main([*words, "--output", str(tmp_path / name)]) == 0
        assert len(list((tmp_path / name).glob("*.png"))) == 2
        assert Queue(tmp_path / name).groups == ("superclass", "rhythm")
