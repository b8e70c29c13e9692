"""Scores of every epoch, and what a training leaves at its end in the documents' form."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn import metrics as reference

from classify.scoring.metrics import log_loss
from classify.train import main
from classify.training.validation import decisions
from ecg.fit import checkpoint

torch.set_num_threads(1)
TINY = (
    "data.simulated=30", "data.fs_hz=100", "data.page_masks=false", "net.options.widths=[8,8]", "net.options.blocks=1",
    "fit.epochs=2", "fit.batch_size=4", "fit.num_workers=0", "fit.amp=off", "fit.best_metric=micro_f1",
)  # fmt: skip
MEANS = {"auc", "macro_f1", "micro_f1", "accuracy", "log_loss", "score"}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    sets = [word for change in TINY for word in ("--set", change)]
    assert main([*sets, "--force_cpu", "--output", str(folder)]) == 0
    return next(folder.iterdir())


@pytest.mark.slow
def test_accuracy_and_micro_f1_are_printed_every_epoch_and_may_choose_the_best(run: Path) -> None:
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert all(set(row["val"]) >= MEANS for row in rows)
    log = (run / "logs" / "train.log").read_text()
    assert log.count("  accuracy ") == 2 and log.count("  micro_f1 ") == 2
    values = [row["val"]["micro_f1"] for row in rows]
    saved = checkpoint.load(run / "checkpoints" / "best.pth")
    assert (saved["best_epoch"], saved["best_metric"]) == (values.index(max(values)) + 1, max(values))


def test_results_are_left_as_the_documents_do(run: Path) -> None:
    result = json.loads((run / "results.json").read_text())
    assert result["config"] == json.loads((run / "config.json").read_text())
    assert result["samples"] == {"train": 18, "validation": 6, "test": 6}
    assert (result["part"], len(result["history"])) == ("test", 2)
    group = result["groups"]["superclass"]
    assert set(group["classes"]) == {"NORM", "MI", "STTC", "CD", "HYP"}
    assert set(group["classes"]["NORM"]) == {"precision", "recall", "f1", "support"}
    assert np.array(group["confusion"]).shape == (5, 5)
    assert Image.open(run / "results.png").size[0] > 1000
    kinds = ("classes", "confusion", "curves", "tsne")
    expected = {f"{group}_{kind}.png" for group in ("superclass", "rhythm") for kind in kinds}
    assert {path.name for path in (run / "results").iterdir()} == expected
    report = (run / "report.md").read_text()
    assert "Samples: 18 train, 6 validation, 6 test." in report and "| NORM |" in report


@pytest.mark.parametrize("exclusive", [True, False])
def test_the_scores_are_those_of_scikit_learn(exclusive: bool) -> None:
    rng = np.random.default_rng(3)
    logits = rng.normal(size=(60, 4))
    target = np.eye(4)[rng.integers(0, 4, 60)] if exclusive else (rng.random((60, 4)) < 0.4).astype(float)
    predicted = np.eye(4)[logits.argmax(1)] if exclusive else logits > 0
    found = decisions(logits, target, exclusive)
    assert found["accuracy"] == pytest.approx(reference.accuracy_score(target, predicted))
    assert found["micro_f1"] == pytest.approx(reference.f1_score(target, predicted, average="micro"))
    assert found["f1"] == pytest.approx(reference.f1_score(target, predicted, average="macro"))
    if exclusive:
        p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
        expected = reference.log_loss(target.argmax(1), p)
    else:
        p = 1 / (1 + np.exp(-logits))
        expected = np.mean([reference.log_loss(target[:, k], p[:, k]) for k in range(4)])
    assert log_loss(logits, target, exclusive) == pytest.approx(expected)


def test_what_is_not_known_is_in_no_score() -> None:
    logits, target = np.array([[2.0, -1.0], [1.0, 3.0]]), np.array([[1.0, np.nan], [np.nan, 1.0]])
    found = decisions(logits, target, False)
    assert found["micro_f1"] == 1.0 and np.isnan(found["accuracy"])
    assert log_loss(logits, target, False) == pytest.approx(np.mean(np.log1p(np.exp([-2.0, -3.0]))))
