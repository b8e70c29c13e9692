"""Closed by default: who may ask, and what every answer says to the browser."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from fastapi import FastAPI, UploadFile
from starlette.testclient import TestClient

from serve.guard import Guard
from serve.problems import add_handlers
from serve.settings import Limits, Settings

TOKEN = "correct horse battery"


def guarded(settings: Settings, base_url: str = "http://127.0.0.1:8000") -> TestClient:
    """An application behind the guard that has no workers."""
    app = FastAPI()
    add_handlers(app)

    @app.get("/v1/version")
    def version() -> str:
        return "here"

    @app.get("/v1/health")
    def health() -> str:
        return "up"

    @app.post("/v1/size")
    async def size(file: UploadFile) -> int:
        return len(await file.read())

    app.add_middleware(Guard, settings=settings)
    return TestClient(app, base_url=base_url)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.0.0.1:9999", "[::1]:8000"])
def test_the_loopback_names_are_answered(host: str) -> None:
    assert guarded(Settings()).get("/v1/version", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "", "127.0.0.1.nip.io", "@127.0.0.1@evil"])
def test_other_names_are_refused(host: str) -> None:
    answer = guarded(Settings()).get("/v1/version", headers={"host": host})
    assert (answer.status_code, answer.json()["code"]) == (400, "host-not-allowed")


def test_other_websites_are_refused_and_no_cors_is_granted() -> None:
    client = guarded(Settings())
    for origin in ("https://evil.example", "null", "http://127.0.0.1:1234"):
        answer = client.post("/v1/size", files={"file": b"x"}, headers={"origin": origin})
        assert (answer.status_code, answer.json()["code"]) == (403, "foreign-page")
        assert not [name for name in answer.headers if name.startswith("access-control")]
    own = client.post("/v1/size", files={"file": b"x"}, headers={"origin": "http://127.0.0.1:8000"})
    assert own.json() == 1
    asked = client.options(
        "/v1/size", headers={"origin": "http://127.0.0.1:8000", "access-control-request-method": "POST"}
    )
    assert "access-control-allow-origin" not in asked.headers


def test_another_host_needs_a_token() -> None:
    with pytest.raises(ValueError, match="give a token"):
        Settings(host="0.0.0.0")
    with pytest.raises(ValueError, match="expected 16 or more"):
        Settings(host="0.0.0.0", token="short")
    assert Settings(host="127.0.0.2").is_loopback and not Settings(host="ecg.local", token=TOKEN).is_loopback


@pytest.fixture(scope="module")
def locked() -> Iterator[TestClient]:
    yield guarded(Settings(host="0.0.0.0", token=TOKEN), "http://ecg.local:8000")


@pytest.mark.parametrize("value", ["", f"Basic {TOKEN}", "Bearer", "Bearer wrong", f"Bearer {TOKEN}x", "Bearer \xff"])
def test_a_wrong_token_is_refused(locked: TestClient, value: str) -> None:
    answer = locked.get("/v1/version", headers={"authorization": value.encode("latin-1")})
    assert (answer.status_code, answer.json()["code"]) == (401, "token-needed")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_the_right_token_opens(locked: TestClient) -> None:
    assert locked.get("/v1/version", headers={"authorization": f"Bearer {TOKEN}"}).json() == "here"
    assert locked.get("/v1/health").json() == "up"


def test_the_browser_is_told_to_stay_here() -> None:
    headers = guarded(Settings()).get("/v1/version").headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy and "script-src 'self'" in policy
    assert "unsafe" not in policy and "http" not in policy
    assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "no-referrer"


def test_what_is_allowed_unless_told_otherwise() -> None:
    limits = Limits()
    assert (limits.body_bytes, limits.job_s, limits.files) == (64 * 2**20, 60.0, 10)
    assert Settings().host == "127.0.0.1"


def test_large_bodies_are_refused_by_their_head_and_by_their_length() -> None:
    client = guarded(Settings(limits=Limits(body_bytes=10_000)))
    assert client.post("/v1/size", files={"file": b"x" * 9_000}).json() == 9_000
    told = client.post("/v1/size", files={"file": b"x" * 11_000})
    assert (told.status_code, told.json()["code"]) == (413, "body-too-large")

    def untold() -> Iterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'
        for _ in range(100):
            yield b"x" * 1000
        yield b"\r\n--b--\r\n"

    answer = client.post("/v1/size", content=untold(), headers={"content-type": "multipart/form-data; boundary=b"})
    assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")
    assert client.get("/v1/version", headers={"content-length": "-1"}).status_code == 413


def test_a_fault_says_nothing_of_the_request(caplog: pytest.LogCaptureFixture) -> None:
    client = guarded(Settings())

    @client.app.get("/v1/fault")  # type: ignore[attr-defined]
    def fault() -> None:
        raise RuntimeError("Anna Müller")

    with caplog.at_level(logging.DEBUG):
        answer = client.get("/v1/fault")  # nothing is raised further out, where a server would log its message
    assert answer.status_code == 500 and answer.json()["code"] == "internal"
    assert "RuntimeError at test_guard.py:" in answer.text and "content-security-policy" in answer.headers
    assert "GET /v1/fault: RuntimeError" in caplog.text and "Müller" not in answer.text + caplog.text
