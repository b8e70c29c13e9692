"""Attributions: complete, placed right, for every kind of network; and the command that draws them."""

from __future__ import annotations

import inspect
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from classify import Classifier
from classify.batch import CaseOptions
from classify.diagnosis import Diagnosis, Label
from classify.explain import main, parser
from classify.explanation.attribution import grad_cam, integrated_gradients, penultimate
from classify.explanation.explanation import Explanation, chosen, explain
from classify.explanation.network_pictures import NetworkPictures
from classify.explanation.plot import draw
from classify.explanation.runner import explain_all
from classify.nets import build
from classify.report.figures import png
from ecg.formats import write
from ecg.leads import STANDARD
from ecg.record import Record
from simulate.heart import synthetic_record

torch.set_num_threads(1)

CHANNELS, SAMPLES = 12, 200
_SMALL = {"planes": (8, 16), "kernels": (5, 3), "blocks": (1, 1)}
# One of every family, small, and whether it has a convolution over time (of which nothing may speak for an answer).
FAMILIES = {
    "resnet1d": ({"widths": (8, 16), "blocks": 1}, True), "plrnn": ({}, True), "plrnn_shallow": ({}, False),
    "lstm_lite": ({}, False), "cnn_bilstm": ({}, True), "transformer": ({}, False), "lstm_soft_attention": ({}, False),
    "seresnet50": (_SMALL, True), "ecgnet_v2": ({}, True), "gru_v2_2": ({}, False), "gru_v3": ({}, False),
    "seresnet_gru_v1": (_SMALL, True), "inception1d": ({"depth": 3, "width": 4}, True), "s4": ({}, True),
}  # fmt: skip


@pytest.mark.parametrize(("name", "options", "has_map"), [(name, *rest) for name, rest in FAMILIES.items()])
def test_every_kind_of_network_is_accounted_for(name: str, options: dict[str, object], has_map: bool) -> None:
    torch.manual_seed(0)
    net, noise = build(name, 3, CHANNELS, SAMPLES, options).eval(), torch.Generator().manual_seed(2)
    signal = torch.randn(CHANNELS, SAMPLES, generator=noise)
    beside = [torch.randn(1, 8, generator=noise), torch.tensor([[70.0, 1.0]])]
    flat = torch.zeros_like(signal)
    parts = integrated_gradients(net, signal, flat, beside, [0, 2], steps=32)
    with torch.no_grad():
        rise = (net(signal[None], *beside) - net(flat[None], *beside))[0, [0, 2]].numpy()
    assert parts.shape == (2, CHANNELS, SAMPLES)
    assert parts.sum((1, 2)) == pytest.approx(rise, rel=0.05, abs=0.02)
    maps = [grad_cam(net, signal, beside, output) for output in range(3)]
    found = [heat for heat, _ in maps if heat is not None]
    assert {speaking for _, speaking in maps} == {(int(has_map), 1)}
    assert has_map or not found
    assert all(heat.shape == (SAMPLES,) and heat.max() == 1 and heat.min() >= 0 for heat in found)


