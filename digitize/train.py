"""Train the page pass or the row pass: `python -m digitize.train`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from digitize.recipe import PassRecipe
    from ecg.fit.loop import FitResult

_LOSSES = ("seg", "grid", "baseline", "theta", "signal")


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        prog="python -m digitize.train",
        description="Train the reconstruction network on pages from disk (--sim_root, --csv_root) or drawn as it goes.",
    )
    p.add_argument("--config", default="configs/page.yaml", help="recipe (YAML); configs/row.yaml trains the row pass")
    p.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change one value of the recipe")
    p.add_argument("--sim_root", type=Path, help="folder of simulated pages (png with json)")
    p.add_argument("--csv_root", type=Path, help="folder of their signals (csv); default: sim_root")
    p.add_argument(
        "--data", type=Path, default=os.environ.get("ECG_DATA"), help="real recordings to draw (default: $ECG_DATA)"
    )
    p.add_argument("--output", type=Path, default=Path("experiments"), help="where the run folder is made")
    p.add_argument("--epochs", type=int)
    p.add_argument("--batch_size", type=int)
    p.add_argument("--num_workers", type=int)
    p.add_argument("--lr", type=float)
    p.add_argument("--max_samples", type=int, help="train on so many pages an epoch")
    p.add_argument(
        "--pretrained", action="store_true", help="start the encoder from ImageNet weights (needs a download)"
    )
    p.add_argument("--start", type=Path, help="start from the weights of another pass's checkpoint where they fit")
    p.add_argument("--cache", action="store_true", help="keep the pages of --sim_root in memory")
    p.add_argument("--force_cpu", action="store_true", help="do not use a GPU")
    p.add_argument("--debug", action="store_true", help="a quick run: 100 samples, 3 epochs")
    p.add_argument("--resume", type=Path, help="go on from a last.pth")
    for name in _LOSSES:
        p.add_argument(f"--loss_weight_{name}", type=float)
    return p


def main(argv: Sequence[str] | None = None) -> int:
    args = parser().parse_args(argv)
    from ecg.fit.precision import FitError
    from ecg.fit.recipe import RecipeError

    try:
        result = train(
            load_recipe(args),
            args.sim_root,
            args.csv_root,
            args.data,
            args.output,
            args.resume,
            args.pretrained,
            args.start,
            args.cache,
        )
    except (FitError, RecipeError, ValueError, OSError) as error:
        print(f"digitize.train: {error}", file=sys.stderr)
        return 2
    print(f"trained {result.epochs} epochs, {result.steps} steps: {result.best}")
    return 0


def load_recipe(args: argparse.Namespace) -> PassRecipe:
    """The recipe file with the command line's changes laid over it."""
    from digitize.recipe import PassRecipe
    from ecg.fit.recipe import load

    changes = []
    if args.debug:
        changes += ["pages.samples=100", "pages.validation_samples=16", "fit.epochs=3"]
    named = {"fit.epochs": args.epochs, "fit.batch_size": args.batch_size, "fit.num_workers": args.num_workers}
    named |= {"fit.lr": args.lr, "pages.samples": args.max_samples, "fit.device": "cpu" if args.force_cpu else None}
    named |= {f"losses.{name}": getattr(args, f"loss_weight_{name}") for name in _LOSSES}
    changes += [f"{key}={value}" for key, value in named.items() if value is not None]
    return load(PassRecipe, args.config, changes + args.set)


