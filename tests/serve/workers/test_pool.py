"""Workers end when they pass a limit, others take their place, and the server goes on."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from serve_stand_in import DEADLY_COLOUR, HANG_COLOUR, HUNGRY_COLOUR, REFUSED_COLOUR, png, settings
from starlette.testclient import TestClient

from serve.app import create_app
from serve.desk import Desk
from serve.workers.process import Worker


def code_of(client: TestClient, data: bytes) -> str:
    """What became of a page: "read", or the code of its problem."""
    answer = client.post("/v1/readings", files={"files": ("x", data)}).json()
    found = answer["pages"][0] if "pages" in answer else {"problem": answer}
    return "read" if "view" in found else found["problem"]["code"]


def memory_kb(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


@pytest.fixture(scope="module")
def patient() -> Iterator[TestClient]:
    """A server that ends a job after two seconds."""
    with TestClient(create_app(settings(job_s=2.0)), base_url="http://127.0.0.1:8000") as client:
        assert code_of(client, png()) == "read"
        yield client


def reader(client: TestClient) -> Worker:
    desk: Desk = client.app.state.desk  # type: ignore[attr-defined]
    return desk.readers.workers[0]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("colour", "code"),
    [(HANG_COLOUR, "took-too-long"), (HUNGRY_COLOUR, "too-much-memory"), (DEADLY_COLOUR, "job-ended")],
)
def test_a_page_that_passes_a_limit_costs_only_its_own_answer(
    patient: TestClient, colour: tuple[int, int, int], code: str
) -> None:
    assert code_of(patient, png(colour)) == code
    assert code_of(patient, png()) == "read"


@pytest.mark.slow
def test_a_worker_that_is_killed_in_the_middle_is_replaced(patient: TestClient) -> None:
    pid = reader(patient).pid
    assert pid is not None
    threading.Timer(0.7, os.kill, (pid, signal.SIGKILL)).start()
    assert code_of(patient, png(HANG_COLOUR)) == "job-ended"
    assert code_of(patient, png()) == "read"
    assert reader(patient).pid != pid


@pytest.mark.slow
def test_more_than_may_wait_are_turned_away_with_a_time(patient: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    readers = patient.app.state.desk.readers  # type: ignore[attr-defined]
    monkeypatch.setattr(readers, "limits", replace(readers.limits, waiting=1))
    with ThreadPoolExecutor(6) as many:
        answers = list(many.map(lambda _: patient.post("/v1/readings", files={"files": png(HANG_COLOUR)}), range(6)))
    away = [answer for answer in answers if answer.status_code == 503]
    assert 0 < len(away) < 6
    assert {answer.json()["code"] for answer in away} == {"server-busy"}
    assert all(int(answer.headers["retry-after"]) for answer in away)


@pytest.mark.slow
def test_forty_at_once_answer_each_with_its_own_result_and_memory_comes_back() -> None:
    kinds = [
        (png(), "read"), (b"%PDF-1.7 broken", "unreadable"), (png()[:3000], "unreadable"), (b"", "unreadable"),
        (png(REFUSED_COLOUR), "page-refused"), (b"MZ" * 5000, "unreadable"), (png(size_px=(30, 30)), "unreadable"),
        (png(size_px=(5000, 5000)), "picture-too-large"), (b"\x89PNG\r\n\x1a\n" + b"\0" * 1000, "unreadable"),
        (png(), "read"),
    ]  # fmt: skip
    asked = [*(kinds * 4)[:38], (png(DEADLY_COLOUR), "job-ended"), (png(HUNGRY_COLOUR), "too-much-memory")]
    with TestClient(create_app(settings(job_s=60.0)), base_url="http://127.0.0.1:8000") as client:
        assert code_of(client, png()) == "read"
        before = memory_kb(os.getpid()) + memory_kb(reader(client).pid or 0)
        with ThreadPoolExecutor(40) as many:
            found = list(many.map(lambda one: code_of(client, one[0]), asked))
        assert found == [code for _, code in asked]
        assert code_of(client, png()) == "read"
        after = memory_kb(os.getpid()) + memory_kb(reader(client).pid or 0)
        private = client.app.state.desk.private  # type: ignore[attr-defined]
        assert list(private.iterdir()) == []
        assert client.get("/v1/health").json()["waiting"] == 0
        desk: Desk = client.app.state.desk  # type: ignore[attr-defined]
        pids = [worker.pid for worker in (*desk.readers.workers, *desk.clerks.workers)]
    assert after < before + 100_000
    assert not private.exists()
    time.sleep(0.2)
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]  # they end with the server
