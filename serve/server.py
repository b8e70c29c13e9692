"""The server's process: one socket, one application, until it is stopped."""

from __future__ import annotations

import socket
import tempfile
import threading
import webbrowser

import uvicorn

from serve.app import create_app
from serve.settings import Settings


def serve(settings: Settings, *, open_browser: bool = False) -> int:
    """Listen until interrupted. Raises OSError where the address is taken."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        listener = socket.create_server((settings.host.strip("[]"), settings.port), family=family)
    except OSError as error:
        raise OSError(
            f"{settings.host}:{settings.port} cannot be used ({error.strerror}); another --port may be free"
        ) from error
    address = f"http://{settings.host}:{listener.getsockname()[1]}/"
    print(f"Galvano listens on {address} (Ctrl+C ends it)", flush=True)
    if open_browser:
        threading.Timer(1.0, webbrowser.open, [address]).start()
    config = uvicorn.Config(
        create_app(settings), log_level="warning", server_header=False, timeout_keep_alive=5, ws="none"
    )
    with listener, tempfile.TemporaryDirectory(prefix="galvano-") as private:
        tempfile.tempdir = private  # where uploads are spooled, too
        uvicorn.Server(config).run(sockets=[listener])
    return 0
