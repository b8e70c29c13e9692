"""Train the page pass or the row pass: `python -m digitize.train`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digitize.training.datasets import CACHE_GB, SYNTHETIC, Source
from ecg.cli import add_data
from ecg.fit.launch import ended, leave
from ecg.fit.options import add_options, changes

if TYPE_CHECKING:
    from digitize.training.recipe import PassRecipe
    from ecg.fit.loop import FitResult

_LOSSES = ("seg", "grid", "baseline", "theta", "signal")
_KEYS = {"max_samples": "pages.samples", **{f"loss_weight_{name}": f"losses.{name}" for name in _LOSSES}}


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        prog="python -m digitize.train",
        description="Train the reconstruction network on pages from disk (--sim_root, --csv_root) or drawn as it goes.",
    )
    add_options(p, "configs/whole_page.yaml")
    p.add_argument("--sim_root", type=Path, help="folder of simulated pages (png or jpg with json)")
    p.add_argument("--csv_root", type=Path, help="folder of their signals (csv); default: sim_root")
    add_data(p)
    p.add_argument("--cache", action="store_true", help="keep the prepared pages of --sim_root in memory")
    p.add_argument("--cache_dir", type=Path, help="keep the prepared pages of --sim_root in this folder")
    p.add_argument("--cache_gb", type=float, default=CACHE_GB, help=f"bound of either (default: {CACHE_GB:g})")
    p.add_argument(
        "--pretrained", action="store_true", help="start the encoder from ImageNet weights (needs a download)"
    )
    p.add_argument(
        "--start",
        type=Path,
        help="start from the weights of a checkpoint or of a shipped .safetensors",
    )
    for name in _LOSSES:
        p.add_argument(f"--loss_weight_{name}", type=float)
    return p


def main(argv: Sequence[str] | None = None) -> int:
    """0 when trained, 2 when something is wrong, 130 when interrupted."""
    args = parser().parse_args(argv)
    source = Source(args.sim_root, args.csv_root, args.data, args.cache, args.cache_dir, args.cache_gb)

    def training() -> str:
        result = train(load_recipe(args), source, args.output, args.resume, args.pretrained, args.start)
        return f"trained {result.epochs} epochs, {result.steps} steps: {result.best}"

    return ended(training, 2, "digitize.train")


def load_recipe(args: argparse.Namespace) -> PassRecipe:
    """The recipe file with the command line's changes laid over it."""
    from digitize.training.recipe import load_pass_recipe

    debug = ["pages.samples=100", "pages.validation_samples=16"] if args.debug else []
    return load_pass_recipe(args.config, debug + changes(args, _KEYS))


def train(
    recipe: PassRecipe,
    source: Source = SYNTHETIC,
    output: Path = Path("experiments"),
    resume: Path | None = None,
    pretrained: bool = False,
    start: Path | None = None,
) -> FitResult:
    """Train one pass and leave a run folder in `output`, or go on in that of the checkpoint `resume`.

    `start` names a checkpoint, of the other pass perhaps, whose weights are taken over where they fit.
    """
    from ecg.fit import ddp, launch
    from ecg.fit.device import pick_device
    from ecg.fit.loop import fit
    from ecg.fit.recipe import to_dict
    from ecg.fit.run_folder import RunFolder

    if not source.sim_root and not source.data and launch.is_first():
        print("no recordings given: drawing pages of synthetic hearts (see --data, --sim_root)", file=sys.stderr)
    with ddp.team(pick_device(recipe.fit.device).type == "cuda"):
        task = prepare(recipe, source, pretrained)
        if start and not resume:
            borrow(task.model, start)
        run = ddp.by_first(lambda: RunFolder.open(to_dict(recipe), output, resume))
        return fit(task, recipe, run, resume)


def prepare(recipe: PassRecipe, source: Source, pretrained: bool = False) -> Any:
    """The `Task` of a recipe: network, losses, training pages and how held-out pages are judged."""
    from digitize.training.datasets import datasets
    from digitize.training.losses import total_loss
    from digitize.training.validation import Validation
    from ecg.fit.loop import Task

    dataset, held_out = datasets(recipe, source)

    def loss_fn(net: Any, batch: Any) -> Any:
        return total_loss(net(batch["image"]), batch, recipe.losses)

    validate = Validation(held_out, recipe)
    return Task(build(recipe, pretrained), loss_fn, dataset, validate, validate.show)


def build(recipe: PassRecipe, pretrained: bool = False) -> Any:
    """The network of a recipe, with a seeded start or with the encoder's ImageNet weights."""
    import torch

    from digitize.nets.reconstruction import ReconstructionNet

    torch.manual_seed(recipe.fit.seed)
    if not pretrained:
        return ReconstructionNet(recipe.net)
    try:
        return ReconstructionNet(recipe.net, "imagenet")
    except Exception as error:  # the hub client raises many kinds
        raise ValueError(
            f"--pretrained: the ImageNet weights of {recipe.net.encoder} could not be fetched ({error}); "
            "check the connection, or train without --pretrained (it reaches the same place, later)"
        ) from error


def borrow(model: Any, checkpoint: Path) -> int:
    """Copy weights from a file by name where shapes agree, or agree but for the number of input channels.

    Gives the number of tensors taken over; raises ValueError when there is none.
    """
    import torch

    found = _weights(checkpoint)
    taken = 0
    with torch.no_grad():
        for name, value in model.state_dict().items():
            other = found.get(name)
            if other is None or other.shape[:1] + other.shape[2:] != value.shape[:1] + value.shape[2:]:
                continue
            if value.dim() < 2:
                value.copy_(other)
            else:
                shared = min(value.shape[1], other.shape[1])
                value[:, :shared] = other[:, :shared]
            taken += 1
    if not taken:
        raise ValueError(
            f"{checkpoint}: none of its weights fits this network; expected a checkpoint of the same encoder"
        )
    return taken


def _weights(path: Path) -> dict[str, Any]:
    """The weights in a run's checkpoint or in a file of shipped weights."""
    from ecg.fit.checkpoint import CheckpointError, load, weights

    if path.suffix != ".safetensors":
        return weights(load(path))
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"{path}: no weights could be read from it ({error})") from error


if __name__ == "__main__":
    leave(main())
