"""Every beat of a long recording: times, classes, a table and a strip, as the network was trained to see them."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import published_forms as forms
import pytest
import torch
from PIL import Image

from classify.beat_classifier import BeatClassifier
from classify.datasets.aami import DS1, DS2
from classify.datasets.collect import load_arrays
from classify.infer import main
from classify.nets.predict import predict
from classify.recipe import Recipe
from classify.training.calibrate import calibrate
from classify.training.inputs import fixed_inputs
from classify.training.trainer import train
from classify.weights import DEFAULT
from classify.weights.files import load
from ecg.fit.recipe import from_dict
from ecg.formats import read, write

torch.set_num_threads(1)

RECIPE = {
    "task": "aami_inter",
    "data": {"fs_hz": 120, "page_masks": False, "vary": False, "mask_channels": False, "from_usual": True, "draws": 64},
    "net": {"name": "beat_cnn"},
    "fit": {"epochs": 1, "batch_size": 16, "amp": "off", "device": "cpu", "threads": 1},
}


@pytest.fixture(scope="module")
def hearts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return forms.mitbih(tmp_path_factory.mktemp("hearts"), sorted({*DS1, *DS2}), codes="NNNAVNNNFN" * 3)


@pytest.fixture(scope="module")
def weights(hearts: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("weights")
    recipe = from_dict(Recipe, {**RECIPE, "data": {**RECIPE["data"], "cache": str(folder / "cache")}})
    best = train(recipe, hearts, folder).best
    calibrate(best, hearts, folder / "beats.safetensors")
    return folder / "beats.safetensors"


@pytest.mark.slow
def test_the_network_sees_a_beat_as_in_training(hearts: Path, weights: Path) -> None:
    net, card = load(weights)
    recipe = from_dict(Recipe, card.recipe)
    arrays = load_arrays(recipe, hearts)
    own = arrays.where(np.char.startswith(arrays.id, "100:"))
    expected = card.calibrated(predict(net, fixed_inputs(own, "full", recipe.data)))
    beats = BeatClassifier(net, card)(read(hearts / "100.hea"))
    annotated_s = np.array([int(name.split(":")[1]) for name in own.id]) / 360
    assert len(beats.times_s) == len(annotated_s) == 30
    np.testing.assert_allclose(beats.times_s, annotated_s, atol=0.02)
    np.testing.assert_allclose(beats.probability, expected, atol=0.1)


@pytest.mark.parametrize("given", [["--task", "aami"], []])
def test_the_command_writes_a_table_and_a_strip(
    given: list[str], hearts: Path, weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(forms.tiny(1, seconds=2.0), tmp_path / "short.hea")
    wanted = ["--record", str(hearts / "100.hea"), str(tmp_path / "short.hea"), "--output", str(tmp_path / "out")]
    assert main([*wanted, "--weights", str(weights), *given]) == 1
    said = capsys.readouterr()
    assert f"100 <- {hearts / '100.hea'}: 30 beats: " in said.out and "beats of 1 of 2 recordings" in said.err
    assert "short.hea" in said.err and "at least 5 are needed" in said.err
    rows = list(csv.DictReader((tmp_path / "out/100.beats.csv").open()))
    assert [int(row["beat"]) for row in rows] == list(range(1, 31))
    assert all(row["class"] in "NSVFQ" for row in rows)
    assert all(sum(float(row[f"p_{name}"]) for name in "NSVFQ") == pytest.approx(1, abs=1e-3) for row in rows)
    counts = json.loads((tmp_path / "out/100.beats.json").read_text())["counts"]
    assert sum(counts.values()) == 30
    assert Image.open(tmp_path / "out/100.beats.png").size[0] > 1000


def test_weights_of_recordings_give_no_beats() -> None:
    with pytest.raises(ValueError, match="judges whole recordings"):
        BeatClassifier.load(DEFAULT)


def test_without_weights_the_shipped_ones_of_beats_are_taken(hearts: Path, tmp_path: Path) -> None:
    assert main(["--task", "aami", "--record", str(hearts / "100.hea"), "--output", str(tmp_path)]) == 0
    told = json.loads((tmp_path / "100.beats.json").read_text())
    assert told["weights"].startswith("beats-") and told["beats"] == 30


def test_a_recording_without_the_leads_says_so(weights: Path) -> None:
    with pytest.raises(ValueError, match=r"none of the leads II, V1\|V5\|V2\|V4"):
        BeatClassifier.load(weights)(forms.tiny(1).select(["aVR"]))
