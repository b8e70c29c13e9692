"""The long batch in small: what is broken is named, what holds an ECG is read, whatever the picture's kind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from drawn_page import FakeDigitizer

from digitize import engines
from digitize.errors import NotAnEcg
from digitize.studies import batch_robustness
from ecg.layout import Template
from ecg.page import Page
from ecg.reading import Reading

UNUSUAL = {"cmyk", "sixteen-bits", "animated"}


class Picky(FakeDigitizer):
    """Reads what has the paper's white corners or margins; hills and sky are refused."""

    def __call__(self, page: Page, layout: Template | None, mm_per_s: float | None, mm_per_mv: float | None) -> Reading:
        if page.pixels[-1, :, 2].mean() < 100:
            raise NotAnEcg("no ECG grid was found")
        return super().__call__(page, layout, mm_per_s, mm_per_mv)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, object], Path]:
    folder = tmp_path_factory.mktemp("batch")
    return batch_robustness.read_batch(13, folder, digitizer=Picky()), folder


@pytest.mark.slow
def test_every_page_is_read_and_every_broken_file_named(report: tuple[dict[str, object], Path]) -> None:
    found, folder = report
    assert (found["files"], found["read"], found["lost"], found["read_though_broken"]) == (13, 3, {}, [])
    named = found["named"]
    assert isinstance(named, dict)
    assert set(named) == {f"broken-{name}" for name in batch_robustness.BROKEN}
    for name, words in {
        "truncated": "damaged or cut off",
        "empty": "the file is empty",
        "speck": "1x1 px is too small",
        "huge": "far too many pixels",
        "text": "not a picture or PDF",
        "locked": "password",
        "cmyk-no-ecg": "no ECG grid",
    }.items():
        assert words in named[f"broken-{name}"]
        assert str(folder / "pages" / f"broken-{name}") in named[f"broken-{name}"]
    assert {path.stem for path in (folder / "read").glob("*.csv")} >= UNUSUAL
    assert json.loads((folder / "batch_robustness.json").read_text())["read"] == 3


def test_memory_is_noted_on_the_way(report: tuple[dict[str, object], Path]) -> None:
    memory = report[0]["memory_mb"]
    assert isinstance(memory, dict)
    assert len(memory) >= 5
    assert all(50 < value < 8000 for value in memory.values())


def test_a_lost_page_fails_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Blind(Picky):
        def __call__(self, page: Page, *given: object) -> Reading:
            raise NotAnEcg("nothing seen")

    monkeypatch.setattr(engines, "load_digitizer", lambda device, engine: Blind())
    monkeypatch.setattr(batch_robustness, "BROKEN", {"empty": batch_robustness.BROKEN["empty"]})
    assert batch_robustness.main(["--count", "4", "--output", str(tmp_path)]) == 1
    assert set(json.loads(capsys.readouterr().out)["lost"]) == UNUSUAL
    with pytest.raises(SystemExit):
        batch_robustness.main(["--count", "3", "--output", str(tmp_path)])
