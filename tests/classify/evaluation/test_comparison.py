"""Comparisons: every run is the common recipe with its changes, a broken one goes on, figures are of test records."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from classify.compare import main
from classify.evaluation import comparison
from classify.evaluation.comparison import Comparison, as_markdown, compare, read_list
from classify.evaluation.comparison_metrics import exclusive_figures, group_figures
from classify.tasks import TASKS
from classify.training.label_prior import most_probable, prior_bias

torch.set_num_threads(1)
CONFIGS = Path(__file__).parents[3] / "configs"

LIST = """
tasks: [ptbxl]
seconds: 0.01
recipe:
  data: {fs_hz: 50, simulated: 24, page_masks: false}
  fit: {epochs: 1, batch_size: 4, amp: "off", device: cpu, threads: 1}
runs:
  lstm_lite: {}
  small: {net: {name: resnet1d, options: {widths: [8, 8], blocks: 1}}, fit: {lr: 0.01}}
"""


@pytest.mark.slow
def test_a_list_is_trained_measured_and_not_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "list.yaml").write_text(LIST)
    arguments = ["--list", str(tmp_path / "list.yaml"), "--output", str(tmp_path / "out")]
    assert main(arguments) == 0
    table = capsys.readouterr().out
    assert "| lstm_lite |" in table
    assert "superclass macro AUC" in table
    rows = json.loads((tmp_path / "out/comparison.json").read_text())
    assert [row["run"] for row in rows] == ["lstm_lite", "small"]
    assert rows[1]["recipe"]["fit"]["lr"] == 0.01
    assert rows[1]["recipe"]["net"]["name"] == "resnet1d"
    assert all(row["parameters"] > 0 and row["inference_ms"] > 0 and row["epochs"] < 1 for row in rows)
    monkeypatch.setattr(comparison, "trial", None)  # nothing is trained a second time
    assert main(arguments) == 0
    assert capsys.readouterr().out == table


def test_a_run_with_another_recipe_is_not_taken_for_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def fake(run: str, recipe: object, *rest: object) -> dict[str, object]:
        made.append(run)
        from ecg.fit.recipe import to_dict

        row = {"run": run, "recipe": to_dict(recipe), "budget_s": rest[2], "records": 1, "parameters": 1}
        return {**row, "seconds_per_epoch": 1.0, "epochs": 1.0, "test": {"F1": "1"}, "inference_ms": 1.0}

    monkeypatch.setattr(comparison, "trial", fake)
    for lr in (0.1, 0.1, 0.2):
        compare(Comparison(("ptbxl",), {"fit": {"lr": lr}}, {"lstm": {}}), None, tmp_path)
    assert made == ["lstm", "lstm"]


def test_a_wrong_list_ends_with_words_and_status_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "list.yaml").write_text(LIST.replace("lstm_lite", "lstm_light"))
    with pytest.raises(SystemExit, match="2"):
        main(["--list", str(tmp_path / "list.yaml"), "--output", str(tmp_path)])
    assert "run 'lstm_light'" in capsys.readouterr().err
    (tmp_path / "list.yaml").write_text("task: ptbxl")
    with pytest.raises(SystemExit, match="2"):
        main(["--list", str(tmp_path / "list.yaml"), "--output", str(tmp_path)])
    assert "did you mean tasks" in capsys.readouterr().err


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("compare_*.yaml")), ids=lambda path: path.stem)
def test_the_lists_in_configs_can_be_followed(path: Path) -> None:
    from classify.nets import build
    from classify.nets.fusion_head import asks_demographics

    for run, recipe in read_list(path).recipes():
        if run.startswith(("lstm", "gru", "plrnn", "cnn", "ecgnet")):  # the deep ones take long to build
            task = TASKS[recipe.task]
            samples = round(task.seconds * recipe.data.fs_hz)
            net = build(recipe.net.name, 5, recipe.channels, samples, recipe.net.options).eval()
            features = torch.zeros(1, len(task.features))
            inputs = [torch.zeros(1, recipe.channels, samples), features]
            inputs += [torch.zeros(1, 2)] if asks_demographics(net) else []
            assert net(*inputs).shape == (1, 5)


def aami() -> tuple[np.ndarray, np.ndarray]:
    """(logits, targets) of 100 beats: 60 N, 20 S, 20 V and none else; ten S are said to be N."""
    names = np.repeat([0, 1, 2], [60, 20, 20])
    said = np.where(np.arange(100) < 70, 0, names)
    return np.eye(5)[said], np.eye(5, dtype=np.float32)[names]


def test_figures_of_classes_that_exclude_each_other() -> None:
    said, target = aami()
    figures = exclusive_figures(said, target, TASKS["aami_inter"], ("N", "V"))
    f1 = [2 * 60 / (70 + 60), 2 * 10 / (10 + 20), 1.0]
    assert figures["macro F1"].startswith(f"{np.mean(f1):.3f} (")
    assert figures["F1 over N, V"] == f"{(f1[0] + 1) / 2:.3f}"
    assert figures["accuracy"] == "0.900"
    assert figures["S Se/PPV"] == "0.50/1.00"
    assert not any(name.startswith(("F ", "Q ")) for name in figures)


def test_groups_count_only_labels_with_enough_records() -> None:
    rng = np.random.default_rng(0)
    target = (rng.random((60, 11)) < 0.5).astype(np.float32)
    target[:, 5:] = 0
    target[:9, 5] = 1
    figures = group_figures(target + rng.normal(0, 0.1, target.shape), target, TASKS["ptbxl"])
    assert figures["superclass macro AUC (5 labels)"].startswith("1.000")
    assert "rhythm macro AUC (0 labels)" in figures


def test_the_bias_of_balanced_training_is_undone_as_validation_wants() -> None:
    rng = np.random.default_rng(1)
    trained = np.eye(2)[(rng.random(1000) < 0.02).astype(int)]
    target = np.eye(2)[(rng.random(1000) < 0.02).astype(int)]
    said = 2.0 * (2 * target - 1) + rng.normal(0, 2.5, target.shape)
    bias = prior_bias(said, target, trained, balanced=True)
    assert bias[0] > bias[1]
    assert most_probable(said + bias)[:, 1].sum() < most_probable(said)[:, 1].sum()
    assert not prior_bias(said, target, trained, balanced=False).any()


def test_the_table_has_a_part_for_each_task() -> None:
    row = {"run": "a", "records": 3, "parameters": 1000, "seconds_per_epoch": 2.0, "epochs": 3.0, "inference_ms": 1.0}
    rows = [{**row, "recipe": {"task": task}, "test": {"F1": "0.5"}} for task in ("one", "two")]
    assert as_markdown(rows).count("| a | 1,000 | 2 | 3 | 0.5 | 1.0 |") == 2
