"""How a trained pass does on pages it never saw: its measures, its pictures and, if asked, whole pages read with it."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ecg.cli import add_data, run

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class PictureFolder:
    """Takes what a board takes, and writes the pictures as PNG."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.written: list[Path] = []

    def image(self, name: str, pixels: np.ndarray, step: int) -> None:
        from PIL import Image

        from ecg.formats import atomic_path

        with atomic_path(self._path(name)) as temporary:
            Image.fromarray(pixels).save(temporary)

    def figure(self, name: str, figure: Figure, step: int) -> None:
        from ecg.formats import atomic_path

        with atomic_path(self._path(name)) as temporary:
            figure.savefig(temporary, dpi=100)

    def histogram(self, name: str, values: np.ndarray, step: int) -> None:
        """Not a picture: its percentiles are among the measures."""

    def _path(self, name: str) -> Path:
        path = self.folder / f"{name.removeprefix('Val/').replace('/', '_')}.png"
        self.written.append(path)
        return path


def review(checkpoint: Path, output: Path, data: Path | None = None) -> dict[str, Any]:
    """Judge a checkpoint on held-out pages (drawn as its recipe says); writes review.json and pictures to `output`."""
    from digitize.nets.reconstruction import ReconstructionNet
    from digitize.training.datasets import held_out_pages
    from digitize.training.recipe import PassRecipe
    from digitize.training.validation import Validation
    from ecg.fit.checkpoint import fill, load, weights
    from ecg.fit.recipe import from_dict
    from ecg.formats import write_text

    state = load(checkpoint)
    recipe = from_dict(PassRecipe, state["recipe"])
    net = ReconstructionNet(recipe.net)
    fill(net, weights(state), checkpoint)
    validate, pictures = Validation(held_out_pages(recipe, data), recipe), PictureFolder(output)
    measured = validate(net.eval())
    validate.show(pictures, state["step"])  # type: ignore[arg-type]
    facts = {"checkpoint": str(checkpoint), "epochs": state["epoch"], "steps": state["step"]}
    facts |= {"pages": recipe.pages.validation_samples, "recordings": "real" if data else "synthetic"}
    report = {**facts, "measures": measured, "pictures": [path.name for path in pictures.written]}
    write_text(output / "review.json", json.dumps(report, indent=2) + "\n")
    return report


def road(checkpoint: Path, pages: Sequence[Path], output: Path, limit: int | None) -> dict[str, Any]:
    """`digitize.evaluate` with this page pass in place of the shipped one."""
    from digitize.evaluate import evaluate
    from digitize.nets.pretrained import load_pass
    from digitize.pipeline import Digitizer
    from digitize.training.release import ship

    kind = ship(checkpoint, {}, output / "weights").stem
    if kind != "page":
        raise ValueError(f"{checkpoint}: --pages tries a page pass, this is a {kind} pass")
    trained, shipped = load_pass("page", folder=output / "weights"), Digitizer.load()
    versions = {**shipped.nets.versions, "page": trained.version}
    digitizer = Digitizer(replace(shipped.nets, page=trained.net, page_size_px=trained.size_px, versions=versions))
    return evaluate(pages, output, limit=limit, digitizer=digitizer)


def table(report: dict[str, Any]) -> str:
    """The measures for the terminal."""
    head = f"{report['checkpoint']}: {report['steps']} steps, {report['pages']} held-out pages ({report['recordings']})"
    return "\n".join([head, *(f"  {name:16}{value:.4g}" for name, value in report["measures"].items())])


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m digitize.studies.review", description=__doc__)
    made.add_argument("--checkpoint", type=Path, required=True, help="best.pth or last.pth of digitize.train")
    made.add_argument("--output", type=Path, default=Path("out/review"), help="folder for pictures and review.json")
    add_data(made)
    made.add_argument("--pages", type=Path, nargs="+", help="also read these whole, with the other shipped passes")
    made.add_argument("--limit", type=int, help="only the first so many of --pages")
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """0 when judged, 1 when a file cannot be read or written, 2 for a wrong command or checkpoint."""
    return run(parser(), argv, _review_and_tell)


def _review_and_tell(
    checkpoint: Path, output: Path, data: Path | None, pages: Sequence[Path] | None, limit: int | None
) -> int:
    from digitize.evaluation.report import table as page_table

    print(table(review(checkpoint, output, Path(data) if data else None)))
    if pages:
        print(page_table(road(checkpoint, pages, output, limit)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
