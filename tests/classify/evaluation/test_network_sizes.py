"""The table of all networks stands in the document as the command writes it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import torch
from house.structure import ROOT

from classify.evaluation.network_cost import cost, macs
from classify.evaluation.network_sizes import BEGIN, DOCUMENT, END, LABELS, networks_table, written
from classify.evaluation.network_table import main
from classify.nets import NAMES, build
from classify.nets.layers import trainable_parameters

torch.set_num_threads(1)
DOCUMENT_FILE = ROOT / "docs" / "networks.md"
NAMED = (
    "inceptionformer", "inceptionformer_2482", "inceptionformer_stage3", "inceptionformer_tiny", "inceptionnext",
    "sandwichnet", "sandwichpronet", "metaecgnet", "db_ecgnet", "im_ecg", "lightweight_transformer", "se_ecgnet",
    "mvms", "mvkt", "mamil", "mrtnet", "token_selection", "ecgnet2018", "multi_module", "dprnn", "mina", "cpc",
    "clocs", "st_mem", "mpgt", "lead_graph", "resnet18", "resnet34", "mobilenetv2", "stft_resnet34", "two_stream",
)  # fmt: skip


def in_document() -> dict[str, list[str]]:
    """The cells behind the name, of every row of the document's table."""
    text = DOCUMENT_FILE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    rows = (re.split(r"\s*\|\s*", line.strip("| ")) for line in text.splitlines() if line.startswith("| `"))
    return {row[0].strip("`"): row[1:] for row in rows}


def test_all_networks_that_other_programs_name_are_there() -> None:
    assert set(NAMED) <= set(NAMES)
    assert set(DOCUMENT) <= set(NAMES)


def test_the_document_has_every_network_once() -> None:
    assert list(in_document()) == [name for name in NAMES if name != "ensemble"]


@pytest.mark.parametrize("name", ["resnet18", "inceptionformer", "mina", "st_mem", "s4"])
def test_rows_of_the_document_are_measured(name: str) -> None:
    file, given, counted, *_ = in_document()[name]
    channels, samples = map(int, given.split(" x "))
    assert int(counted.replace(",", "")) == cost(name, LABELS, channels, samples).parameters
    assert (ROOT / "classify" / "nets" / file.strip("`")).is_file()


@pytest.mark.long
def test_the_whole_table_is_what_the_command_prints() -> None:
    """The sizes; the figures of trainings stand in the columns behind."""
    text = DOCUMENT_FILE.read_text(encoding="utf-8")
    heads, _, *rows = networks_table().splitlines()
    assert f"{BEGIN}\n{heads}" in text
    assert all(f"\n{row}" in text for row in rows)


def test_what_is_not_trained_yet_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("classify.evaluation.network_sizes._CATALOGUE", ("resnet1d", "mina", "s4"))
    row = {"run": "mina", "epochs": 2.0, "inference_ms": 1.5, "test": {"macro AUC": "0.7"}}
    (tmp_path / "comparison.json").write_text(json.dumps([row]))
    text = networks_table(tmp_path / "comparison.json")
    (own,) = (line for line in text.splitlines() if line.startswith("| `mina`"))
    assert own.endswith("| 2 | 1.5 | 0.7 |")
    assert "Trained and measured: 1 of 3. Not yet: `resnet1d`, `s4`." in text.splitlines()[-1]


def test_counting_leaves_the_network_as_it_was() -> None:
    net = build("mina", 2, 12, 300, {"width": 8, "units": 8}).eval()
    signal = torch.randn(1, 12, 300)
    before = net(signal)
    assert macs(net, 12, 300) > trainable_parameters(net)
    assert torch.equal(before, net(signal))


def test_recurrent_layers_count_every_weight_at_every_step() -> None:
    net = build("lstm", 2, 3, 50, {"units": 8})
    assert macs(net, 3, 50) == 50 * 4 * 8 * (3 + 8) + 8 * 2


def test_a_document_without_marks_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.md"
    path.write_text("nothing")
    with pytest.raises(ValueError, match="expected the lines <!-- networks: begin -->"):
        written("table", path)
    path.write_text(f"a\n{BEGIN}\nold\n{END}\nb\n")
    written("new", path)
    assert path.read_text() == f"a\n{BEGIN}\nnew\n{END}\nb\n"
    (tmp_path / "r.json").write_text(json.dumps({"not": "rows"}))
    assert main(["--results", str(tmp_path / "r.json")]) == 1
    assert "expected the comparison.json" in capsys.readouterr().err
