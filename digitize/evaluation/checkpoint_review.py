"""The network of a training run: judged on held-out pages, and put in place of the shipped one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from matplotlib.figure import Figure
from PIL import Image
from torch import nn

from digitize import engines
from digitize.engines import Digitize
from digitize.evaluation.report_types import Review
from digitize.evaluation.whole_page import SinglePass
from digitize.nets.networks import Networks
from digitize.nets.pretrained import load_pass
from digitize.pipeline import Digitizer
from digitize.training.datasets import Source, held_out_pages
from digitize.training.recipe import PassRecipe, recipe_from_dict
from digitize.training.shipping import ship
from digitize.training.trainer import build, validation_of
from digitize.training.validation import Validation
from ecg.cli import ENGINES
from ecg.files import atomic_path
from ecg.fit.checkpoint import fill, load, weights
from ecg.fit.run_folder import RunFolder


class PictureFolder:
    """Takes what a TensorBoard takes, and writes the pictures as PNG."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.written: list[Path] = []

    def image(self, name: str, pixels: np.ndarray, step: int) -> None:
        with atomic_path(self._path(name)) as temporary:
            Image.fromarray(pixels).save(temporary)

    def figure(self, name: str, figure: Figure, step: int) -> None:
        with atomic_path(self._path(name)) as temporary:
            figure.savefig(temporary, dpi=100)

    def histogram(self, name: str, values: np.ndarray, step: int) -> None:
        """Not a picture: its percentiles are among the measures."""

    def _path(self, name: str) -> Path:
        path = self.folder / f"{name.removeprefix('Val/').replace('/', '_')}.png"
        self.written.append(path)
        return path


def review(checkpoint: Path, output: Path, data: Path | None = None, device: str = "cpu") -> Review:
    """Judge a checkpoint on the pages that its run held out; pictures go to `output`.

    They are a part of the pages that the run was given, or drawn of recordings (under `data`, else synthetic).

    Raises CheckpointError for a file that is no checkpoint of a network of the digitizer.
    """
    state = load(checkpoint)
    recipe = recipe_from_dict(state["recipe"])
    net = build(recipe)
    fill(net, weights(state), checkpoint)
    kept = RunFolder(checkpoint.resolve().parent.parent).source()
    roots = (kept.get("sim_root"), kept.get("csv_root"), data or kept.get("data"))
    pages = held_out_pages(recipe, Source(*roots, val_list=kept.get("val_list")))
    validate, pictures = validation_of(recipe, pages), PictureFolder(output)
    measures = validate(net.eval().to(device))
    if isinstance(validate, Validation):
        validate.show(pictures, state["step"])
    return Review(
        checkpoint=str(checkpoint),
        kind=recipe.kind,
        epochs=state["epoch"],
        steps=state["step"],
        pages=len(pages),
        recordings=_recordings(kept, data),
        measures=measures,
        pictures=[path.name for path in pictures.written],
    )


def _recordings(kept: Mapping[str, Path | None], data: Path | None) -> str:
    """What the held-out pages show."""
    if kept.get("sim_root"):
        return f"of {kept['sim_root']}"
    return "real" if data or kept.get("data") else "synthetic"


def with_checkpoint(digitize: Digitize, checkpoint: Path, output: Path, device: str = "cpu") -> Digitizer | SinglePass:
    """The digitizer with the network of a checkpoint in place of its own of that kind, as it would be shipped.

    A network of whole pages with a signal head reads the curves with it, on the place that the shipped ones find. The
    shipped form is kept in `output`/weights. Raises ValueError for a digitizer that is not of torch's networks.
    """
    if not isinstance(digitize, Digitizer):
        raise ValueError(_NEEDS_TORCH)
    recipe = recipe_from_dict(load(checkpoint)["recipe"])
    if isinstance(recipe, PassRecipe) and recipe.kind == "page" and "signal" in recipe.net.heads:
        return SinglePass.load(checkpoint, device, digitize)
    kind = ship(checkpoint, {}, output / "weights").stem
    trained = load_pass(kind, device, output / "weights")
    size_px = trained.size_px if kind == "page" else digitize.nets.page_size_px
    versions = {**digitize.nets.versions, kind: trained.version}
    nets = replace(digitize.nets, page_size_px=size_px, versions=versions)
    return Digitizer(_with_network(nets, kind, trained.net))


def _with_network(nets: Networks, kind: str, net: nn.Module) -> Networks:
    """The networks with the one that a recipe of this kind trains."""
    if kind == "page":
        return replace(nets, page=net)
    return replace(nets, row=net) if kind == "row" else replace(nets, words=net)


_NEEDS_TORCH = f"--checkpoint needs the engine {ENGINES[0]}: the others do not run a network of a checkpoint"


def digitizer_of(checkpoint: Path, device: str = "cpu", engine: str = ENGINES[0]) -> Digitizer | SinglePass:
    """The shipped digitizer with the network of a checkpoint in its place; nothing is kept on disk."""
    if engine != ENGINES[0]:
        raise ValueError(_NEEDS_TORCH)
    with TemporaryDirectory() as folder:
        return with_checkpoint(engines.load_digitizer(device, engine), checkpoint, Path(folder), device)
