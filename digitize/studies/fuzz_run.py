"""Thousands of damaged files opened: each must open or be refused by name in words, soon and within some memory."""

from __future__ import annotations

import json
import multiprocessing
import resource
import shutil
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import ForkContext, SpawnContext
from pathlib import Path

import numpy as np

from digitize import engines
from digitize.batch import read_page
from digitize.engines import Digitize
from digitize.nets.pretrained import load_pass
from digitize.nets.word_net import WordNet
from digitize.page.open import iter_pages
from digitize.stages import PageHints
from digitize.studies.fuzz_inputs import RECORDS, TINY, damage, whole
from ecg import formats
from ecg.files import CRASHED, InputError, write_text
from ecg.fit import checkpoint
from ecg.markdown import table

KINDS = ("pages", "pdf", *RECORDS, "checkpoints")
MEMORY_BYTES = 6 * 10**9  # address space of the process that opens; torch alone takes two


@dataclass(frozen=True)
class Outcome:
    """What came of one input: opened, refused, crashed, unnamed (refused without its name), hung or died."""

    index: int
    what: str
    words: str = ""
    seconds: float = 0.0
    memory_mb: float = 0.0


@dataclass(frozen=True)
class FuzzReport:
    """Inputs counted by what came of them; `failures` tells of those that are faults, by their number."""

    kind: str
    inputs: int
    opened: int
    refused: int
    crashed: int
    unnamed: int
    hung: int
    died: int
    slowest_s: float
    memory_mb: float
    failures: dict[int, str]

    @property
    def faults(self) -> int:
        return self.crashed + self.unnamed + self.hung + self.died


def fuzz(
    kind: str = KINDS[0],
    count: int = 10_000,
    seed: int = 0,
    output: str | Path = Path("out/fuzz"),
    *,
    limit_s: float = 120.0,
    read_every: int = 0,
) -> FuzzReport:
    """Damage and open `count` files of a kind, or fewer when interrupted; the faulty ones stay in `output`.

    There the report is, too, as JSON. Input `i` of a seed is always the same. Every `read_every`th page that opens is
    read as well (0: none). Raises ValueError for an unknown kind or a count below one.
    """
    if kind not in KINDS or count < 1:
        raise ValueError(f"expected a count of at least 1 and one of {', '.join(KINDS)}, got {count} and {kind!r}")
    folder = Path(output) / kind
    outcomes: list[Outcome] = []
    with _Opener(kind, seed, folder, read_every) as opener, suppress(KeyboardInterrupt):
        for index in range(count):
            outcomes.append(opener(index, limit_s))
    report = _report(kind, outcomes)
    write_text(Path(output) / f"{kind}.json", json.dumps(asdict(report), indent=1))
    return report


def _report(kind: str, outcomes: Sequence[Outcome]) -> FuzzReport:
    counts = Counter(one.what for one in outcomes)
    found = {what: counts[what] for what in ("opened", "refused", "crashed", "unnamed", "hung", "died")}
    return FuzzReport(
        kind, len(outcomes), **found,
        slowest_s=round(max((one.seconds for one in outcomes), default=0.0), 2),
        memory_mb=round(max((one.memory_mb for one in outcomes), default=0.0)),
        failures={one.index: one.words for one in outcomes if one.what not in ("opened", "refused")},
    )  # fmt: skip


