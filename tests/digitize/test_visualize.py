"""`digitize.visualize` from the command line: the views there are, and why there are none."""

from __future__ import annotations

from pathlib import Path

import pytest
from drawn_page import REFUSED_COLOUR, REFUSED_WORDS, FakeDigitizer, drawn
from PIL import Image

from digitize import batch, visualize
from digitize.evaluation import visualization


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeDigitizer:
    """Every command line gets the stand-in."""
    digitizer = FakeDigitizer()
    monkeypatch.setattr(batch, "load_digitizer", lambda device, engine: digitizer)
    return digitizer


def save(path: Path, colour: tuple[int, int, int] = (255, 255, 255), **options: object) -> Path:
    image = Image.fromarray(drawn().page.pixels)
    image.putpixel((0, 0), colour)
    image.save(path, **options)
    return path


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_visualize_draws_all_three_views(tmp_path: Path, fake: FakeDigitizer) -> None:
    out = tmp_path / "view.png"
    assert visualize.main(["--image", str(save(tmp_path / "scan.png")), "--output", str(out)]) == 0
    with Image.open(out) as image:
        assert min(image.size) > 1000


def test_visualize_finds_the_truth_beside_the_page(
    tmp_path: Path, fake: FakeDigitizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from matplotlib.figure import Figure

    from ecg import write

    seen: list[visualization.Inspection] = []
    monkeypatch.setattr(visualization, "draw", lambda one: seen.append(one) or Figure())
    scan = save(tmp_path / "scan.png")
    argv = ["--image", str(scan), "--output", str(tmp_path / "view.png")]
    assert visualize.main(argv) == 0
    write(drawn().record, str(tmp_path / "scan.truth.csv"))
    assert visualize.main(argv) == 0
    assert [one.truth is None for one in seen] == [True, False]
    assert visualize.main([*argv, "--truth", "no.csv"]) == 1


def test_visualize_says_why_a_page_was_refused(
    tmp_path: Path, fake: FakeDigitizer, capsys: pytest.CaptureFixture[str]
) -> None:
    scan = save(tmp_path / "scan.png", REFUSED_COLOUR)
    assert visualize.main(["--image", str(scan), "--output", str(tmp_path / "view.png")]) == 1
    assert REFUSED_WORDS in capsys.readouterr().err
    assert names(tmp_path) == {"scan.png"}
