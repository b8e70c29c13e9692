"""The network of a training run: judged on held-out pages, and put in place of the shipped one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image
from torch import nn

from digitize.engines import Digitize
from digitize.evaluation.report_types import Review
from digitize.nets.networks import Networks
from digitize.nets.pretrained import load_pass
from digitize.pipeline import Digitizer
from digitize.training.datasets import drawn_held_out
from digitize.training.recipe import recipe_from_dict
from digitize.training.shipping import ship
from digitize.training.trainer import build, validation_of
from digitize.training.validation import Validation
from ecg.cli import ENGINES
from ecg.files import atomic_path
from ecg.fit.checkpoint import fill, load, weights


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
    """Judge a checkpoint on held-out pages of recordings (under `data`, else synthetic); pictures go to `output`.

    Raises CheckpointError for a file that is no checkpoint of a network of the digitizer.
    """
    state = load(checkpoint)
    recipe = recipe_from_dict(state["recipe"])
    net = build(recipe)
    fill(net, weights(state), checkpoint)
    validate, pictures = validation_of(recipe, drawn_held_out(recipe, data)), PictureFolder(output)
    measures = validate(net.eval().to(device))
    if isinstance(validate, Validation):
        validate.show(pictures, state["step"])
    return Review(
        checkpoint=str(checkpoint),
        kind=recipe.kind,
        epochs=state["epoch"],
        steps=state["step"],
        pages=recipe.pages.validation_samples,
        recordings="real" if data else "synthetic",
        measures=measures,
        pictures=[path.name for path in pictures.written],
    )


def with_checkpoint(digitize: Digitize, checkpoint: Path, output: Path, device: str = "cpu") -> Digitizer:
    """The digitizer with the network of a checkpoint in place of its own of that kind, as it would be shipped.

    The shipped form is kept in `output`/weights. Raises ValueError for a digitizer that is not of torch's networks.
    """
    if not isinstance(digitize, Digitizer):
        raise ValueError(f"--checkpoint needs the engine {ENGINES[0]}: the others do not run a network of a checkpoint")
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
