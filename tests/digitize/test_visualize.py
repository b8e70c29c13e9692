"""`digitize.visualize` from the command line: the views there are, and why there are none."""

from __future__ import annotations

from pathlib import Path

import pytest
from drawn_page import REFUSED_COLOUR, REFUSED_WORDS, FakeDigitizer, drawn
from PIL import Image
from saved_pages import names, save_page

from digitize import visualize
from digitize.evaluation import visualization


@pytest.mark.slow
def test_visualize_draws_all_three_views(tmp_path: Path, fake: FakeDigitizer) -> None:
    out = tmp_path / "view.png"
    assert visualize.main(["--image", str(save_page(tmp_path / "scan.png")), "--output", str(out)]) == 0
    with Image.open(out) as image:
        assert min(image.size) > 1000


def test_visualize_finds_the_truth_beside_the_page(
    tmp_path: Path, fake: FakeDigitizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from matplotlib.figure import Figure

    from ecg import write

    seen: list[visualization.Inspection] = []
    monkeypatch.setattr(visualization, "draw", lambda one: seen.append(one) or Figure())
    scan = save_page(tmp_path / "scan.png")
    argv = ["--image", str(scan), "--output", str(tmp_path / "view.png")]
    assert visualize.main(argv) == 0
    write(drawn().record, str(tmp_path / "scan.truth.csv"))
    assert visualize.main(argv) == 0
    assert [one.truth is None for one in seen] == [True, False]
    assert visualize.main([*argv, "--truth", "no.csv"]) == 1


def test_visualize_says_why_a_page_was_refused(
    tmp_path: Path, fake: FakeDigitizer, capsys: pytest.CaptureFixture[str]
) -> None:
    scan = save_page(tmp_path / "scan.png", REFUSED_COLOUR)
    assert visualize.main(["--image", str(scan), "--output", str(tmp_path / "view.png")]) == 1
    assert REFUSED_WORDS in capsys.readouterr().err
    assert names(tmp_path) == {"scan.png"}
