"""A pretraining through the one training loop."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn
from torch.utils.data import default_collate

from classify.datasets.arrays import Arrays
from classify.datasets.collect import load_arrays
from classify.nets import NETS, build
from classify.nets.bottleneck import BottleneckNet
from classify.nets.fusion_head import FusionNet
from classify.pretraining.contrastive import Contrastive
from classify.pretraining.masked import Masked
from classify.pretraining.predictive import Predictive
from classify.pretraining.recipe import ENCODERS, Method, PretrainRecipe
from classify.pretraining.shared import ContrastiveMaps, MaskedMaps, PredictiveMaps
from classify.training.inputs import TrainingSet, plain_training_set
from ecg.fit import checkpoint as checkpoints
from ecg.fit import ddp, launch
from ecg.fit.device import pick_device
from ecg.fit.loop import FitResult, Task, fit
from ecg.fit.recipe import load, to_dict
from ecg.fit.resume_check import check_same
from ecg.fit.run_folder import RunFolder

Pretexts = Mapping[Method, Callable[..., nn.Module]]
PRETEXTS: Pretexts = {"cpc": Predictive, "clocs": Contrastive, "st_mem": Masked}
ON_MAPS: Pretexts = {"cpc": PredictiveMaps, "clocs": ContrastiveMaps, "st_mem": MaskedMaps}
_BATCH = 32  # records in one batch of the validation


def pretrain_and_report(
    config: str | Path, changes: Sequence[str], data: Path | None, output: Path, resume: Path | None = None
) -> int:
    """Pretrain the recipe of the file `config` with `changes` (`key=value`), and print where its weights are."""
    recipe = load(PretrainRecipe, config, changes)
    result = pretrain(recipe, data, output, resume)
    if launch.is_first():
        print(f"pretrained: {result.best} (classify.train --start takes it over, --curves measures it)")
    return 0


def pretrain(
    recipe: PretrainRecipe, data: Path | None = None, output: Path = Path("experiments"), resume: Path | None = None
) -> FitResult:
    """Pretrain on the recordings below `data` (None: on simulated ones) and leave a run folder in `output`.

    Its checkpoints hold the encoder by the names that a classifier with the same network has for it.
    """
    if resume:
        check_same(checkpoints.load(resume)["recipe"], recipe, resume)
    arrays = load_arrays(recipe.classifier(recipe.fit), data)
    with ddp.team(pick_device(recipe.fit.device).type == "cuda"):
        run = ddp.by_first(lambda: RunFolder.open(to_dict(recipe), output, resume))
        if ddp.rank() == 0:
            counts = ", ".join(f"{count} {part}" for part, count in arrays.counts().items() if part != "test")
            run.log(f"{run.path}: {recipe.method} with {recipe.net.name} on {data or 'simulated'} records: {counts}")
        return fit(pretext_task(recipe, arrays), recipe, run, resume)


def pretext_task(recipe: PretrainRecipe, arrays: Arrays) -> Task:
    """What the training loop is given."""
    torch.manual_seed(recipe.fit.seed)
    net = build(recipe.net.name, 1, recipe.classifier(recipe.fit).channels, arrays.signal.shape[2], recipe.net.options)
    if not (isinstance(net, FusionNet) and _suits(net.trunk, recipe)):
        own = f"nets/encoders/{ENCODERS[recipe.method]}.py, or of nets/bottleneck.py"
        raise ValueError(f"{recipe.method} pretrains an encoder of {own}, not {recipe.net.name!r}")
    pretexts = ON_MAPS if isinstance(net.trunk, BottleneckNet) else PRETEXTS
    model = pretexts[recipe.method](net.trunk, recipe.pretext)
    validation = Validation(arrays.of("validation"), recipe) if (arrays.part == "validation").any() else None
    return Task(model, _loss, plain_training_set(arrays, recipe.fit.seed, recipe.data), validation)


def _suits(trunk: nn.Module, recipe: PretrainRecipe) -> bool:
    """Whether the trunk is the method's own encoder, or one that all methods share."""
    own = NETS[recipe.net.name].module.endswith(f".{ENCODERS[recipe.method]}")
    return own or isinstance(trunk, BottleneckNet)


def _loss(model: nn.Module, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return cast(dict[str, Tensor], model(batch["signal"], batch["patient"]))


class Validation:
    """The pretext loss of the validation records, with the same random choices every time: "pretext_loss"."""

    def __init__(self, arrays: Arrays, recipe: PretrainRecipe) -> None:
        self.seed = recipe.fit.seed
        self.dataset = TrainingSet(arrays, recipe.fit.seed, recipe.data)

    def __call__(self, model: nn.Module) -> dict[str, float]:
        torch.manual_seed(self.seed)
        device, found = next(model.parameters()).device, []
        for first in range(0, len(self.dataset), _BATCH):
            items = [self.dataset[k] for k in range(first, min(first + _BATCH, len(self.dataset)))]
            batch = {key: value.to(device) for key, value in default_collate(items).items()}
            found.append((len(items), {k: float(v) for k, v in _loss(model, batch).items()}))
        total = sum(count for count, _ in found)
        means = {key: sum(count * losses[key] for count, losses in found) / total for key in found[0][1]}
        return {"pretext_loss": means.pop("total"), **means}
