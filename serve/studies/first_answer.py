"""How long a warm server takes for its first page, beside a `Digitizer` in one process: `python -m
serve.studies.first_answer --image examples/photo.jpg`."""

from __future__ import annotations

import argparse
import http.client
import json
import os
import secrets
import subprocess
import sys
import time
from pathlib import Path

from ecg.cli import entry
from serve.settings import Settings

_ALONE = """
import sys, time
from digitize.page.open import open_pages
from serve.jobs.tools import Tools
from serve.settings import Limits
tools = Tools("digitize.engines:load_digitizer", "torch", Limits())
tools.warm_up()
started = time.perf_counter()
reading = tools.digitizer(open_pages(sys.argv[1])[0], None, None, None)
print(time.perf_counter() - started)
"""


def parser() -> argparse.ArgumentParser:
    what = "The first answer of a warm server beside a Digitizer called in one process, in turns."
    made = argparse.ArgumentParser(prog="python -m serve.studies.first_answer", description=what)
    made.add_argument("--image", type=Path, default=Path("examples/photo.jpg"), help="a page with one ECG")
    made.add_argument("--repeats", type=int, default=3, help="of both, each time in new processes (default: 3)")
    return made


@entry(parser)
def main(options: argparse.Namespace) -> int:
    """0 when all was measured."""
    alone, served = [], []
    for _ in range(options.repeats):
        alone.append(time_alone(options.image))
        served.append(time_served(options.image))
        print(
            f"Digitizer in one process {alone[-1]:.2f} s, first answer of a warm server {served[-1]:.2f} s", flush=True
        )
    ratio = min(served) / min(alone)
    print(f"best of {options.repeats}: {min(alone):.2f} s and {min(served):.2f} s, {ratio:.2f} times")
    return 0


def time_alone(image: Path) -> float:
    """Seconds for opening and reading a page, the networks being loaded and warm, with a server's threads."""
    environment = {**os.environ, "OMP_NUM_THREADS": str(Settings().threads)}
    command = [sys.executable, "-c", _ALONE, str(image)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return float(done.stdout)


def time_served(image: Path) -> float:
    """Seconds from sending a page to the last byte of the answer."""
    command = [sys.executable, "-m", "serve", "--port", "0", "--no_browser"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as server:
        try:
            assert server.stdout is not None  # it is piped
            port = int(server.stdout.readline().split("http://127.0.0.1:")[1].split("/")[0])
            while _ask(port, "GET", "/v1/health")["status"] != "ok":
                time.sleep(0.2)
            body, kind = _form(image)
            started = time.perf_counter()
            answer = _ask(port, "POST", "/v1/readings", body, kind)
            seconds = time.perf_counter() - started
        finally:
            server.terminate()
    if "view" not in answer["pages"][0]:
        raise OSError(f"{image}: was not read: {answer['pages'][0]['problem']['detail']}")
    return seconds


def _form(image: Path) -> tuple[bytes, str]:
    mark = secrets.token_hex(8)
    head = f'--{mark}\r\nContent-Disposition: form-data; name="files"; filename="page"\r\n\r\n'
    return head.encode() + image.read_bytes() + f"\r\n--{mark}--\r\n".encode(), f"multipart/form-data; boundary={mark}"


def _ask(port: int, method: str, path: str, body: bytes = b"", kind: str = "text/plain") -> dict:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    connection.request(method, path, body, {"Content-Type": kind})
    answer: dict = json.loads(connection.getresponse().read())
    connection.close()
    return answer


if __name__ == "__main__":
    sys.exit(main())
