"""A network of names is trained, shipped and loaded."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from digitize.nets.pretrained import load_pass
from digitize.nets.word_net import WORDS, WordNet, WordNetSpec
from digitize.training.datasets import SYNTHETIC
from digitize.training.recipe import NameRecipe, Pages
from digitize.training.shipping import ship
from digitize.training.trainer import train
from ecg.fit.settings import FitSettings

torch.set_num_threads(1)


@pytest.mark.slow
def test_a_trained_reader_is_shipped_and_loaded(tmp_path: Path) -> None:
    recipe = NameRecipe(
        net=WordNetSpec((4, 6), 8, (1, 2)),
        pages=Pages({"clean": 1.0}, size_px=(96, 64), samples=4, validation_samples=2),
        fit=FitSettings(epochs=1, batch_size=2, threads=1),
    )
    result = train(recipe, SYNTHETIC, tmp_path)
    assert result.steps == 2
    again = train(recipe, SYNTHETIC, tmp_path, start=result.best)
    path = ship(again.best, {}, tmp_path)
    assert path.name == "names.safetensors"
    net = load_pass("names", folder=tmp_path).net
    assert isinstance(net, WordNet)
    assert net(torch.zeros(1, 3, 64, 96)).shape == (1, len(WORDS), 16, 24)
