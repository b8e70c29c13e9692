"""How held-out pages are judged."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from tiny_runs import ROW

from digitize.training.recipe import PassRecipe
from digitize.training.row_samples import RowDataset
from digitize.training.trainer import build
from digitize.training.validation import Validation
from ecg.fit.recipe import from_dict
from simulate.dataset.page_stream import MixedHearts, PageStream, SyntheticHearts

torch.set_num_threads(1)

MEASURES = {"error_px", "error_p95_px", "pearson"}


def test_the_row_pass_is_measured_by_the_error_of_its_height(row_run: Path) -> None:
    last = json.loads((row_run / "metrics.jsonl").read_text().splitlines()[-1])
    assert set(last["val"]) == {"seg_loss", "signal_loss", "total_loss"} | MEASURES
    assert 0 < last["val"]["error_px"] <= last["val"]["error_p95_px"] < 320


def test_validation_is_the_same_whatever_came_before() -> None:
    recipe = from_dict(PassRecipe, ROW)
    held_out = RowDataset(PageStream(MixedHearts([SyntheticHearts()], [1.0]), 5, {"clean": 1.0}), 5, 64)
    model = build(recipe).eval()
    validate = Validation(held_out, recipe)
    first = validate(model)
    torch.rand(10)
    assert validate(model) == Validation(held_out, recipe)(model) == first
