"""The networks as ONNX files: written from the trained ones, and run by ONNX Runtime in their place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from digitize.engines import pytorch
from digitize.nets.networks import Networks
from digitize.nets.pretrained import FOLDER
from digitize.pipeline import Digitizer
from ecg.files import atomic_path

NETS: Mapping[str, str] = {"page": "page", "row": "row", "names": "words"}  # kind of weights: field of `Networks`
_STRIDE = 32  # sides are multiples of this
_MISSING = "the onnx engine needs onnx, onnxruntime and onnxscript; run `pip install 'galvano[export]'`"
_INPUT, _ONLY, _VERSION = "image", "output", "version"


@dataclass(frozen=True)
class Exported:
    """An ONNX file, and by how much its outputs differ from the network's at most, per head."""

    path: Path
    largest_difference: Mapping[str, float]


class OnnxNet(nn.Module):
    """Runs an ONNX file as the network it was written from: image in, the same outputs by name (or the only one)."""

    def __init__(self, path: Path, version: str) -> None:
        super().__init__()
        try:
            import onnxruntime
        except ImportError as error:
            raise ValueError(_MISSING) from error
        if not path.is_file():
            raise ValueError(f"{path}: there is no such network; run `python -m digitize.export` first")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        self._session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        found = self._session.get_modelmeta().custom_metadata_map.get(_VERSION)
        if found != version:
            raise ValueError(f"{path}: holds {found}, but the weights are {version}; run `python -m digitize.export`")
        self._names = [output.name for output in self._session.get_outputs()]
        self._place = nn.Parameter(torch.zeros(()), requires_grad=False)  # whoever asks where the network is, learns it

    def forward(self, image: Tensor) -> dict[str, Tensor] | Tensor:
        values = self._session.run(None, {_INPUT: image.float().contiguous().cpu().numpy()})
        outputs = {name: torch.from_numpy(value) for name, value in zip(self._names, values, strict=True)}
        return outputs[_ONLY] if list(outputs) == [_ONLY] else outputs


class _Listed(nn.Module):
    """A network whose outputs come as a tuple, as ONNX has them."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        return tuple(_named(self.net(image)).values())


def _named(outputs: Mapping[str, Tensor] | Tensor) -> Mapping[str, Tensor]:
    return {_ONLY: outputs} if isinstance(outputs, Tensor) else outputs


def load(device: str = "cpu") -> Digitizer:
    """The digitizer with the shipped weights run by ONNX Runtime on the CPU."""
    return with_onnx(pytorch.load(device))


def with_onnx(digitizer: Digitizer, folder: Path | None = None) -> Digitizer:
    """The digitizer with its networks run by ONNX Runtime. Raises ValueError with what to do where one is missing."""
    nets = digitizer.nets
    folder = folder or FOLDER
    page, row, words = (OnnxNet(folder / f"{kind}.onnx", nets.versions[kind]) for kind in NETS)
    return Digitizer(replace(nets, page=page, row=row, words=words))


def export(nets: Networks, folder: Path = FOLDER) -> list[Exported]:
    """Write every network as `<kind>.onnx` and compare each with its source."""
    width, height = nets.page_size_px
    sizes = {"page": (height, width), "row": None, "names": None}
    return [
        export_net(getattr(nets, field), folder / f"{kind}.onnx", nets.versions[kind], sizes[kind])
        for kind, field in NETS.items()
    ]


def export_net(net: nn.Module, path: Path, version: str, size_px: tuple[int, int] | None = None) -> Exported:
    """Write one network; `size_px` (rows, columns) fixes the size of its input, without it any multiple of 32 will do.

    Raises ValueError where the packages for it are missing.
    """
    try:
        import onnx
        import onnxscript  # noqa: F401 - torch's exporter needs it and would say so only after tracing
    except ImportError as error:
        raise ValueError(_MISSING) from error
    net = net.float().eval().cpu().to(memory_format=torch.contiguous_format)
    channels = next(part for part in net.modules() if isinstance(part, nn.Conv2d)).in_channels
    image = _noise(channels, size_px or (5 * _STRIDE, 9 * _STRIDE))
    with torch.inference_mode():
        names = list(_named(net(image)))
    sides = {} if size_px else {k: _STRIDE * torch.export.Dim(f"side{k}", min=2, max=512) for k in (2, 3)}
    listed = _Listed(net).eval()
    program: Any = torch.onnx.export(
        listed, (image,), dynamo=True, input_names=[_INPUT], output_names=names, dynamic_shapes=(sides,), verbose=False
    )
    model = program.model_proto
    onnx.helper.set_model_props(model, {_VERSION: version})
    with atomic_path(path) as temporary:
        onnx.save(model, temporary)
    return Exported(path, compare(net, OnnxNet(path, version), channels, size_px))


def compare(net: nn.Module, other: nn.Module, channels: int, size_px: tuple[int, int] | None) -> dict[str, float]:
    """The largest difference of every output, over pictures of noise of several sizes."""
    worst: dict[str, float] = {}
    for size in [size_px] if size_px else [(5 * _STRIDE, 9 * _STRIDE), (3 * _STRIDE, 20 * _STRIDE)]:
        image = _noise(channels, size)
        with torch.inference_mode():
            ours, theirs = _named(net(image)), _named(other(image))
        for name, values in ours.items():
            worst[name] = max(worst.get(name, 0.0), float((values - theirs[name]).abs().max()))
    return worst


def _noise(channels: int, size_px: tuple[int, int]) -> Tensor:
    return torch.rand(1, channels, *size_px, generator=torch.Generator().manual_seed(1))
