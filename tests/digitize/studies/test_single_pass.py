"""Reading from the signal head alone: with a head that sees everything, from a checkpoint, and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from oracle import Oracle, heart, scene

from digitize.evaluation.metrics import page_ratio, to_db
from digitize.evaluation.whole_page import Curves, SinglePass, near_its_box, upright
from digitize.nets.heads import NetSpec
from digitize.nets.reconstruction import ReconstructionNet
from digitize.pipeline import Digitizer
from digitize.studies.single_pass import main
from digitize.training.page_samples import page_targets
from digitize.training.recipe import Pages, PassRecipe
from ecg.fit import checkpoint
from ecg.fit.recipe import to_dict
from ecg.geometry import PageGeometry, project
from ecg.layout import Layout
from ecg.page import Page
from ecg.reading import Reading

torch.set_num_threads(1)
TINY = NetSpec("timm-mobilenetv3_small_minimal_100", decoder_channels=(16, 16, 8, 8, 8))


class FlawlessHead(SinglePass):
    """Knows the heights of the page whose truth stands in for the network."""

    def _look(self, page: Page, geometry: PageGeometry, layout: Layout) -> Curves:
        matrix = upright(geometry, layout, self.size_px)
        targets = page_targets(self.net, matrix, self.size_px)
        height = targets["signal"].astype(float)
        seen = np.isfinite(height)
        ones = np.ones(height.shape)
        return Curves(matrix, np.where(seen, height, 0.0), ones, seen.astype(float), targets["signal_edge"])


def drawn(name: str, seed: int = 1) -> tuple[Page, Reading]:
    """A page without pulses and wear, and its truth."""
    found = scene(seed, "clean", name, pulse="none")
    page, truth = replace(found, effects={}).render(heart(seed))
    return page, truth


@pytest.mark.slow
@pytest.mark.parametrize("name", ["3x4+1", "12x1", "cabrera-3x4+1"])
def test_a_flawless_head_gives_the_signal_back(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    page, truth = drawn(name)
    digitizer = Oracle(truth).use(monkeypatch)
    found = FlawlessHead(digitizer, truth, (2688, 2048))(page, mm_per_mv=10.0)
    assert found.layout.name == name
    assert to_db(page_ratio(truth.record, found.record)) > 15
    assert np.isfinite(found.record["II"]).mean() > 0.97  # the strip goes on where the short lead ends


@pytest.mark.slow
def test_small_pictures_cost_the_flanks(monkeypatch: pytest.MonkeyPatch) -> None:
    page, truth = drawn("3x4+1")
    digitizer = Oracle(truth).use(monkeypatch)
    by_width = [
        to_db(page_ratio(truth.record, FlawlessHead(digitizer, truth, size)(page, mm_per_mv=10.0).record))
        for size in ((320, 256), (2688, 2048))
    ]
    assert by_width[0] < by_width[1] - 1


def test_the_page_is_brought_upright_whole() -> None:
    truth = drawn("6x2")[1]
    turned = truth.geometry.after(np.array([[0, -1, 900], [1, 0, 0], [0, 0, 1.0]]))
    x0, y0, x1, y1 = truth.layout.extent_mm
    corners = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
    at = project(upright(turned, truth.layout, (640, 480)), turned.to_px(corners))
    assert (at > 0).all() and (at < (640, 480)).all()
    assert (at[1] - at[0])[0] > 100 and (at[3] - at[0])[1] > 100  # to the right, and down
    assert np.ptp(at[:, 0]) > 500 or np.ptp(at[:, 1]) > 380


def test_a_lead_is_looked_for_in_its_box_only() -> None:
    truth = drawn("3x4+1")[1]
    size = (640, 480)
    matrix = upright(truth.geometry, truth.layout, size)
    near = near_its_box(truth.geometry, truth.layout, matrix, size)
    targets = page_targets(truth, matrix, size)["signal"]
    for lead, heights in enumerate(targets):
        columns = np.flatnonzero(np.isfinite(heights))
        assert near[lead, np.round(heights[columns]).astype(int), columns].mean() > 0.98
    assert near.mean() < 0.35  # most of the page is out of question
    two, strip = 1, truth.layout.boxes[-1]
    row = round(
        float(project(matrix, truth.geometry.to_px(np.array([[10.0 + strip.box_mm[0], strip.baseline_mm]])))[0, 1])
    )
    assert not near[two, row, :].all() and near[two, row, -150]  # the strip counts where the short lead is not


def test_a_box_that_lies_a_little_aside_gives_its_lead_no_wild_heights() -> None:
    truth = drawn("3x4+1")[1]
    size = (640, 480)
    matrix = upright(truth.geometry, truth.layout, size)
    targets = page_targets(truth, matrix, size)["signal"]
    for aside_mm in (-3.0, 3.0):
        near = near_its_box(truth.geometry, truth.layout.shifted(aside_mm, 0.0), matrix, size)
        for lead, heights in enumerate(targets):
            columns = np.flatnonzero(np.isfinite(heights))
            assert near[lead][:, columns].any(0).all()
            assert near[lead, np.round(heights[columns]).astype(int), columns].mean() > 0.95


def saved(path: Path, spec: NetSpec = TINY) -> Path:
    """A checkpoint of an untrained network for pages of 96 x 64 px."""
    recipe = PassRecipe(net=spec, pages=Pages(size_px=(96, 64)))
    torch.manual_seed(0)
    state = {"model": ReconstructionNet(spec).state_dict(), "recipe": to_dict(recipe), "epoch": 1, "step": 1}
    rest = {"best_metric": None, "optimiser": {}, "rng": torch.get_rng_state(), "schedule": {}, "step_in_epoch": 0}
    checkpoint.save(path, {**rest, **state})
    return path


@pytest.mark.slow
def test_a_run_is_measured_beside_the_two_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page, truth = drawn("3x4+1")
    oracle = Oracle(truth).use(monkeypatch)
    monkeypatch.setattr(Digitizer, "load", classmethod(lambda cls, device: oracle))
    from PIL import Image

    from ecg.formats import write

    Image.fromarray(page.pixels).save(tmp_path / "a.png")
    write(truth.record, tmp_path / "a.truth.csv")
    command = ["--checkpoint", str(saved(tmp_path / "last.pth")), "--pages", str(tmp_path / "a.png")]
    assert main([*command, "--output", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert said.index("one pass") < said.index("two passes")
    one, two = (
        json.loads((tmp_path / "out" / name / "report.json").read_text())["groups"][0]
        for name in ("one_pass", "two_passes")
    )
    assert (one["read"] + one["refused"], two["read"]) == (1, 1)  # what it sees untrained may be refused as a guess
    assert one["metrics"]["snr_mean_db"] < 5 < two["metrics"]["snr_mean_db"]


def test_a_network_without_the_head_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "last.pth", replace(TINY, heads=("seg", "grid")))
    with pytest.raises(ValueError, match="signal head"):
        SinglePass.load(path)
