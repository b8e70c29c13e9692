"""The network of a run: judged by itself, and on whole pages in place of the shipped one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from digitize import evaluate
from digitize.engines import load_digitizer
from digitize.evaluation.checkpoint_review import review, with_checkpoint
from digitize.pipeline import Digitizer


def best(run: Path) -> Path:
    return run / "checkpoints" / "best.pth"


def test_a_checkpoint_is_judged_by_itself(page_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate.main(["--checkpoint", str(best(page_run)), "--output", str(tmp_path / "out")]) == 0
    found = json.loads((tmp_path / "out/report.json").read_text())["checkpoint"]
    last = json.loads((page_run / "metrics.jsonl").read_text().splitlines()[-1])
    assert found["measures"] == pytest.approx(last["val"])
    assert {path.name for path in (tmp_path / "out").glob("*.png")} == set(found["pictures"]) != set()
    assert "2 held-out pages (synthetic)" in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["row", "names"])
def test_every_kind_of_network_is_judged(kind: str, row_run: Path, names_run: Path, tmp_path: Path) -> None:
    run = row_run if kind == "row" else names_run
    last = json.loads((run / "metrics.jsonl").read_text().splitlines()[-1])
    assert review(best(run), tmp_path)["measures"] == pytest.approx(last["val"])


def test_a_checkpoint_takes_the_place_of_the_shipped_network_of_its_kind(
    page_run: Path, row_run: Path, names_run: Path, tmp_path: Path
) -> None:
    shipped = Digitizer.load()
    for kind, run in (("page", page_run), ("row", row_run), ("names", names_run)):
        other = with_checkpoint(shipped, best(run), tmp_path)
        old, new = shipped.nets, other.nets
        changed = {name for name in ("page", "row", "words") if getattr(new, name) is not getattr(old, name)}
        assert changed == {"words" if kind == "names" else kind}
        assert {name for name in old.versions if new.versions[name] != old.versions[name]} == {kind}
        assert (new.page_size_px == (128, 96)) == (kind == "page")
    with pytest.raises(ValueError, match="--checkpoint needs the engine torch"):
        with_checkpoint(load_digitizer(engine="classical"), best(page_run), tmp_path)


@pytest.mark.slow
def test_whole_pages_are_read_with_a_checkpoint(
    page_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.new("RGB", (600, 400), "white").save(tmp_path / "blank.png")
    options = ["--pages", str(tmp_path / "blank.png"), "--output", str(tmp_path / "out")]
    assert evaluate.main(["--checkpoint", str(best(page_run)), *options]) == 0
    report = json.loads((tmp_path / "out/report.json").read_text())
    assert report["checkpoint"]["kind"] == "page"
    assert report["groups"][0]["refused"] == 1
