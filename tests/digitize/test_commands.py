"""What all commands of the digitizer share."""

from __future__ import annotations

import argparse
import inspect
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest
from PIL import Image

from digitize import evaluate, infer, inference, visualize
from digitize.evaluation import runner, visualization
from digitize.pipeline import Digitizer
from ecg.files import InputError


@pytest.mark.parametrize(
    ("parser", "function"),
    [
        (infer.parser, inference.infer),
        (evaluate.parser, runner.evaluate),
        (visualize.parser, visualization.visualize),
    ],
)
def test_the_options_are_the_functions_parameters(
    parser: Callable[[], argparse.ArgumentParser], function: Callable[..., object]
) -> None:
    given_by_the_command = {"digitizer", "tell"}  # the digitizer is loaded or, of --checkpoint, built
    options = {a.dest: a for a in parser()._actions if a.dest != "help"}
    parameters = {
        p.name: p for p in inspect.signature(function).parameters.values() if p.name not in given_by_the_command
    }
    assert set(options) - {"checkpoint"} == set(parameters) - {"checkpoint"}
    for name, parameter in parameters.items():
        required = parameter.default is inspect.Parameter.empty
        assert options[name].required == required, name
        assert required or options[name].default == parameter.default, name


@pytest.mark.parametrize("module", ["digitize", "digitize.infer", "digitize.evaluate", "digitize.visualize"])
def test_help_never_waits_for_torch(module: str) -> None:
    heavy = "{'torch', 'matplotlib', 'scipy.stats'}"
    code = f"import sys, {module}; assert not {heavy} & set(sys.modules), {heavy} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("module", "options"),
    [
        ("infer", ["--image", "PAGE"]),
        ("evaluate", ["--pages", "PAGE"]),
        ("visualize", ["--image", "PAGE"]),
        ("studies.batch_robustness", []),
        ("studies.head_masking", ["--pages", "PAGE"]),
        ("studies.layout_accuracy", []),
    ],
)
def test_the_device_reaches_the_networks(
    module: str, options: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def load(cls: type[Digitizer], device: str = "cpu", *, exact: bool = False) -> Digitizer:
        asked.append(device)
        raise InputError("as far as it needs to go")

    monkeypatch.setattr(Digitizer, "load", classmethod(load))
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (40, 30)).save("page.png")
    argv = [option.replace("PAGE", "page.png") for option in options]
    assert import_module(f"digitize.{module}").main([*argv, "--device", "cuda:7"]) == 1
    assert asked == ["cuda:7"]
