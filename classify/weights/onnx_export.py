"""A classifier as an ONNX file."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from classify.card import Card
from classify.nets.fusion_head import asks_demographics
from classify.nets.inceptionformer.two_branch import fuse_kernels
from classify.recipe import Recipe
from classify.tasks import TASKS
from classify.weights import DEFAULT
from classify.weights.files import load
from ecg.fit.recipe import from_dict
from ecg.formats import atomic_path

if TYPE_CHECKING:
    from onnx import ModelProto
    from onnxruntime import InferenceSession

INPUTS, OUTPUT = ("signal", "features", "demographics"), "logits"
_MISSING = "ONNX export needs onnx, onnxruntime and onnxscript; run `pip install 'galvano[export]'`"
_BATCH_SIZES = (1, 5)  # batches of these sizes are compared


class Exported(NamedTuple):
    """The file, and the largest difference of a calibrated probability from the network's own."""

    path: Path
    largest_difference: float


def export(weights: str | Path = DEFAULT, output: str | Path | None = None) -> Exported:
    """Write weights as ONNX (default: beside them): signal [record, channel, sample] and features to logits.

    Summed depthwise convolutions are written as one each. A network that uses age and sex has a third input,
    demographics [record, 2]. The card stands in the file's metadata: what the labels are, and how logits become
    probabilities. Raises ValueError where the packages for it are missing.
    """
    try:
        import onnx
        import onnxruntime  # noqa: F401 - without it the file could not be compared
        import onnxscript  # noqa: F401 - torch's exporter needs it and would say so only after tracing
    except ImportError as error:
        raise ValueError(_MISSING) from error
    net, card = load(Path(weights))
    path = Path(output) if output else Path(weights).with_suffix(".onnx")
    model = _traced(fuse_kernels(copy.deepcopy(net)), _noise(net, card, 2), card.recipe["net"]["name"])
    onnx.helper.set_model_props(model, {"version": card.version, "card": json.dumps(card.to_dict())})
    with atomic_path(path) as temporary:
        onnx.save(model, temporary)
    return Exported(path, difference(net, card, path))


def _traced(net: nn.Module, inputs: tuple[Tensor, ...], name: str) -> ModelProto:
    """The network as an ONNX model for any number of records. Raises ValueError for one that has no such form."""
    records = torch.export.Dim("records", min=1, max=4096)
    try:
        program = torch.onnx.export(
            net, inputs, dynamo=True, input_names=INPUTS[: len(inputs)], output_names=[OUTPUT],
            dynamic_shapes=tuple({0: records} for _ in inputs), verbose=False,
        )  # fmt: skip
    except torch.onnx.OnnxExporterError as error:
        raise ValueError(f"network {name!r} cannot be written as ONNX: {str(error).strip().splitlines()[0]}") from error
    if program is None:
        raise ValueError(f"network {name!r} cannot be written as ONNX: the exporter gave no program")
    return program.model_proto


def difference(net: nn.Module, card: Card, path: Path) -> float:
    """The largest difference of a probability between the network and the file, over noise."""
    session, largest = open_session(path), 0.0
    for records in _BATCH_SIZES:
        inputs = _noise(net, card, records)
        with torch.inference_mode():
            ours = net(*inputs).numpy()
        theirs = session.run(None, {name: x.numpy() for name, x in zip(INPUTS, inputs, strict=False)})[0]
        largest = max(largest, float(np.abs(card.calibrated(ours) - card.calibrated(theirs)).max()))
    return largest


def open_session(path: Path) -> InferenceSession:
    import onnxruntime

    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


def _noise(net: nn.Module, card: Card, records: int) -> tuple[Tensor, ...]:
    """Inputs of the right shapes: signal, features, and age and sex where the network uses them."""
    recipe = from_dict(Recipe, card.recipe)
    task = TASKS[recipe.task]
    noise = torch.Generator().manual_seed(1)
    samples = round(task.seconds * recipe.data.fs_hz)
    signal = torch.randn(records, recipe.channels, samples, generator=noise)
    measured = torch.randn(records, len(task.features), generator=noise)
    person = torch.tensor([[60.0, 1.0]]).repeat(records, 1) + torch.randn(records, 2, generator=noise)
    return (signal, measured, person) if asks_demographics(net) else (signal, measured)
