"""The table of commands is true of the code, and the README shows it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecg import commands
from ecg.commands import COMMANDS, of_module, readme_table

ROOT = Path(__file__).parents[2]
PACKAGES = ("ecg", "simulate", "digitize", "classify")


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__main__" else parts)


def test_every_module_that_runs_is_in_the_table_once() -> None:
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    guard = '__name__ == "__main__"'
    runs = [module_name(p) for p in files if p.name == "__main__.py" or guard in p.read_text(encoding="utf-8")]
    assert sorted(command.module for command in COMMANDS) == sorted(runs)


def test_each_is_one_sentence_and_each_word_stands_for_one() -> None:
    assert all(command.purpose.endswith(".") and ". " not in command.purpose for command in COMMANDS)
    words = [command.word for command in COMMANDS if command.word]
    assert len(set(words)) == len(words)


def test_the_readme_shows_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert readme_table() in (ROOT / "README.md").read_text(encoding="utf-8")
    assert commands.main([]) == 0
    assert capsys.readouterr().out.strip() == readme_table()


def test_a_module_that_is_not_in_the_table_is_not_known() -> None:
    with pytest.raises(KeyError):
        of_module("digitize.nothing")
