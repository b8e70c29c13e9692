"""A server in a thread of this process."""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from serve.app import create_app
from serve.settings import Settings

START_S = 180.0  # a busy machine loads the networks for so long


@contextmanager
def running(settings: Settings, *, ready: bool = True) -> Iterator[str]:
    """The address of a server; its workers are ready unless nobody waits for them."""
    server = uvicorn.Server(uvicorn.Config(create_app(settings), port=0, log_level="warning", ws="none"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    address = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/"
    try:
        if ready:
            _wait(address)
        yield address
    finally:
        server.should_exit = True
        thread.join(30)


def _wait(address: str) -> None:
    """Raises TimeoutError where the workers do not start."""
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        with urllib.request.urlopen(f"{address}v1/health") as answer:
            if json.load(answer)["status"] == "ok":
                return
        time.sleep(0.1)
    raise TimeoutError(f"the workers were not ready after {START_S:g} s")
