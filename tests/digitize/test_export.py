"""`digitize.export` from the command line: what it writes, and that it is run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from torch import Tensor, nn

from digitize import batch, export
from digitize.engines import onnx as engine
from digitize.pipeline import Digitizer


class Small(nn.Module):
    """Halves the picture like the networks do and gives its outputs by name, or only one."""

    def __init__(self, named: bool) -> None:
        super().__init__()
        self.conv, self.named = nn.Conv2d(3, 2, 3, stride=2, padding=1), named

    def forward(self, image: Tensor) -> dict[str, Tensor] | Tensor:
        seen = self.conv(image)
        return {"seg": nn.functional.interpolate(seen, scale_factor=2.0), "grid": seen.amax(2)} if self.named else seen


def small_digitizer() -> Digitizer:
    weights = {"page": "page-1", "row": "row-1", "names": "names-1"}
    return Digitizer(Small(True), Small(True), (96, 64), weights, Small(False))


def test_the_command_writes_and_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    only = replace(small_digitizer(), name_net=None, row_net=None)
    monkeypatch.setattr(Digitizer, "load", lambda device="cpu", *, exact=False: only)
    assert export.main(["--output", str(tmp_path)]) == 0
    assert f"{tmp_path / 'page.onnx'} (0.0 MB): largest difference of seg" in capsys.readouterr().out
    monkeypatch.setattr(engine, "FOLDER", tmp_path)
    found = batch.load_digitizer("cpu", "onnx")
    assert isinstance(found, Digitizer)
    assert isinstance(found.page_net, engine.OnnxNet)