def train(
    recipe: PassRecipe,
    sim_root: Path | None = None,
    csv_root: Path | None = None,
    data: Path | None = None,
    output: Path = Path("experiments"),
    resume: Path | None = None,
    pretrained: bool = False,
    start: Path | None = None,
    cache: bool = False,
) -> FitResult:
    """Train one pass; without `sim_root` the pages are drawn on the spot, from the recordings under `data` if given.

    `start` names a checkpoint, of the other pass perhaps, whose weights are taken over where they fit;
    `cache` keeps the pages of `sim_root` in memory.
    """
    from digitize.losses import total_loss
    from ecg.fit.loop import fit
    from ecg.fit.recipe import to_dict
    from ecg.fit.run_folder import RunFolder

    if not sim_root and not data:
        print("no recordings given: drawing pages of synthetic hearts (see --data, --sim_root)", file=sys.stderr)
    dataset, held_out = _datasets(recipe, sim_root, csv_root, Path(data) if data else None, cache)
    model = build(recipe, pretrained)
    if start and not resume:
        borrow(model, start)
    plain = to_dict(recipe)
    run = RunFolder.of_checkpoint(resume) if resume else RunFolder.create(plain, output)

    def loss_fn(net: Any, batch: Any) -> Any:
        return total_loss(net(batch["image"]), batch, recipe.losses)

    def validate(net: Any) -> dict[str, float]:
        return validation(net, held_out, recipe)

    return fit(model, loss_fn, dataset, validate, recipe.fit, run, plain, resume)


def build(recipe: PassRecipe, pretrained: bool = False) -> Any:
    """The network of a recipe, with a seeded start or with the encoder's ImageNet weights."""
    import torch

    from digitize.nets import ReconstructionNet

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
    """Copy a checkpoint's weights by name where shapes agree, or agree but for the number of input channels.

    Gives the number of tensors taken over; raises ValueError when there is none.
    """
    import torch

    from ecg.fit.checkpoint import load, weights

    found = weights(load(checkpoint))
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


def _datasets(
    recipe: PassRecipe, sim_root: Path | None, csv_root: Path | None, data: Path | None, cache: bool
) -> tuple[Any, Any]:
    from digitize.data import FolderPages, PageDataset, RowDataset
    from simulate.stream import PageStream, training_hearts, validation_hearts

    pages = recipe.pages

    def drawn(hearts: Any, seed: int, samples: int) -> Any:
        stream = PageStream(hearts, seed, pages.shares, pages.difficulty)
        return (
            PageDataset(stream, samples, pages.size_px)
            if recipe.kind == "page"
            else RowDataset(stream, samples, pages.size_px[0])
        )

    validation_set = drawn(validation_hearts(data), pages.seed + 1, pages.validation_samples)
    if sim_root:
        if recipe.kind != "page":
            raise ValueError("--sim_root holds whole pages: use a recipe of kind page")
        return FolderPages(
            sim_root, csv_root or sim_root, pages.samples, pages.size_px, pages.seed, cache
        ), validation_set
    return drawn(training_hearts(data), pages.seed, pages.samples), validation_set


def validation(net: Any, held_out: Any, recipe: PassRecipe) -> dict[str, float]:
    """Losses on pages never trained on, and the error of the decoded height in px (median and 95th percentile)."""
    import numpy as np
    import torch

    from digitize.losses import total_loss
    from digitize.trace.follow import decode_columns
    from ecg.fit.batches import loader
    from ecg.fit.precision import autocast_for

    device = next(net.parameters()).device
    sums: dict[str, float] = {}
    errors = []
    batches = [list(range(i, min(i + 4, len(held_out)))) for i in range(0, len(held_out), 4)]
    with torch.no_grad(), autocast_for(recipe.fit.amp, device)():
        for batch in loader(held_out, batches, recipe.fit.num_workers):
            batch = {key: value.to(device) for key, value in batch.items()}
            out = net(batch["image"])
            for name, value in total_loss(out, batch, recipe.losses).items():
                sums[f"{name}_loss"] = sums.get(f"{name}_loss", 0.0) + float(value) / len(batches)
            if "signal" in out:
                seen = torch.isfinite(batch["signal"])
                height, _ = decode_columns(out["signal"].float())
                errors.append((height - batch["signal"])[seen].abs().cpu().numpy())
    if errors and sum(e.size for e in errors):
        every = np.concatenate(errors)
        sums |= {"error_px": float(np.median(every)), "error_p95_px": float(np.percentile(every, 95))}
    return sums


if __name__ == "__main__":
    sys.exit(main())
