"""How a command begins and ends, and that its words mean the same everywhere."""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path

import pytest

from ecg import cli
from ecg.files import InputError

DIGITIZE = ("infer", "train", "evaluate", "visualize", "export")


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="a command")
    made.add_argument("--number", type=int, default=3)
    return made


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (InputError("p.png: not a page"), 1, "a command: error: p.png: not a page\n"),
        (FileNotFoundError("p.csv: no such file"), 1, "a command: error: p.csv: no such file\n"),
        (KeyboardInterrupt(), 130, "a command: interrupted\n"),
    ],
)
def test_what_goes_wrong_is_one_line_and_a_code(
    error: BaseException, code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(number: int) -> int:
        raise error

    assert cli.run(parser(), [], fails) == code
    assert capsys.readouterr() == ("", words)


def test_a_wrong_value_ends_as_a_wrong_command_does(capsys: pytest.CaptureFixture[str]) -> None:
    def fails(number: int) -> int:
        raise ValueError(f"number must be odd, got {number}")

    for argv in (["--number", "4"], ["--number", "four"], ["--nonsense"]):
        with pytest.raises(SystemExit) as stop:
            cli.run(parser(), argv, fails)
        assert stop.value.code == 2
    assert "a command: error: number must be odd, got 4" in capsys.readouterr().err


def test_errors_that_nobody_foresaw_are_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        cli.run(parser(), [], lambda number: 1 // 0)


def test_an_entry_takes_arguments_and_gives_the_code_of_its_body() -> None:
    @cli.entry(parser)
    def main(options: argparse.Namespace) -> int:
        """Doubles."""
        return 2 * int(options.number)

    assert (main([]), main(["--number", "5"]), main.__doc__) == (6, 10, "Doubles.")


@pytest.mark.parametrize(("named", "taken"), [("", None), ("hearts", Path("hearts"))])
def test_an_empty_variable_names_no_recordings(named: str, taken: Path | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECG_DATA", named)
    made = argparse.ArgumentParser()
    cli.add_data(made)
    assert made.parse_args([]).data == taken


@pytest.mark.parametrize("name", DIGITIZE)
def test_a_command_file_holds_its_parser_and_its_main(name: str) -> None:
    path = Path(cli.__file__).parents[1] / "digitize" / f"{name}.py"
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 60
    assert [line.split("(")[0] for line in text.splitlines() if line.startswith(("def ", "class "))] == [
        "def parser",
        "def main",
    ]


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("digitize.evaluate", ["--drawn", "photo"], ["--preset", "photo"]),
        ("digitize.train", ["--sim_root", "p"], ["--pages", "p"]),
        ("digitize.train", ["--force_cpu"], ["--device", "cpu"]),
        ("digitize.training.validate_data", ["--sim_root", "p"], ["--pages", "p"]),
        ("digitize.studies.layout_accuracy", ["--presets", "scan"], ["--preset", "scan"]),
        ("digitize.studies.fit_confidence", ["--presets", "scan"], ["--preset", "scan"]),
        ("digitize.studies.reading_speed", ["--pages", "p", "--engines", "onnx"], ["--pages", "p", "--engine", "onnx"]),
    ],
)
def test_old_names_of_options_mean_what_they_meant(module: str, old: list[str], new: list[str]) -> None:
    made = import_module(module).parser()
    assert made.parse_args(old) == made.parse_args(new)
