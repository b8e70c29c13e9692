"""The addresses of the queue, and a server that is started with one."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from serve_stand_in import png, settings
from starlette.testclient import TestClient

from classify.queue import LIST, Queue
from serve.__main__ import main
from serve.app import create_app


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "1-a.png").write_bytes(png())
    (tmp_path / LIST).write_text("file,superclass\n1-a.png,MI\n2-gone.png,\n")
    (tmp_path / "secret.txt").write_text("secret")
    return tmp_path


@pytest.fixture
def client(folder: Path) -> Iterator[TestClient]:
    """Its workers are not started: nothing here needs one."""
    yield TestClient(create_app(settings(queue=folder)), base_url="http://127.0.0.1:8000")


def test_the_pages_are_listed_with_the_labels_that_can_be_given(client: TestClient) -> None:
    found = client.get("/v1/queue").json()
    (group,) = found["groups"]
    assert (group["name"], group["exclusive"]) == ("superclass", False)
    assert group["labels"][1] == {"name": "MI", "title": "Myocardial infarction"}
    assert found["pages"][0] == {
        "number": 0, "file": "1-a.png", "looked_at": False, "labels": {"superclass": ["MI"]}, "correction": None,
    }  # fmt: skip


def test_a_picture_comes_as_it_is_and_no_other_file_does(client: TestClient) -> None:
    answer = client.get("/v1/queue/0")
    np.testing.assert_array_equal(
        np.asarray(Image.open(io.BytesIO(answer.content))), np.asarray(Image.open(io.BytesIO(png())))
    )
    for path, words in (("1", "2-gone.png: is listed, but not there"), ("2", "no such page"), ("-1", "no such page")):
        answer = client.get(f"/v1/queue/{path}")
        assert answer.status_code == 404 and words in answer.json()["detail"]
    assert client.get("/v1/queue/secret.txt").status_code == 422


def test_what_is_said_is_written_down(client: TestClient, folder: Path) -> None:
    said = {"labels": {"superclass": ["CD"]}, "correction": {"steps": [{"mm_per_mv": 5}]}}
    assert client.put("/v1/queue/0", json=said).status_code == 204
    page = Queue(folder).pages()[0]
    assert page.is_looked_at and page.labels == {"superclass": ("CD",)} and page.correction == said["correction"]
    (shown, _) = client.get("/v1/queue").json()["pages"]
    assert shown["looked_at"] and shown["labels"] == said["labels"] and shown["correction"] == said["correction"]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"labels": {"superclass": ["XYZ"]}}, "no label of superclass"),
        ({"correction": {"nonsense": 1}}, "unknown key"),
        ({"labels": {"superclass": "MI"}}, "labels.superclass"),
    ],
)
def test_what_makes_no_sense_is_refused(client: TestClient, folder: Path, said: object, words: str) -> None:
    before = (folder / LIST).read_bytes()
    answer = client.put("/v1/queue/0", json=said)
    assert answer.status_code == 422 and words in answer.json()["detail"]
    assert client.put("/v1/queue/7", json={}).status_code == 404
    assert (folder / LIST).read_bytes() == before


def test_another_website_writes_nothing(client: TestClient, folder: Path) -> None:
    answer = client.put("/v1/queue/0", json={}, headers={"Origin": "http://elsewhere.example"})
    assert answer.status_code == 403 and not Queue(folder).pages()[0].is_looked_at


def test_a_list_that_was_damaged_meanwhile_is_said(client: TestClient, folder: Path) -> None:
    (folder / LIST).write_text("nothing")
    for answer in (client.get("/v1/queue"), client.get("/v1/queue/0"), client.put("/v1/queue/0", json={})):
        assert answer.status_code == 422 and "no column file" in answer.json()["detail"]


def test_without_a_queue_there_is_none() -> None:
    client = TestClient(create_app(settings()), base_url="http://127.0.0.1:8000")
    assert client.get("/v1/queue").json() == {"groups": [], "pages": []}
    assert client.get("/v1/queue/0").status_code == 404
    assert client.put("/v1/queue/0", json={}).status_code == 404


def test_a_server_does_not_start_with_what_is_no_queue(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--queue", str(tmp_path), "--port", "0", "--no_browser"]) == 1
    assert "expected the list that `python -m archive rank` writes" in capsys.readouterr().err
