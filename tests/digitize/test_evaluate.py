"""`digitize.evaluate` from the command line: what it prints, and how it ends."""

from __future__ import annotations

from pathlib import Path

import pytest
from drawn_page import CRASH_COLOUR, FakeDigitizer, drawn
from saved_pages import WHOLE, save_page

from digitize import engines, evaluate
from ecg import write


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--stress", "earthquake"], "unknown stress earthquake"),
        (["--printed", "5x5"], "unknown layout"),
        (["--truth", "other"], "no recording is named like"),
        (["--limit", "0"], "limit"),
    ],
)
def test_commands_that_make_no_sense_end_with_2_and_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], options: list[str], words: str
) -> None:
    save_page(tmp_path / "pages" / "a.png")
    (tmp_path / "other").mkdir()
    write(WHOLE, str(tmp_path / "other" / "b.csv"))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        evaluate.main(["--pages", "pages", *options])
    assert ended.value.code == 2
    assert words in capsys.readouterr().err


@pytest.mark.slow
def test_main_prints_the_table_and_fails_when_a_page_crashed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(engines, "load_digitizer", lambda device, engine: FakeDigitizer())
    save_page(tmp_path / "pages" / "a.png")
    write(drawn().record, str(tmp_path / "pages" / "a.csv"))
    options = ["--pages", str(tmp_path / "pages"), "--output", str(tmp_path / "out")]
    assert evaluate.main(options) == 0
    assert "| pages" in capsys.readouterr().out
    save_page(tmp_path / "pages" / "b.png", CRASH_COLOUR)
    assert evaluate.main(options) == 1
