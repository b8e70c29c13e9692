"""ONNX: the same probabilities in batches of any size, with the card inside; words where it cannot be."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import torch

pytest.importorskip("onnx")
pytest.importorskip("onnxscript")
pytest.importorskip("onnxruntime")

from classify.card import Card
from classify.export import main
from classify.weights import files
from classify.weights.onnx_export import INPUTS, export, open_session

torch.set_num_threads(1)

LABELS = (("superclass", "NORM"), ("superclass", "MI"), ("rhythm", "SR"))


SMALL = {"name": "resnet1d", "options": {"widths": [8], "blocks": 1, "kernel": 3}}
SPACE = {"name": "s4", "options": {"width": 8, "layers": 1, "stride": 5}}
TOLD = {"name": "resnet1d", "options": {**SMALL["options"], "demographics": True}}
SUMMED = {"name": "db_ecgnet", "options": {"dims": [8, 8, 8], "depths": [1, 1, 1], "heads": [2, 2, 2], "patch": 25}}
PLACE = {"outputs": len(LABELS), "channels": 12, "columns": [0, 1, 2]}
JOINED = {"name": "ensemble", "options": {"members": [{**PLACE, **SPACE}, {**PLACE, **SMALL}]}}


def saved(folder: Path, net: dict[str, object]) -> Path:
    """Untrained weights of a small network."""
    data = {"fs_hz": 25.0, "mask_channels": False}
    recipe = {"task": "ptbxl", "data": data, "net": net}
    torch.manual_seed(0)
    state = files.network(recipe, len(LABELS)).state_dict()
    path, even = folder / "small.safetensors", {"superclass": 1.0, "rhythm": 1.0}
    halves = {group: {name: 0.5 for where, name in LABELS if where == group} for group in even}
    files.save(path, state, Card("small", recipe, LABELS, even, halves, (), {}))
    return path


@pytest.mark.filterwarnings("ignore:# The axis name")
@pytest.mark.parametrize("net", [SMALL, JOINED, TOLD], ids=["alone", "joined", "age and sex"])
@pytest.mark.slow
def test_the_file_gives_the_networks_probabilities(tmp_path: Path, net: dict[str, object]) -> None:
    path = saved(tmp_path, net)
    done = export(path)
    assert done.path == path.with_suffix(".onnx")
    assert done.largest_difference < 1e-4
    session, card = open_session(done.path), files.load_card(path)
    assert [given.name for given in session.get_inputs()] == list(INPUTS)[: 3 if net is TOLD else 2]
    facts = session.get_modelmeta().custom_metadata_map
    assert facts["version"] == card.version
    assert Card.from_dict(json.loads(facts["card"])) == card


@pytest.mark.filterwarnings("ignore:# The axis name")
@pytest.mark.slow
def test_summed_kernels_are_written_as_one(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    path = saved(tmp_path, SUMMED)
    done = export(path)
    assert done.largest_difference < 1e-4
    convolutions = [node for node in onnx.load(done.path).graph.node if node.op_type == "Conv"]
    net, _ = files.load(path)
    in_torch = [module for module in net.modules() if isinstance(module, torch.nn.Conv1d)]
    assert len(convolutions) == len(in_torch) - 3 * 3  # three blocks, each with four kernels


def test_without_the_packages_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(SystemExit, match="2"):
        main(["--output", str(tmp_path / "x.onnx")])
    assert "galvano[export]" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_missing_weights_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--weights", str(tmp_path / "w.safetensors")]) == 1
    assert "w.safetensors" in capsys.readouterr().err
