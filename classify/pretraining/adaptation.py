"""A pretrained encoder with labels: linear evaluation, fine-tuning, and the same network from nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from classify.datasets.arrays import Arrays
from classify.nets.fusion_head import FusionNet
from classify.pretraining.recipe import PretrainRecipe
from classify.recipe import Recipe
from classify.scoring.metrics import macro_auc
from classify.tasks import TASKS
from classify.training.inputs import part_inputs
from classify.training.losses import Loss
from classify.training.trainer import fit_task
from ecg.fit import checkpoint
from ecg.fit.loop import Task, fit
from ecg.fit.recipe import to_dict
from ecg.fit.run_folder import RunFolder
from ecg.fit.settings import FitSettings

_BATCH = 64


PROTOCOLS = ("linear", "finetune", "scratch")


def adapted(
    protocols: Sequence[str], recipe: PretrainRecipe, arrays: Arrays, start: Path | None, output: Path
) -> Iterator[tuple[str, nn.Module]]:
    """(protocol, the classifier that it makes of the encoder in the checkpoint `start`; None: an untrained one).

    "linear": a linear layer on the frozen encoder. "finetune": that layer first, then all weights, at the rate of
    `recipe.finetune`. "scratch": all weights from nothing at the rate of `recipe.linear`, for as many epochs as
    both others together; `start` is left aside. Raises ValueError for any other.
    """
    if unknown := [name for name in protocols if name not in PROTOCOLS]:
        raise ValueError(f"unknown protocol {unknown[0]!r}: expected one of {', '.join(PROTOCOLS)}")
    if {"linear", "finetune"} & set(protocols):
        linear = _linear(recipe, arrays, start, output)
        if "linear" in protocols:
            yield "linear", linear.eval()
        if "finetune" in protocols:
            yield "finetune", _finetuned(recipe, arrays, linear.state_dict(), output).eval()
    if "scratch" in protocols:
        yield "scratch", _from_scratch(recipe, arrays, output).eval()


def _linear(recipe: PretrainRecipe, arrays: Arrays, start: Path | None, output: Path) -> nn.Module:
    settings, plain = recipe.linear, _plain(recipe, recipe.linear)
    net = _network(plain, arrays, start)
    encoded = {part: encodings(net, arrays, part, plain) for part in ("train", "validation")}
    centre, spread = encoded["train"].mean(0), encoded["train"].std(0).clamp(min=1e-3)
    scaled = {part: (value - centre) / spread for part, value in encoded.items()}
    targets = {part: arrays.of(part).targets for part in scaled}
    layer = LinearHead(net.width, arrays.targets.shape[1])
    dataset = Encoded(scaled["train"], targets["train"])
    loss = Loss(plain.loss, targets["train"], TASKS[recipe.task].exclusive)
    task = Task(layer, loss, dataset, _Judge(scaled["validation"], targets["validation"]))
    _run(task, plain, settings, output)
    with torch.no_grad():  # the scaling goes into the layer, so that the network is whole
        weight = layer.linear.weight / spread
        head = cast(nn.Linear, net.head[1])
        head.weight.copy_(weight)
        head.bias.copy_(layer.linear.bias - weight @ centre)
    return net


def _finetuned(recipe: PretrainRecipe, arrays: Arrays, linear: Mapping[str, Tensor], output: Path) -> nn.Module:
    plain = _plain(recipe, recipe.finetune)
    task = fit_task(plain, arrays)
    task.model.load_state_dict(linear)
    _run(task, plain, recipe.finetune, output)
    return task.model


def _from_scratch(recipe: PretrainRecipe, arrays: Arrays, output: Path) -> nn.Module:
    settings = replace(recipe.linear, epochs=recipe.linear.epochs + recipe.finetune.epochs)
    plain = _plain(recipe, settings)
    task = fit_task(plain, arrays)
    _run(task, plain, settings, output)
    return task.model


def _run(task: Task, recipe: Recipe, settings: FitSettings, output: Path) -> None:
    """Train by the one loop in a run folder of its own; the network ends with the weights that are kept as best."""
    whole = replace(recipe, fit=settings)
    result = fit(task, whole, RunFolder.create(to_dict(whole), output))
    best = result.best if result.best.is_file() else result.last
    task.model.load_state_dict(checkpoint.weights(checkpoint.load(best)))


def _plain(recipe: PretrainRecipe, settings: FitSettings) -> Recipe:
    """The classifier's recipe with nothing but a linear layer behind the encoder."""
    whole = recipe.classifier(settings)
    options = {**whole.net.options, "hidden": (), "head_dropout": 0.0}
    return replace(whole, net=replace(whole.net, options=options))


def _network(recipe: Recipe, arrays: Arrays, start: Path | None) -> FusionNet:
    net = cast(FusionNet, fit_task(recipe, arrays).model)
    if start is not None:
        checkpoint.load_matching(net, start)
    return net.eval()


@torch.no_grad()
def encodings(net: FusionNet, arrays: Arrays, part: str, recipe: Recipe) -> Tensor:
    """What the encoder makes of the whole signals of a part of the split, float [record, width]."""
    signal = part_inputs(arrays, part, recipe.data).signal
    device = next(net.parameters()).device
    parts = (torch.from_numpy(signal[first : first + _BATCH]) for first in range(0, len(signal), _BATCH))
    return torch.cat([torch.zeros(0, net.width), *(net.encode(x.to(device)).float().cpu() for x in parts)])


class LinearHead(nn.Module):
    """One linear layer, called as a network is."""

    def __init__(self, width: int, labels: int) -> None:
        super().__init__()
        self.linear = nn.Linear(width, labels)

    def forward(self, signal: Tensor, features: Tensor | None = None, demographics: Tensor | None = None) -> Tensor:
        return self.linear(signal)


class Encoded:
    """Encodings as a training set that is the same in every epoch."""

    def __init__(self, encoded: Tensor, targets: np.ndarray) -> None:
        self.encoded, self.targets = encoded, targets

    def set_epoch(self, epoch: int) -> None:
        pass

    def __len__(self) -> int:
        return len(self.encoded)

    def __getitem__(self, index: int) -> dict[str, object]:
        beside = {"features": torch.zeros(0), "demographics": torch.full((2,), float("nan"))}
        return {"signal": self.encoded[index], "target": self.targets[index], **beside}


class _Judge:
    """The macro AUC of held-out encodings as "score"."""

    def __init__(self, encoded: Tensor, targets: np.ndarray) -> None:
        self.encoded, self.targets = encoded, targets

    def __call__(self, model: nn.Module) -> dict[str, float]:
        device = next(model.parameters()).device
        return {"score": macro_auc(model(self.encoded.to(device)).cpu().numpy(), self.targets)}