class _Opener:
    """A process that makes inputs and opens them; one that hangs or dies is replaced, and its input kept."""

    def __init__(self, kind: str, seed: int, kept: Path, read_every: int) -> None:
        self._given, self._kept = (kind, seed, read_every), kept
        self._folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
        self._start()

    def __enter__(self) -> _Opener:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.join()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __call__(self, index: int, limit_s: float) -> Outcome:
        self._pipe.send(index)
        try:
            outcome = self._pipe.recv() if self._pipe.poll(limit_s) else Outcome(index, "hung", seconds=limit_s)
        except EOFError:
            outcome = Outcome(index, "died", f"exit code {self._process.exitcode}")
        if outcome.what not in ("opened", "refused"):
            shutil.copytree(self._folder / str(index), self._kept / str(index), dirs_exist_ok=True)
        if outcome.what in ("hung", "died"):
            self._process.kill()
            self._process.join()
            self._start()
        shutil.rmtree(self._folder / str(index), ignore_errors=True)
        return outcome

    def _start(self) -> None:
        context = _context()
        self._pipe, other = context.Pipe()
        self._process = context.Process(target=_serve, args=(other, self._folder, *self._given), daemon=True)
        self._process.start()
        other.close()


def _context() -> ForkContext | SpawnContext:
    """Forked where that is safe: the modules are loaded once."""
    linux = sys.platform == "linux"
    return multiprocessing.get_context("fork") if linux else multiprocessing.get_context("spawn")


def _serve(pipe: Connection, folder: Path, kind: str, seed: int, read_every: int) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (_reserved_bytes() + MEMORY_BYTES, hard))
    warnings.simplefilter("ignore")
    read = engines.load_digitizer() if read_every else None
    while True:
        index = pipe.recv()
        pipe.send(
            open_one(kind, seed, index, folder / str(index), read if read_every and index % read_every == 0 else None)
        )


def _reserved_bytes() -> int:
    """The address space that a forked process has from its parent, which may be far more than it uses."""
    sizes = Path("/proc/self/statm")
    return int(sizes.read_text().split()[0]) * resource.getpagesize() if sizes.exists() else 0


def open_one(kind: str, seed: int, index: int, folder: Path, digitize: Digitize | None = None) -> Outcome:
    """Make one input in a folder of its own, open it and, where a digitizer is given, read it."""
    rng = np.random.default_rng([seed, index])
    folder.mkdir(parents=True)
    path = whole(kind, folder, rng)
    damage(path, rng)
    began = time.perf_counter()
    what, words = "opened", ""
    try:
        _OPEN[kind](path, digitize)
    except Exception as error:
        what, words = _judged(error, path)
    memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    return Outcome(index, what, words, time.perf_counter() - began, memory_mb)


def _judged(error: Exception, path: Path) -> tuple[str, str]:
    words = str(error)
    if not isinstance(error, InputError | OSError) or getattr(error, "code", "") == CRASHED:
        return "crashed", f"{type(error).__name__}: {words}\n{traceback.format_exc()[-900:]}"
    is_named = path.stem in words and str(path.parent) in words
    return ("refused", "") if is_named and words.strip() else ("unnamed", f"{type(error).__name__}: {words}")


def _open_pages(path: Path, digitize: Digitize | None) -> None:
    for page in iter_pages(path):
        attempt = read_page(page, digitize, PageHints()) if digitize else None
        if attempt and attempt.crashed:
            raise RuntimeError(attempt.error)


def _open_record(path: Path, _: Digitize | None) -> None:
    formats.read(path)


def _open_weights(path: Path, _: Digitize | None) -> None:
    if path.suffix == ".safetensors":
        load_pass("names", folder=path.parent)
    else:
        checkpoint.fill(WordNet(TINY), checkpoint.weights(checkpoint.load(path)), path)


_OPEN: dict[str, Callable[[Path, Digitize | None], None]] = {
    "pages": _open_pages, "pdf": _open_pages, **dict.fromkeys(RECORDS, _open_record), "checkpoints": _open_weights,
}  # fmt: skip


def markdown(report: FuzzReport) -> str:
    """The counts as a table, then the first words of some faults."""
    counts = {name: str(value) for name, value in asdict(report).items() if name != "failures"}
    faults = [f"- {index}: {words.strip().splitlines()[0][:160]}" for index, words in report.failures.items() if words]
    return "\n".join([table(list(counts), [list(counts.values())]), *faults[:20]])
