"""Can this machine train? Python, packages, device, memory and disk, with a verdict each."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Literal

_PYTHON = (3, 11)
_MEMORY_GB, _DISK_GB = 4.0, 5.0  # a small training fits into these
_GIB = 2**30


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; "slow" goes on, "missing" does not."""

    what: str
    found: str
    verdict: Literal["ok", "slow", "missing"]
    advice: str = ""


def examine(folder: Path) -> Iterator[Finding]:
    """Everything that a training needs; `folder` is where it would write."""
    python = platform.python_version()
    enough = sys.version_info >= _PYTHON
    yield Finding("Python", python, "ok" if enough else "missing", "" if enough else "3.11 or newer is needed")
    yield _packages()
    yield from _torch()
    yield _memory()
    yield _disk(folder)


def _packages() -> Finding:
    """Whether all that the program needs is installed, in the versions that it needs."""
    from packaging.requirements import Requirement

    try:
        wanted = [Requirement(text) for text in requires("galvano") or () if "extra ==" not in text]
    except PackageNotFoundError:
        return Finding("packages", "galvano is not installed", "missing", "pip install -e . (make demo does it)")
    wrong = [str(need) for need in wanted if not need.specifier.contains(_installed(need.name), prereleases=True)]
    if wrong:
        return Finding("packages", f"not there: {', '.join(wrong)}", "missing", "pip install -e .")
    return Finding("packages", f"all {len(wanted)}", "ok")


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "0"


def _torch() -> Iterator[Finding]:
    try:
        import torch
    except ImportError as error:
        yield Finding("torch", str(error), "missing", "pip install torch")
        return
    from ecg.fit.device import pick_amp, pick_device

    yield Finding("torch", torch.__version__, "ok")
    device = pick_device("auto")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if device.type == "cuda":
        count = torch.cuda.device_count()
        memory_gb = torch.cuda.get_device_properties(device).total_memory / _GIB
        yield Finding("device", f"{count} x {torch.cuda.get_device_name(device)}, {memory_gb:.0f} GB", "ok")
    elif device.type == "mps":
        yield Finding("device", "Apple GPU (mps)", "ok")
    else:
        yield Finding("device", f"CPU, {cores} cores", "slow", "small recipes train here; a GPU is many times faster")
    yield Finding("precision", pick_amp("auto", device), "ok")


def _memory() -> Finding:
    free_gb = _free_memory_gb()
    if free_gb is None:
        return Finding("memory", "not known on this system", "ok")
    enough = free_gb >= _MEMORY_GB
    advice = "" if enough else f"{_MEMORY_GB:.0f} GB are wanted: --num_workers 0 and a smaller --batch_size"
    return Finding("memory", f"{free_gb:.1f} GB free", "ok" if enough else "slow", advice)


def _free_memory_gb() -> float | None:
    path = Path("/proc/meminfo")
    if not path.is_file():
        return None
    kb = next(line.split()[1] for line in path.read_text().splitlines() if line.startswith("MemAvailable"))
    return int(kb) * 1024 / _GIB


def _disk(folder: Path) -> Finding:
    there = next(place for place in (folder.absolute(), *folder.absolute().parents) if place.is_dir())
    free_gb = shutil.disk_usage(there).free / _GIB
    if not os.access(there, os.W_OK):
        return Finding("disk", f"{there} cannot be written to", "missing", "name another folder with --output")
    enough = free_gb >= _DISK_GB
    advice = "" if enough else f"{_DISK_GB:.0f} GB are wanted for pages and checkpoints"
    return Finding("disk", f"{free_gb:.0f} GB free in {there}", "ok" if enough else "slow", advice)


def main(argv: Sequence[str] | None = None) -> int:
    """0 when everything needed is there, 1 when something is missing."""
    made = argparse.ArgumentParser(prog="python -m ecg.fit.doctor", description=__doc__)
    made.add_argument("--output", type=Path, default=Path("experiments"), help="where a training would write")
    made.add_argument("--json", action="store_true", help="print the findings as JSON")
    args = made.parse_args(argv)
    findings = list(examine(args.output))
    if args.json:
        print(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        for f in findings:
            print(f"{f.verdict:8}{f.what:11}{f.found}{f': {f.advice}' if f.advice else ''}")
    return int(any(finding.verdict == "missing" for finding in findings))


if __name__ == "__main__":
    sys.exit(main())
