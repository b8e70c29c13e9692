"""The network of a run: judged by itself, and on whole pages in place of the shipped one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image
from tiny_runs import NET, PAGE, trained

from digitize import evaluate, infer, visualize
from digitize.engines import load_digitizer
from digitize.evaluation.checkpoint_review import review, with_checkpoint
from digitize.evaluation.whole_page import SinglePass
from digitize.pipeline import Digitizer
from ecg import read
from simulate.dataset.writer import write_pages


def best(run: Path) -> Path:
    return run / "checkpoints" / "best.pth"


@pytest.mark.slow
def test_a_checkpoint_is_judged_by_itself(page_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate.main(["--checkpoint", str(best(page_run)), "--output", str(tmp_path / "out")]) == 0
    found = json.loads((tmp_path / "out/report.json").read_text())["checkpoint"]
    last = json.loads((page_run / "metrics.jsonl").read_text().splitlines()[-1])
    assert found["measures"] == pytest.approx(last["val"])
    assert {path.name for path in (tmp_path / "out").glob("*.png")} == set(found["pictures"]) != set()
    assert "2 held-out pages (synthetic)" in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["row", "names"])
@pytest.mark.slow
def test_every_kind_of_network_is_judged(kind: str, row_run: Path, names_run: Path, tmp_path: Path) -> None:
    run = row_run if kind == "row" else names_run
    last = json.loads((run / "metrics.jsonl").read_text().splitlines()[-1])
    assert review(best(run), tmp_path)["measures"] == pytest.approx(last["val"])


@pytest.mark.slow
def test_a_checkpoint_takes_the_place_of_the_shipped_network_of_its_kind(
    page_run: Path, place_run: Path, row_run: Path, names_run: Path, tmp_path: Path
) -> None:
    shipped = Digitizer.load()
    whole = with_checkpoint(shipped, best(page_run), tmp_path)
    assert isinstance(whole, SinglePass) and whole.size_px == (128, 96)
    for kind, run in (("page", place_run), ("row", row_run), ("names", names_run)):
        other = with_checkpoint(shipped, best(run), tmp_path)
        assert isinstance(other, Digitizer)
        old, new = shipped.nets, other.nets
        changed = {name for name in ("page", "row", "words") if getattr(new, name) is not getattr(old, name)}
        assert changed == {"words" if kind == "names" else kind}
        assert {name for name in old.versions if new.versions[name] != old.versions[name]} == {kind}
        assert (new.page_size_px == (128, 96)) == (kind == "page")
    with pytest.raises(ValueError, match="--checkpoint needs the engine torch"):
        with_checkpoint(load_digitizer(engine="classical"), best(page_run), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind",
    ["page_run", "place_run", *(pytest.param(kind, marks=pytest.mark.long) for kind in ("row_run", "names_run"))],
)
def test_ones_own_network_reads_pages_from_every_command(
    kind: str, request: pytest.FixtureRequest, scan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["--checkpoint", str(best(request.getfixturevalue(kind)))]
    code = infer.main(["--image", str(scan), "--output", str(tmp_path), *given])
    if code:  # a network of two steps may see no page at all: then it says so, and nothing of the shipped one's comes
        assert kind == "place_run" and not (tmp_path / f"{scan.stem}.csv").exists()
        return
    written = json.loads((tmp_path / f"{scan.stem}.json").read_text())
    shipped = Digitizer.load().nets.versions
    own = {"page_run": "signal", "place_run": "page", "row_run": "row", "names_run": "names"}[kind]
    assert {name for name, version in written["weights"].items() if version != shipped.get(name)} == {own}
    assert read(tmp_path / f"{scan.stem}.csv").signal_mv.shape == (12, 5000)
    assert visualize.main(["--image", str(scan), "--output", str(tmp_path / "seen.png"), *given]) == 0
    assert Image.open(tmp_path / "seen.png").size[0] > 1000
    assert evaluate.main(["--pages", str(scan), "--output", str(tmp_path / "report"), *given]) == 0
    report = json.loads((tmp_path / "report/report.json").read_text())
    assert (report["groups"][0]["pages"], report["groups"][0]["refused"]) == (1, 0)
    if kind == "names_run":  # it knows no name yet, and says so; the layout can still be seen
        assert "names-not-recognised" in written["codes"]
    else:
        assert report["groups"][0]["metrics"]["snr_mean_db"] < 20  # the shipped networks stand above 25


def test_a_checkpoint_needs_the_engine_of_its_networks(
    row_run: Path, scan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        visualize.main(["--image", str(scan), "--checkpoint", str(best(row_run)), "--engine", "onnx"])
    assert "--checkpoint needs the engine torch" in capsys.readouterr().err


@pytest.mark.slow
def test_a_run_on_ones_own_pages_is_judged_on_those_it_held_out(drawn: Path, tmp_path: Path) -> None:
    run = trained(tmp_path / "own", PAGE, "--sim_root", str(drawn), "--epochs", "1")
    judged = review(best(run), tmp_path)
    (row,) = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert judged["measures"] == pytest.approx(row["val"])
    assert (judged["pages"], judged["recordings"]) == (1, f"of {drawn.resolve()}")


@pytest.fixture(scope="session")
def place_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page pass without a signal head."""
    net = {**NET, "heads": ["seg", "grid", "baseline", "theta"]}
    return trained(tmp_path_factory.mktemp("place"), {**PAGE, "net": net})


@pytest.fixture(scope="session")
def scan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page in the size of a scan, with its truth beside it."""
    folder = tmp_path_factory.mktemp("scan")
    write_pages(folder, count=1, seed=5, preset="clean", layout="3x4+1", long_side_px=1500)
    return next(folder.glob("*.png"))
