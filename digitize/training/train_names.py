"""Train the name reader: `python -m digitize.training.train_names`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecg.cli import add_data
from ecg.fit.launch import ended, leave
from ecg.fit.options import add_options, changes

if TYPE_CHECKING:
    import torch

    from digitize.training.recipe import NameRecipe
    from ecg.fit.loop import FitResult

_NEAR_CELLS = 2.5  # a word is found when its peak lies this near to its centre


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        prog="python -m digitize.training.train_names",
        description="Train the network that reads lead names, paper speed and gain, on crops drawn as it goes.",
    )
    add_options(p, "configs/names.yaml")
    add_data(p)
    p.add_argument("--start", type=Path, help="start from the weights of another run's checkpoint")
    return p


def main(argv: Sequence[str] | None = None) -> int:
    """0 when trained, 2 when something is wrong, 130 when interrupted."""
    args = parser().parse_args(argv)
    from digitize.training.recipe import NameRecipe
    from ecg.fit.recipe import load

    debug = ["pages.samples=100", "pages.validation_samples=16"] if args.debug else []

    def training() -> str:
        recipe = load(NameRecipe, args.config, debug + changes(args, {"max_samples": "pages.samples"}))
        result = train(recipe, args.data, args.output, args.resume, args.start)
        return f"trained {result.epochs} epochs, {result.steps} steps: {result.best}"

    return ended(training, 2, "digitize.training.train_names")


def train(
    recipe: NameRecipe,
    data: Path | None = None,
    output: Path = Path("experiments"),
    resume: Path | None = None,
    start: Path | None = None,
) -> FitResult:
    """Train the name reader on simulated pages, of the recordings under `data` if given.

    It leaves a run folder in `output`, or goes on in that of the checkpoint `resume`.
    """
    import torch

    from digitize.nets.word_net import WordNet
    from digitize.train import borrow
    from digitize.training.word_samples import NameDataset
    from ecg.fit.loop import Task, fit
    from ecg.fit.recipe import to_dict
    from ecg.fit.run_folder import RunFolder
    from simulate.dataset.page_stream import PageStream, training_hearts, validation_hearts

    if not data:
        print("no recordings given: drawing pages of synthetic hearts (see --data)", file=sys.stderr)
    pages, folder = recipe.pages, Path(data) if data else None
    learnt = PageStream(training_hearts(folder), pages.seed, pages.shares, pages.difficulty)
    kept = PageStream(validation_hearts(folder), pages.seed + 1, pages.shares, pages.difficulty)
    held_out = NameDataset(kept, pages.validation_samples, pages.size_px)
    torch.manual_seed(recipe.fit.seed)
    net = WordNet(recipe.net)
    if start and not resume:
        borrow(net, start)
    task = Task(net, loss, NameDataset(learnt, pages.samples, pages.size_px), lambda net: validation(net, held_out))
    run = RunFolder.of_checkpoint(resume) if resume else RunFolder.create(to_dict(recipe), output)
    return fit(task, recipe, run, resume)


def loss(net: Any, batch: Any) -> dict[str, torch.Tensor]:
    """The focal loss of centre heat maps (Law and Deng 2018), per word."""
    from torch.nn.functional import logsigmoid

    logits, heat = net(batch["image"]).float(), batch["heat"]
    share = logits.sigmoid()
    centre = heat == 1
    missed = (1 - share) ** 2 * logsigmoid(logits)
    invented = (1 - heat) ** 4 * share**2 * logsigmoid(-logits)
    total = -(batch["care"] * (centre * missed + ~centre * invented)).sum() / centre.sum().clamp(min=1)
    return {"total": total}


def validation(net: Any, held_out: Any) -> dict[str, float]:
    """Loss, precision, recall and F1 of the words found on crops never trained on."""
    import torch

    from digitize.layout.printed_words import peaks
    from ecg.fit.dataloader import loader
    from ecg.fit.device import autocast_for

    device = next(net.parameters()).device
    batches = [list(range(i, min(i + 8, len(held_out)))) for i in range(0, len(held_out), 8)]
    losses, right, found, wanted = 0.0, 0, 0, 0
    with torch.no_grad(), autocast_for("auto", device)():
        for batch in loader(held_out, batches, 0):
            batch = {key: value.to(device) for key, value in batch.items()}
            losses += float(loss(net, batch)["total"]) / len(batches)
            for logits, heat, care in zip(net(batch["image"]), batch["heat"], batch["care"], strict=True):
                seen = [p for p in peaks(logits.float().sigmoid().cpu()) if care[p[0], round(p[2]), round(p[1])] > 0]
                true = (heat == 1).nonzero().tolist()
                right += sum(any(_same(p, place) for p in seen) for place in true)
                found, wanted = found + len(seen), wanted + len(true)
    recall, precision = right / max(wanted, 1), right / max(found, 1)
    f1 = 2 * recall * precision / max(recall + precision, 1e-9)
    return {"loss": losses, "precision": precision, "recall": recall, "f1": f1}


def _same(peak: tuple[int, float, float, float], place: Sequence[int]) -> bool:
    channel, x, y, _ = peak
    return channel == place[0] and abs(x - place[2]) < _NEAR_CELLS and abs(y - place[1]) < _NEAR_CELLS


if __name__ == "__main__":
    leave(main())
