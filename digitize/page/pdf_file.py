"""PDF pages as pictures, with the lines and words they hold.

They are drawn at 300 dpi, or less where a sheet is so large that this would be wasteful, by a process of their own
(`pdf_render`): whatever a PDF makes of it, the pages of other files go on.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np

from digitize.errors import PageError
from digitize.page.image_file import Frame
from digitize.page.limits import check_size
from ecg.page import Drawing, Stroke, Word

PATIENCE_S = 300.0  # for one page by the clock, on a machine that is busy with other things, too
_PACKAGES = Path(__file__).resolve().parents[2]
_RENDER = "from digitize.page.pdf_render import main; main()"


def frames(path: Path) -> Iterator[Frame]:
    """Every page in turn. Raises PageError, without its name, for a file that is damaged, empty, asks for a password
    or for more memory or time than a page may take.
    """
    with _rendering(path) as process:
        assert process.stdout is not None  # it is piped
        while (message := _next_message(process, process.stdout)) is not None:
            with np.load(io.BytesIO(message), allow_pickle=False) as arrays:
                if "refused" in arrays:
                    raise PageError(str(arrays["refused"]), str(arrays["code"]))
                yield _frame(dict(arrays))
        if process.wait() != 0:
            text = "a PDF that takes too much memory or time to draw; print it to a picture and give that"
            raise PageError(text, "pdf-too-costly")


@contextmanager
def _rendering(path: Path) -> Iterator[subprocess.Popen[bytes]]:
    paths = os.pathsep.join(filter(None, (str(_PACKAGES), os.environ.get("PYTHONPATH"))))
    environment = {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-c", _RENDER, str(path)]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _next_message(process: subprocess.Popen[bytes], stream: IO[bytes]) -> bytes | None:
    """The next message, None where there is none (any more)."""
    timer = threading.Timer(PATIENCE_S, process.kill)
    timer.start()
    try:
        head = stream.read(8)
        size = int.from_bytes(head, "big")
        body = stream.read(size) if len(head) == 8 else b""
    finally:
        timer.cancel()
    return body if body and len(body) == size else None


def _frame(arrays: dict[str, np.ndarray]) -> Frame:
    check_size(arrays["pixels"].shape[1], arrays["pixels"].shape[0])
    ends = np.cumsum(arrays["lengths"])[:-1]
    lines = np.split(arrays["points_px"], ends) if arrays["lengths"].size else []
    strokes = tuple(
        Stroke(points, (float(width), int(red), int(green), int(blue)))
        for points, (width, red, green, blue) in zip(lines, arrays["styles"], strict=True)
    )
    words = tuple(Word(text, (x, y), angle) for text, (x, y), angle in json.loads(str(arrays["words"])))
    return Frame(arrays["pixels"], float(arrays["dpi"]), (), Drawing(strokes, words))
