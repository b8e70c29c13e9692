"""`digitize.export` from the command line: what it writes, and that it is run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from small_nets import small_digitizer

from digitize import batch, export
from digitize.engines import onnx as engine
from digitize.pipeline import Digitizer


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
