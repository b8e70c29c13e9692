"""Every command explains itself at once, nothing heavy is loaded early, and one table lists all that a user meets."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from house.structure import ROOT, modules

from ecg.commands import COMMANDS, readme_table

HEAVY = ("torch", "torchvision", "segmentation_models_pytorch", "timm", "albumentations")
SLOW_TO_LOAD = (*HEAVY, "scipy", "cv2", "pandas", "matplotlib", "sklearn", "wfdb")  # a second together
RUNNABLE = [module.name.removesuffix(".__main__") for module in modules() if module.is_command]
_STUDIES = (".studies.", ".training.", "simulate.benchmark")  # these hold what they run
PRODUCT = {c.module for c in COMMANDS if not any(part in c.module for part in _STUDIES)}


def run_python(code: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, cwd=ROOT, env=env)


@pytest.mark.slow
def test_torch_lives_only_where_it_belongs() -> None:
    """Below digitize, only the trainers' workshop and the stream that feeds it know torch."""
    allowed = ("ecg.fit.", "simulate.dataset.page_stream", "digitize.", "classify.", "archive.", "serve.")
    strays = [
        module.name
        for module in modules()
        if any(found.name.split(".")[0] in HEAVY[:4] for found in module.imports)
        and not module.name.startswith(allowed)
    ]
    assert strays == []


def test_importing_the_packages_is_light() -> None:
    done = run_python(
        f"import sys, ecg, simulate, digitize, classify, galvano; print([m for m in {HEAVY!r} if m in sys.modules])"
    )
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.parametrize("command", RUNNABLE)
def test_help_loads_nothing_that_takes_long(command: str) -> None:
    code = f"""
import runpy, sys
sys.argv = [{command!r}, "--help"]
try:
    runpy.run_module({command!r}, run_name="__main__", alter_sys=True)
except SystemExit as stop:
    heavy = [m for m in {SLOW_TO_LOAD if command in PRODUCT else HEAVY!r} if m in sys.modules]
    print("code", stop.code, "heavy", heavy, file=sys.stderr)
"""
    done = run_python(code)
    _, code_text, _, heavy = done.stderr.strip().splitlines()[-1].split(maxsplit=3)
    assert (code_text, heavy) == ("0", "[]"), done.stderr
    assert f"python -m {command}" in done.stdout or f"usage: {command}" in done.stdout


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.module)
def test_every_command_of_the_table_can_be_run(command: object) -> None:
    assert command.module in RUNNABLE  # type: ignore[attr-defined]


def test_every_command_outside_the_laboratory_stands_in_the_table() -> None:
    """Measurements of the laboratory are described where their figures are; everything else a user must find."""
    product = {m.name.removesuffix(".__main__") for m in modules() if m.is_command and not m.is_laboratory}
    assert product - {command.module for command in COMMANDS} - {"galvano", "simulate.benchmark"} == set()


def test_readme_shows_the_table() -> None:
    assert readme_table() in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("words", [["--help"], ["nonsense"], []])
def test_the_console_command_explains_itself(words: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "galvano", *words], capture_output=True, text=True, cwd=ROOT, timeout=60
    )
    assert done.returncode == (0 if words == ["--help"] else 2)
    shown = done.stdout + done.stderr
    assert all(re.search(rf"^  {command.word} ", shown, re.M) for command in COMMANDS if command.word)


def test_the_console_command_dispatches() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "galvano", "read", "--help"], capture_output=True, text=True, cwd=ROOT, timeout=60
    )
    assert done.returncode == 0
    assert "python -m digitize.infer" in done.stdout
