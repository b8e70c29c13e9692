"""Signal and page side by side, with a perfect and with a refusing reader in place of the networks."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import torch

from classify.pages import compare
from ecg.reading import Page, Reading

torch.set_num_threads(1)
DATA = Path(os.environ.get("ECG_DATA", ""))
pytestmark = pytest.mark.skipif(not (DATA / "ptbxl/index.csv").is_file(), reason="ECG_DATA has no ptbxl")


def test_a_perfect_reader_loses_nothing_and_a_refusal_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from simulate import Scene

    truths: list[Reading] = []
    render = Scene.render

    def remember(scene: Scene, record: object) -> tuple[Page, Reading]:
        page, truth = render(scene, record)
        truths.append(truth)
        return page, truth

    def reader(page: Page) -> Reading:
        if len(truths) == 2:
            raise ValueError("no ECG here")
        return truths[-1]

    monkeypatch.setattr(Scene, "render", remember)
    result = compare(DATA, count=10, preset="clean", output=tmp_path, digitize=reader)
    assert result["records"] + len(result["refused"]) == 10
    assert "no ECG here" in result["refused"].values()
    assert 0 < result["superclass"]["printed part"] <= 1
    assert result["superclass"]["printed part"] == result["superclass"]["read from page"]
    assert json.loads((tmp_path / "pages.json").read_text()) == result
