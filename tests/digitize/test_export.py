"""`digitize.export` from the command line: what it writes and says."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_nets import small_digitizer

from digitize import export


@pytest.mark.slow
def test_the_command_writes_and_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("digitize.engines.export.load_networks", lambda *, exact: small_digitizer().nets)
    assert export.main(["--output", str(tmp_path)]) == 0
    assert f"{tmp_path / 'page.onnx'} (0.0 MB): largest difference of seg" in capsys.readouterr().out
