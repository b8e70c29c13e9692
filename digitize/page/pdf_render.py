"""Draws a PDF's pages in a process of its own; `pdf_file` starts it and reads what it writes.

A PDF is a program: one of 800 bytes can ask for all memory there is, or draw for hours. The process that runs it may
take so much memory, and so much processor time a page; what cannot be done within that ends this process, not the
reader. It writes messages to standard output, each its length (8 bytes, big-endian) and an .npz: the arrays of a page,
or the reason why there is none.
"""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import numpy as np
import pypdfium2

from digitize.errors import PageError
from digitize.page.limits import check_shape
from digitize.page.pdf_strokes import lines_and_words

try:
    import resource
except ImportError:  # there is none on Windows: only the reader's own patience ends a page there
    resource = None  # type: ignore[assignment]

MEMORY_BYTES = 3 * 10**9  # address space; a page of 4000 px with 400,000 points needs 1 GB
CPU_S_PER_PAGE = 30  # a page of an ECG takes 0.1 to 2 s, one with 100,000 lines 9 s
_DPI = 300.0
_LONGEST_PX = 4000
_POINTS_PER_INCH = 72.0


def main() -> None:
    """Write every page of the file that the command line names."""
    _allow_memory()
    try:
        _send_pages(Path(sys.argv[1]))
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            _refuse("a PDF protected by a password; save a copy without it", "pdf-password")
        else:
            _refuse(f"a damaged or cut-off PDF ({error}); copy or export it again", "pdf-damaged")
    except PageError as error:
        _refuse(str(error), error.code)
    except MemoryError:
        _refuse("a PDF that takes too much memory to draw; print it to a picture and give that", "pdf-too-costly")
    except Exception as error:  # what stands in a damaged PDF makes the wrappers raise nearly anything
        _refuse(f"a damaged PDF ({type(error).__name__}: {error}); copy or export it again", "pdf-damaged")


def _send_pages(path: Path) -> None:
    _allow_one_more_page()
    with pypdfium2.PdfDocument(path) as document:
        if not len(document):
            _refuse("a PDF without pages; export it again", "pdf-empty")
        for page in document:
            _send(_page_arrays(page))
            _allow_one_more_page()


def _allow_memory() -> None:
    if resource is not None:
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        allowed = MEMORY_BYTES if hard == resource.RLIM_INFINITY else min(MEMORY_BYTES, hard)
        resource.setrlimit(resource.RLIMIT_AS, (allowed, hard))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # ending so is no reason to leave a core file


def _allow_one_more_page() -> None:
    if resource is not None:
        used = resource.getrusage(resource.RUSAGE_SELF)
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        allowed = int(used.ru_utime + used.ru_stime) + CPU_S_PER_PAGE
        resource.setrlimit(
            resource.RLIMIT_CPU, (allowed if hard == resource.RLIM_INFINITY else min(allowed, hard), hard)
        )


def _page_arrays(page: pypdfium2.PdfPage) -> dict[str, np.ndarray]:
    """Pixels, dpi, the lines end to end with their lengths and styles, and the words as JSON."""
    width, height = page.get_size()
    check_shape(width, height, f"{width:.0f}x{height:.0f} points")
    dpi = min(_DPI, _LONGEST_PX * _POINTS_PER_INCH / max(width, height))
    drawn = page.render(scale=dpi / _POINTS_PER_INCH, rev_byteorder=True)  # RGB on white paper
    pixels = drawn.to_numpy()[:, :, :3].copy()
    drawn.close()
    lines, words = lines_and_words(page, (pixels.shape[1], pixels.shape[0]))
    page.close()
    return {
        "pixels": pixels,
        "dpi": np.array(dpi),
        "points_px": np.concatenate([line.points_px for line in lines]) if lines else np.zeros((0, 2)),
        "lengths": np.array([len(line.points_px) for line in lines], np.int64),
        "styles": np.array([line.style for line in lines], np.float64).reshape(-1, 4),
        "words": np.array(json.dumps(words)),
    }


def _refuse(words: str, code: str) -> None:
    _send({"refused": np.array(words), "code": np.array(code)})


def _send(arrays: dict[str, np.ndarray]) -> None:
    packed = io.BytesIO()
    np.savez(packed, **arrays)  # type: ignore[arg-type]
    sys.stdout.buffer.write(len(packed.getvalue()).to_bytes(8, "big"))
    sys.stdout.buffer.write(packed.getvalue())
    sys.stdout.buffer.flush()
