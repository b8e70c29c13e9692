"""Write a classifier as an ONNX file and say by how much its answers differ: `python -m classify.export`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from classify.weights import DEFAULT
from ecg.cli import run

if TYPE_CHECKING:
    from torch import Tensor

    from classify.card import Card

INPUTS, OUTPUT = ("signal", "features"), "logits"
_MISSING = "ONNX export needs onnx, onnxruntime and onnxscript; run `pip install 'galvano[export]'`"
_RECORDS = (1, 5)  # batches of these sizes are compared


class Exported(NamedTuple):
    """The file, and the largest difference of a calibrated probability from the network's own."""

    path: Path
    largest_difference: float


def export(weights: str | Path = DEFAULT, output: str | Path | None = None) -> Exported:
    """Write weights as ONNX (default: beside them): signal [record, channel, sample] and features to logits.

    The card stands in the file's metadata: what the labels are, and how logits become probabilities. Raises ValueError
    where the packages for it are missing.
    """
    try:
        import onnx
        import onnxruntime  # noqa: F401 - without it the file could not be compared
        import onnxscript  # noqa: F401 - torch's exporter needs it and would say so only after tracing
    except ImportError as error:
        raise ValueError(_MISSING) from error
    from classify.weights import load
    from ecg.formats import atomic_path

    net, card = load(Path(weights))
    path = Path(output) if output else Path(weights).with_suffix(".onnx")
    model = _traced(net, _noise(card, 2), card.recipe["net"]["name"])
    onnx.helper.set_model_props(model, {"version": card.version, "card": json.dumps(card.to_dict())})
    with atomic_path(path) as temporary:
        onnx.save(model, temporary)
    return Exported(path, difference(net, card, path))


def _traced(net: Any, given: tuple[Tensor, ...], name: str) -> Any:
    """The network as an ONNX model for any number of records. Raises ValueError for one that has no such form."""
    import torch

    records = torch.export.Dim("records", min=1, max=4096)
    try:
        program = torch.onnx.export(
            net, given, dynamo=True, input_names=INPUTS, output_names=[OUTPUT],
            dynamic_shapes=tuple({0: records} for _ in given), verbose=False,
        )  # fmt: skip
    except torch.onnx.OnnxExporterError as error:
        raise ValueError(f"network {name!r} cannot be written as ONNX: {str(error).strip().splitlines()[0]}") from error
    return program.model_proto if program else None


def difference(net: Any, card: Card, path: Path) -> float:
    """The largest difference of a probability between the network and the file, over noise."""
    import torch

    session, worst = open_session(path), 0.0
    for records in _RECORDS:
        given = _noise(card, records)
        with torch.inference_mode():
            ours = net(*given).numpy()
        theirs = session.run(None, {name: x.numpy() for name, x in zip(INPUTS, given, strict=True)})[0]
        worst = max(worst, float(np.abs(card.calibrated(ours) - card.calibrated(theirs)).max()))
    return worst


def open_session(path: Path) -> Any:
    import onnxruntime

    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


def _noise(card: Card, records: int) -> tuple[Tensor, Tensor]:
    """Inputs of the right shapes: signal and features."""
    import torch

    from classify.recipe import Recipe
    from classify.tasks import TASKS
    from ecg.fit.recipe import from_dict

    recipe = from_dict(Recipe, card.recipe)
    task = TASKS[recipe.task]
    noise = torch.Generator().manual_seed(1)
    samples = round(task.seconds * recipe.data.fs_hz)
    signal = torch.randn(records, recipe.channels, samples, generator=noise)
    return signal, torch.randn(records, len(task.features), generator=noise)


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(prog="python -m classify.export", description="Write a classifier as an ONNX file.")
    p.add_argument("--weights", type=Path, default=DEFAULT, help="a .safetensors file with its .json beside it")
    p.add_argument("--output", type=Path, metavar="FILE", help="where to (default: beside the weights, .onnx)")
    return p


def main(argv: Sequence[str] | None = None) -> int:
    """0 when it was written, 1 when it could not be, 2 for a wrong command or where the packages are missing."""
    return run(parser(), argv, _export_and_tell)


def _export_and_tell(weights: Path, output: Path | None) -> int:
    path, worst = export(weights, output)
    size_mb = path.stat().st_size / 1e6
    print(f"{path} ({size_mb:.1f} MB): probabilities differ by {worst:.1e} at most")
    return 0


if __name__ == "__main__":
    sys.exit(main())