class Bump(nn.Module):
    """Answers with the largest value of one channel, behind a convolution that copies it."""

    def __init__(self, channel: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(CHANNELS, 1, 1, bias=False)
        self.conv.weight.data.zero_()
        self.conv.weight.data[0, channel] = 1
        self.head = nn.Linear(1, 1, bias=False)
        self.head.weight.data.fill_(2.0)

    def forward(self, signal: Tensor) -> Tensor:
        return self.head(self.conv(signal).amax(-1))


class Beside(nn.Module):
    """A network that is given features and age and sex, too."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, signal: Tensor, *beside: Tensor | None) -> Tensor:
        return self.net(signal)


def test_what_an_answer_rests_on_is_found_where_it_is() -> None:
    signal = torch.zeros(CHANNELS, SAMPLES)
    signal[4, 150], signal[7, 50] = 1.0, 9.0
    parts = integrated_gradients(Bump(4), signal, torch.zeros_like(signal), [], [0], steps=4)[0]
    assert parts[4, 150] == pytest.approx(2.0)
    assert np.count_nonzero(parts) == 1
    assert int(np.argmax(grad_cam(Bump(4), signal, [], 0)[0])) == 150
    assert grad_cam(Bump(4), -signal, [], 0) == (None, (1, 1))  # nothing speaks for it


def test_networks_that_answer_together_are_seen_together() -> None:
    place = {"channels": CHANNELS, "outputs": 1, "columns": [0]}
    options = {"widths": [8], "blocks": 1}
    joined = build(
        "ensemble", 1, CHANNELS, SAMPLES, {"members": [{**place, "name": "resnet1d", "options": options}] * 3}
    )
    joined.members[0], joined.members[1] = Beside(Bump(4)), Beside(Bump(7))
    joined.members[2] = Beside(nn.Sequential(nn.Flatten(), nn.Linear(CHANNELS * SAMPLES, 1)))
    signal = torch.zeros(CHANNELS, SAMPLES)
    signal[4, 150], signal[7, 50] = 1.0, 0.5
    heat, speaking = grad_cam(joined, signal, [], 0)
    assert speaking == (2, 3)
    assert np.flatnonzero(heat).tolist() == [50, 150]
    assert heat[[50, 150]] == pytest.approx([0.5, 1.0])


def test_the_last_layer_sees_what_the_last_linear_layer_is_given() -> None:
    net, signal = Bump(4), torch.randn(3, CHANNELS, SAMPLES)
    with penultimate(net) as inner:
        net(signal[:2])
        net(signal[2:])
    assert np.concatenate(inner)[:, 0] == pytest.approx(signal[:, 4].amax(-1).numpy())
    with penultimate(net) as inner:
        pass
    assert inner == [] and not net._forward_hooks and not net.head._forward_pre_hooks


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier.load()


@pytest.fixture(scope="module")
def record() -> Record:
    return synthetic_record(3, "AFIB", conditions=(), noise={})


@pytest.mark.slow
def test_an_explanation_accounts_for_the_answer_by_lead(classifier: Classifier, record: Record) -> None:
    signal = record.signal_mv.copy()
    signal[STANDARD.index("V4")] = np.nan
    diagnosis = classifier(Record(signal, 500, STANDARD))
    (found,) = explain(classifier, Record(signal, 500, STANDARD), chosen(diagnosis, ["AFIB"]))
    assert abs(found.gap) < 0.1 * max(abs(found.logit), 1)
    assert found.per_lead()["V4"] == pytest.approx(0, abs=1e-6)
    temperature = classifier.card.temperatures["rhythm"]
    assert 1 / (1 + np.exp(-found.logit / temperature)) == pytest.approx(found.label.probability, abs=1e-4)
    assert found.to_dict()["per_lead"].keys() == set(STANDARD)


def test_labels_are_chosen_by_name_or_by_how_probable_they_are() -> None:
    labels = tuple(
        Label("g", name, p, 0.3, p > 0.3) for name, p in (("A", 0.4), ("B", 0.9), ("C", 0.2), ("D", 0.5), ("E", 0.8))
    )
    found = Diagnosis(labels, False, (), {})
    assert [label.name for label in chosen(found)] == ["B", "E", "D"]
    assert [label.name for label in chosen(found, ["C"])] == ["C"]
    with pytest.raises(ValueError, match="no label X: these weights answer A, B"):
        chosen(found, ["X"])
    assert chosen(Diagnosis(labels, True, (), {})) == []


def test_the_drawing_has_a_row_for_each_printed_lead() -> None:
    label, noise = Label("rhythm", "AFIB", 0.8, 0.3, True), np.random.default_rng(0)
    signal = noise.normal(0, 0.3, (12, 1000)).astype(np.float32)
    signal[3] = np.nan
    shown = Record(signal, 100, STANDARD)
    for attribution, cam in ((np.zeros((12, 1000)), None), (noise.normal(0, 1, (12, 1000)), np.linspace(0, 1, 1000))):
        figure = draw(Explanation(label, shown, attribution, cam, (1, 3), 1.0, 0.0))
        (axes,) = figure.axes
        assert len(axes.lines) >= 11
        assert {text.get_text().split()[0] for text in axes.texts} >= set(STANDARD) - {"aVR"}
        assert not any(text.get_text().startswith("aVR") for text in axes.texts)
    assert png(figure).startswith(b"\x89PNG")


def test_leads_that_are_printed_one_after_the_other_share_a_row() -> None:
    signal = np.full((12, 1000), np.nan, np.float32)
    for k in range(12):
        signal[k, 250 * (k // 3) : 250 * (k // 3 + 1)] = np.sin(np.arange(250))
    whole = np.nan_to_num(signal)
    label = Label("rhythm", "AFIB", 0.8, 0.3, True)
    heights = [
        draw(Explanation(label, Record(values, 100, STANDARD), whole, None, (0, 1), 1.0, 0.0)).get_size_inches()[1]
        for values in (signal, whole)
    ]
    assert heights[0] < 0.6 * heights[1]


def test_the_command_draws_every_asked_label_and_names_the_bad_file(
    record: Record, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(record, tmp_path / "a.hea")
    (tmp_path / "broken.hea").write_text("nonsense\n")
    options = ["--label", "AFIB", "--steps", "2", "--output", str(tmp_path / "out")]
    assert main(["--record", str(tmp_path), *options]) == 1
    printed = capsys.readouterr()
    assert "broken.hea" in printed.err and "Atrial fibrillation: logit" in printed.out
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"a.AFIB.explain.png", "a.explain.json"}
    said = json.loads((tmp_path / "out/a.explain.json").read_text())
    assert [one["label"]["name"] for one in said["explained"]] == ["AFIB"]
    with pytest.raises(SystemExit, match="2"):
        main(["--record", str(tmp_path / "a.hea"), "--label", "NOPE"])
    with pytest.raises(SystemExit, match="2"):
        main(["--record", str(tmp_path / "a.hea"), "--steps", "0"])


def test_where_a_network_looks_is_drawn_though_it_predicts_nothing(
    record: Record, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(record, tmp_path / "a.hea")
    monkeypatch.setattr("classify.explanation.runner.chosen", lambda diagnosis, names: [])
    monkeypatch.setattr(NetworkPictures, "attention_by_stage", lambda pictures: Figure())
    assert main(["--record", str(tmp_path / "a.hea"), "--output", str(tmp_path / "out")]) == 0
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"a.attention.png", "a.explain.json"}
    assert "a.hea: no label is predicted; --label names one" in capsys.readouterr().out


def test_options_equal_the_function() -> None:
    own = {*inspect.signature(explain_all).parameters} - {"options"}
    assert set(vars(parser().parse_args(["--record", "x"]))) == own | (set(CaseOptions.__annotations__) - {"formats"})
