"""The house rules: imports only go downhill, nothing heavy is loaded early, every command explains itself."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FLOORS = ("ecg", "simulate", "digitize", "classify")  # each imports only itself and what stands before it
FILES = sorted(path for floor in FLOORS for path in (ROOT / floor).rglob("*.py"))
HEAVY = ("torch", "torchvision", "segmentation_models_pytorch", "timm", "albumentations")
HELP_CPU_S = 2.0  # a loaded machine stretches the clock, not the work


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] in ("__init__", "__main__") else parts)


def imported(path: Path) -> Iterator[str]:
    """Every module that a file imports, also inside functions."""
    package = module_name(path).split(".") if path.name == "__init__.py" else module_name(path).split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            yield ".".join([*base, *([node.module] if node.module else [])])


def commands() -> list[str]:
    """Modules that run as `python -m`."""
    guard = '__name__ == "__main__"'
    return [module_name(p) for p in FILES if p.name == "__main__.py" or guard in p.read_text(encoding="utf-8")]


def run_python(code: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, cwd=ROOT, env=env)


@pytest.mark.parametrize("floor", FLOORS)
def test_imports_only_go_downhill(floor: str) -> None:
    above = FLOORS[FLOORS.index(floor) + 1 :]
    upward = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in FILES
        if path.relative_to(ROOT).parts[0] == floor
        for name in imported(path)
        if name.split(".")[0] in above
    ]
    assert upward == []


def test_the_rule_sees_every_way_to_import() -> None:
    assert {"glob", "pathlib", "ecg.formats"} <= set(imported(ROOT / "ecg" / "formats" / "find.py"))
    assert "wfdb" in set(imported(ROOT / "ecg" / "formats" / "wfdb.py"))  # inside a function


def test_torch_lives_only_where_it_belongs() -> None:
    """Below digitize, only the trainers' workshop and the stream that feeds it know torch."""
    allowed = ("ecg/fit/", "simulate/dataset/page_stream.py", "digitize/", "classify/")
    strays = [
        str(path.relative_to(ROOT))
        for path in FILES
        if any(name.split(".")[0] in HEAVY[:4] for name in imported(path))
        and not path.relative_to(ROOT).as_posix().startswith(allowed)
    ]
    assert strays == []


def test_importing_the_packages_is_light() -> None:
    done = run_python(
        f"import sys, ecg, simulate, digitize, classify; print([m for m in {HEAVY!r} if m in sys.modules])"
    )
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.parametrize("command", commands())
def test_help_comes_at_once_and_without_torch(command: str) -> None:
    code = f"""
import runpy, sys, time
sys.argv = [{command!r}, "--help"]
try:
    runpy.run_module({command!r}, run_name="__main__", alter_sys=True)
except SystemExit as stop:
    heavy = [m for m in {HEAVY!r} if m in sys.modules]
    print("code", stop.code, "heavy", heavy, "cpu", time.process_time(), file=sys.stderr)
"""
    done = run_python(code)
    _, code_text, _, rest = done.stderr.strip().splitlines()[-1].split(maxsplit=3)
    heavy, _, cpu_s = rest.rpartition(" cpu ")
    assert (code_text, heavy) == ("0", "[]"), done.stderr
    assert f"python -m {command}" in done.stdout
    assert float(cpu_s) < HELP_CPU_S


def test_every_promised_command_is_there() -> None:
    promised = {"simulate", *(f"digitize.{name}" for name in ("train", "infer", "evaluate", "visualize"))}
    promised |= {f"classify.{name}" for name in ("train", "infer", "evaluate")}
    assert promised <= set(commands())


def test_there_is_no_attic() -> None:
    assert [p for p in FILES if p.stem in {"utils", "util", "common", "helpers", "misc"}] == []


def test_every_function_is_annotated() -> None:
    bare = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.returns is None
    ]
    assert bare == []
