"""`python -m serve` from the outside: it listens, says where, refuses what would be open, and ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from house.structure import ROOT

from serve.__main__ import main


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["--host", "0.0.0.0"], "give a token"),
        (["--token", "short"], "expected 16 or more"),
        (["--port", "70000"], "between 0 and 65535"),
        (["--workers", "-1"], "--workers"),
    ],
)
def test_what_would_be_open_or_makes_no_sense_is_refused(
    argv: list[str], words: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GALVANO_TOKEN", raising=False)
    with pytest.raises(SystemExit) as ended:
        main(argv)
    assert ended.value.code == 2 and words in capsys.readouterr().err


def test_a_port_that_is_taken_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["--port", str(port), "--no_browser"]) == 1
    assert f"127.0.0.1:{port} cannot be used" in capsys.readouterr().err


@pytest.mark.slow
def test_it_listens_says_where_and_leaves_nothing_behind(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "serve", "--port", "0", "--no_browser"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as server:
        assert server.stdout is not None and server.stderr is not None
        address = server.stdout.readline().split()[3]
        assert address.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(address, timeout=60) as answer:
            assert b"/static/main.js" in answer.read()
        for name in ("static/main.js", "static/locales/de.json", "docs", "openapi.json", "v1/health"):
            with urllib.request.urlopen(address + name, timeout=60) as answer:
                assert answer.status == 200 and "script-src 'self'" in answer.headers["Content-Security-Policy"]
        server.send_signal(signal.SIGINT)
        assert server.wait(60) == 130
        assert "Traceback" not in server.stderr.read()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("galvano-")] == []
