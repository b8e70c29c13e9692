"""Where a run's numbers come from: command, code, packages, machine."""

from __future__ import annotations

import os
import platform
import shlex
import subprocess
import sys
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ecg.files import JsonObject

_PACKAGES = (
    "torch", "torchvision", "segmentation-models-pytorch", "timm", "numpy", "scipy", "opencv-python-headless",
    "albumentations", "scikit-learn", "wfdb",
)  # fmt: skip


def origin() -> JsonObject:
    """What one start of a run was: JSON types; a package that is not installed and code outside git are null."""
    return {
        "time": datetime.now().astimezone().isoformat(timespec="seconds"),
        "command": shlex.join(sys.orig_argv),
        "git": git_revision(),
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in _PACKAGES},
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
    }


def git_revision(folder: Path = Path(__file__).parent) -> str | None:
    """The commit of the code, with "+changes" where files differ from it."""
    revision = _git(folder, "rev-parse", "HEAD")
    if revision is None:
        return None
    return revision + ("+changes" if _git(folder, "status", "--porcelain", "--untracked-files=no") else "")


def _git(folder: Path, *words: str) -> str | None:
    try:
        done = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
