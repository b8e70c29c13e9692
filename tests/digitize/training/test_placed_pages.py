"""Pages of other simulators: pictures by id with a CSV and a table of rates, and ecg-image-kit's JSON with WFDB."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import page_forms as forms
import pytest
import torch

from digitize.training import validate_data
from digitize.training.losses import heat_loss
from digitize.training.page_files import find_pages, open_page
from digitize.training.page_samples import page_example
from digitize.training.prepared_pages import PreparedPages
from ecg.reading import Reading
from simulate.dataset.writer import write_pages

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two pages of our simulator in the size of a scan."""
    folder = tmp_path_factory.mktemp("ours")
    write_pages(folder, count=2, seed=5, preset="clean", layout="3x4+1", long_side_px=1500)
    return folder


def off_px(found: Reading, truth: Reading) -> float:
    """How far the curves of two readings lie apart, typically, at the worst lead."""
    distances = []
    for one in found.traces:
        same = [other for other in truth.traces if other.lead == one.lead]
        heights = [np.interp(one.x_px, other.x_px, other.y_px) for other in same]
        distances.append(min(float(np.nanmedian(np.abs(height - one.y_px))) for height in heights))
    assert len(distances) == len(truth.traces)
    return float(np.max(distances))


@pytest.mark.slow
def test_ecg_image_kit_is_placed_by_its_plotted_pixels(ours: Path, tmp_path: Path) -> None:
    root = forms.kit(tmp_path / "kit", ours)
    pages, left_out = find_pages(root, root)
    assert (len(pages), left_out) == (2, [])
    assert {page.signal.suffix for page in pages} == {".hea"}
    for page, picture in zip(pages, sorted(ours.glob("*.png")), strict=True):
        _, reading = open_page(page)
        truth = forms.truth_of(picture)
        assert len(reading.layout.rows()) == len(truth.layout.rows())
        assert off_px(reading, truth) < 1.0
        scale = reading.geometry.px_per_mm((0.0, 0.0))
        assert scale == pytest.approx(truth.geometry.px_per_mm((0.0, 0.0)), rel=0.02)
        assert [path.suffix for path in page.paths] == [".png", ".json", ".hea", ".dat"]


@pytest.mark.slow
def test_a_kit_page_of_another_signal_is_refused(ours: Path, tmp_path: Path) -> None:
    root = forms.kit(tmp_path / "kit", ours)
    one, other = sorted(root.glob("*.json"))
    texts = one.read_text(), other.read_text()
    one.write_text(texts[1])
    page = find_pages(root, root)[0][0]
    with pytest.raises(ValueError, match=r"points lie \d+ px off the signal of the record; are they a pair"):
        open_page(page)
    facts = json.loads(texts[0])
    one.write_text(json.dumps({**facts, "leads": [{**lead, "plotted_pixels": []} for lead in facts["leads"]]}))
    with pytest.raises(ValueError, match="no lead with plotted_pixels"):
        open_page(page)


@pytest.mark.slow
def test_pictures_by_id_are_placed_by_the_digitizer(
    ours: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = forms.by_id(tmp_path, ours)
    pages, left_out = find_pages(root, root)
    assert (len(pages), left_out) == (4, [])
    assert [page.record for page in pages] == ["1006427285"] * 2 + ["1006427286"] * 2
    assert {page.fs_hz for page in pages} == {250.0}
    _, reading = open_page(pages[0])
    truth = forms.truth_of(min(ours.glob("*.png")))
    assert off_px(reading, truth) < 1.5
    example = page_example(truth.page.pixels, reading, (672, 512))
    assert example["signal"].isfinite().any(1).all()
    assert example["grid"].isnan().all()  # nobody says where the grid ends
    assert validate_data.main(["--sim_root", str(root), "--max_samples", "1"]) == 0
    assert "4 pages, 1 opened, 0 with a problem" in capsys.readouterr().out
    (root / "1006427285/1006427285.csv").write_text((root / "1006427286/1006427286.csv").read_text())
    with pytest.raises(ValueError, match=r"what is read from it is not the signal of .*1006427285"):
        open_page(pages[0])


def test_without_a_table_the_rate_is_asked_for(ours: Path, tmp_path: Path) -> None:
    root = forms.by_id(tmp_path, ours)
    (tmp_path / "train.csv").unlink()
    with pytest.raises(ValueError, match=r"1006427285\.csv: no column time_s, so the sampling rate must be given"):
        open_page(find_pages(root, root)[0][0])


def test_signals_in_another_folder(ours: Path, tmp_path: Path) -> None:
    root = forms.by_id(tmp_path, ours)
    (tmp_path / "csv").mkdir()
    for path in root.rglob("*.csv"):
        path.rename(tmp_path / "csv" / path.name)
    pages, _ = find_pages(root, tmp_path / "csv")
    assert {page.signal.parent.name for page in pages} == {"csv"} and len(pages) == 4


def test_what_is_not_known_of_the_grid_costs_nothing() -> None:
    logits = torch.zeros(2, 1, 4, 4, requires_grad=True)
    target = torch.full((2, 1, 4, 4), float("nan"))
    assert heat_loss(logits, target) == 0
    target[0] = 0.5
    loss = heat_loss(logits, target)
    loss.backward()
    assert loss.isfinite() and not logits.grad[1].any() and logits.grad.isfinite().all()
    assert torch.isclose(loss, heat_loss(logits[:1], target[:1]))


def test_pages_kept_to_judge_are_seen_in_one_light(ours: Path) -> None:
    pages = find_pages(ours, ours)[0]
    still, varied = PreparedPages(pages, (64, 32), 5, varied=False), PreparedPages(pages, (64, 32), 5)
    first = still[0]["image"]
    still.set_epoch(3)
    assert torch.equal(first, still[0]["image"]) and not torch.equal(first, varied[0]["image"])
