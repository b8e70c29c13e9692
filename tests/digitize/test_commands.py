"""What all commands of the digitizer share."""

from __future__ import annotations

import argparse
import inspect
import subprocess
import sys
from collections.abc import Callable

import pytest

from digitize import evaluate, infer, inference, visualize
from digitize.evaluation import runner, visualization


@pytest.mark.parametrize(
    ("parser", "function"),
    [
        (infer.parser, inference.infer),
        (evaluate.parser, runner.evaluate),
        (visualize.parser, visualization.visualize),
    ],
)
def test_the_options_are_the_functions_parameters(
    parser: Callable[[], argparse.ArgumentParser], function: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ECG_DATA", raising=False)
    options = {a.dest: a for a in parser()._actions if a.dest != "help"}
    parameters = {p.name: p for p in inspect.signature(function).parameters.values() if p.name != "digitizer"}
    assert set(options) == set(parameters)
    for name, parameter in parameters.items():
        required = parameter.default is inspect.Parameter.empty
        assert options[name].required == required, name
        assert required or options[name].default == parameter.default, name


@pytest.mark.parametrize("module", ["digitize", "digitize.infer", "digitize.evaluate", "digitize.visualize"])
def test_help_never_waits_for_torch(module: str) -> None:
    heavy = "{'torch', 'matplotlib', 'scipy.stats'}"
    code = f"import sys, {module}; assert not {heavy} & set(sys.modules), {heavy} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
