"""ONNX: the same outputs as the network, at other sizes too, and words where something is missing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

pytest.importorskip("onnx")
pytest.importorskip("onnxscript")
pytest.importorskip("onnxruntime")

from digitize import engines, export
from digitize.engines import onnx as engine
from digitize.nets.heads import NetSpec
from digitize.nets.networks import Networks
from digitize.nets.reconstruction import ReconstructionNet
from digitize.pipeline import Digitizer

CLOSE = 1e-4


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
    return Digitizer(Networks(Small(True), Small(True), Small(False), (96, 64), weights))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Digitizer, Path, list[engine.Exported]]:
    torch.manual_seed(1)
    digitizer, folder = small_digitizer(), tmp_path_factory.mktemp("onnx")
    return digitizer, folder, engine.export(digitizer.nets, folder)


@pytest.mark.slow
def test_every_network_is_written_and_agrees(written: tuple[Digitizer, Path, list[engine.Exported]]) -> None:
    _, folder, done = written
    assert [one.path for one in done] == [folder / f"{kind}.onnx" for kind in ("page", "row", "names")]
    assert set(done[0].largest_difference) == {"seg", "grid"}
    assert max(value for one in done for value in one.largest_difference.values()) < CLOSE


def test_the_files_take_the_networks_place(written: tuple[Digitizer, Path, list[engine.Exported]]) -> None:
    digitizer, folder, _ = written
    other = engine.with_onnx(digitizer, folder)
    image = torch.rand(1, 3, 128, 64)  # not a size that was traced
    torch.testing.assert_close(other.nets.row(image), digitizer.nets.row(image), rtol=0, atol=CLOSE)
    torch.testing.assert_close(other.nets.words(image), digitizer.nets.words(image), rtol=0, atol=CLOSE)
    assert next(other.nets.page.parameters()).device.type == "cpu"


def test_a_file_of_other_weights_or_none_is_refused_with_what_to_do(
    written: tuple[Digitizer, Path, list[engine.Exported]], tmp_path: Path
) -> None:
    digitizer, folder, _ = written
    newer = Digitizer(replace(digitizer.nets, versions={**digitizer.nets.versions, "row": "row-2"}))
    with pytest.raises(ValueError, match=r"row\.onnx: holds row-1, but the weights are row-2; run"):
        engine.with_onnx(newer, folder)
    with pytest.raises(ValueError, match="there is no such network; run `python"):
        engine.with_onnx(digitizer, tmp_path)


@pytest.mark.slow
def test_the_reconstruction_network_agrees_in_all_its_heads(tmp_path: Path) -> None:
    torch.manual_seed(2)
    spec = NetSpec(decoder_channels=(16, 8, 8, 8, 8), in_channels=4, seg_classes=3, signal_leads=1, columns_per_px=2)
    done = engine.export_net(ReconstructionNet(spec), tmp_path / "row.onnx", "row-1", (64, 96))
    assert set(done.largest_difference) == {"seg", "grid", "baseline", "theta", "signal", "signal_valid", "signal_edge"}
    assert max(done.largest_difference.values()) < CLOSE


@pytest.mark.slow
def test_the_command_writes_and_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    nets = small_digitizer().nets
    monkeypatch.setattr("digitize.nets.pretrained.load_networks", lambda device="cpu", *, exact=False: nets)
    monkeypatch.setattr("digitize.pipeline.load_networks", lambda device="cpu", *, exact=False: nets)
    assert export.main(["--output", str(tmp_path)]) == 0
    assert f"{tmp_path / 'page.onnx'} (0.0 MB): largest difference of seg" in capsys.readouterr().out
    monkeypatch.setattr(engine, "FOLDER", tmp_path)
    found = engines.load_digitizer("cpu", "onnx")
    assert isinstance(found, Digitizer)
    assert isinstance(found.nets.page, engine.OnnxNet)
