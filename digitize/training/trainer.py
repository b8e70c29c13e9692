"""One training for every network of the digitizer, whichever kind its recipe is of."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from digitize.nets.reconstruction import ReconstructionNet
from digitize.nets.word_net import WordNet
from digitize.training.datasets import PLACES, SYNTHETIC, Source, datasets
from digitize.training.losses import total_loss, word_loss
from digitize.training.prepared_pages import PreparedPages
from digitize.training.recipe import NameRecipe, Recipe, load_recipe
from digitize.training.validation import Validation
from digitize.training.word_validation import WordValidation
from ecg.fit import ddp, launch, split_file
from ecg.fit.checkpoint import load, load_matching
from ecg.fit.dataloader import EpochDataset, ItemDataset
from ecg.fit.device import pick_device
from ecg.fit.loop import FitResult, Task, fit
from ecg.fit.recipe import to_dict
from ecg.fit.resume_check import check_same
from ecg.fit.run_folder import RunFolder


def train(
    recipe: Recipe,
    source: Source = SYNTHETIC,
    output: Path = Path("experiments"),
    resume: Path | None = None,
    pretrained: bool = False,
    start: Path | None = None,
) -> FitResult:
    """Train one network and leave a run folder in `output`, or go on in that of the checkpoint `resume`.

    `start` names weights, of another pass perhaps, that are taken over where they fit. Processes that `torchrun`
    started share one run.
    """
    if not source.sim_root and not source.data and launch.is_first():
        print("no recordings given: drawing pages of synthetic hearts (see --data, --sim_root)", file=sys.stderr)
    with ddp.team(pick_device(recipe.fit.device).type == "cuda"):
        dataset, held_out = datasets(recipe, source)
        rows = [*_split_rows(dataset, "train"), *_split_rows(held_out, "validation")]
        if resume:
            check_same(load(resume)["recipe"], recipe, resume)
            split_file.check_same_split(RunFolder.of_checkpoint(resume).path, rows, resume, "pages")
        task = prepare(recipe, dataset, held_out, pretrained)
        if start and not resume:
            load_matching(task.model, start)
        run = ddp.by_first(lambda: RunFolder.open(to_dict(recipe), output, resume))
        if not resume and ddp.rank() == 0:
            run.keep_source({name: getattr(source, name) for name in PLACES})
            if rows:
                split_file.write(rows, run.path / split_file.SPLIT_FILE)
        return fit(task, recipe, run, resume)


def _split_rows(pages: object, part: str) -> list[split_file.Row]:
    """(picture, recording, part) of pages on disk; nothing of pages that are drawn."""
    files = pages.pages if isinstance(pages, PreparedPages) else ()
    return [(f"{page.picture.parent.name}/{page.picture.name}", page.record, part) for page in files]


def train_and_report(
    config: str,
    changes: Sequence[str],
    source: Source,
    output: Path,
    resume: Path | None,
    pretrained: bool,
    start: Path | None,
) -> int:
    """Follow a recipe file with changes laid over it; the first process of a team says how it ended. Gives 0."""
    result = train(load_recipe(config, changes), source, output, resume, pretrained, start)
    if launch.is_first():
        print(f"trained {result.epochs} epochs, {result.steps} steps: {result.best}")
    return 0


def prepare(recipe: Recipe, dataset: EpochDataset, held_out: ItemDataset, pretrained: bool = False) -> Task:
    """The network of a recipe, its losses, its training pages and how held-out pages are judged."""
    model, validate = build(recipe, pretrained), validation_of(recipe, held_out)
    if isinstance(recipe, NameRecipe):
        return Task(model, _word_losses, dataset, validate)
    weights = recipe.losses

    def losses(net: nn.Module, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return total_loss(net(batch["image"]), batch, weights)

    return Task(model, losses, dataset, validate, validate.show if isinstance(validate, Validation) else None)


def validation_of(recipe: Recipe, held_out: ItemDataset) -> Validation | WordValidation:
    """How a network of a recipe is judged on held-out pages."""
    return WordValidation(held_out, recipe) if isinstance(recipe, NameRecipe) else Validation(held_out, recipe)


def _word_losses(net: nn.Module, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return word_loss(net(batch["image"]), batch)


def build(recipe: Recipe, pretrained: bool = False) -> nn.Module:
    """The network of a recipe, with a seeded start or with the encoder's ImageNet weights."""
    torch.manual_seed(recipe.fit.seed)
    if isinstance(recipe, NameRecipe):
        if pretrained:
            raise ValueError("--pretrained: there are no ImageNet weights for the network of names; leave it out")
        return WordNet(recipe.net)
    if not pretrained:
        return ReconstructionNet(recipe.net)
    try:
        return ReconstructionNet(recipe.net, "imagenet")
    except Exception as error:  # the hub client raises many kinds
        raise ValueError(
            f"--pretrained: the ImageNet weights of {recipe.net.encoder} could not be fetched ({error}); "
            "check the connection, or train without --pretrained (it reaches the same place, later)"
        ) from error
