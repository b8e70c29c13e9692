"""How fast a training goes, as one table."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from digitize.studies import training_speed


@pytest.mark.slow
def test_the_speed_of_a_training_is_one_table_with_the_bottleneck_named(
    drawn: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_speed, "_WORKERS", (0,))
    changes = ["--set", "pages.size_px=[64,64]", "--set", "fit.batch_size=2", "--set", "fit.device=cpu"]
    options = ["--sim_root", str(drawn), "--config", "configs/small.yaml", "--steps", "1"]
    assert training_speed.main([*options, *changes]) == 0
    said = capsys.readouterr().out
    for how in ("no cache, 0 workers", "--cache_dir, 0", "--cache, 0", "fp32 ", "fp32, channels_last", "bf16 "):
        assert f"| {how}" in said
    assert re.search(r"the best step \(.*\) takes \d+ ms a page", said)
    assert re.search(r"^no cache, 0 workers: loading takes \d+ ms, (loading|the step) is the bottleneck$", said, re.M)
