"""The table of engines: each by its name, and only the one that is asked for is imported."""

from __future__ import annotations

import subprocess
import sys

import pytest

from digitize.engines import ENGINES, load_digitizer
from digitize.engines.classical import Classical


def test_an_engine_goes_by_its_name() -> None:
    assert isinstance(load_digitizer("cpu", "classical"), Classical)
    with pytest.raises(ValueError, match=f"'abacus' is not known: expected one of {', '.join(ENGINES)}"):
        load_digitizer("cpu", "abacus")


@pytest.mark.slow
def test_the_engine_without_networks_needs_no_torch() -> None:
    code = "import sys; from digitize.engines import load_digitizer; load_digitizer('cpu', 'classical')"
    subprocess.run([sys.executable, "-c", f"{code}; sys.exit('torch' in sys.modules)"], check=True)


@pytest.mark.slow
def test_reading_imports_neither_the_simulator_nor_the_laboratory() -> None:
    code = "import sys, digitize.engines.pytorch, digitize.batch, digitize.corrections"
    rooms = "('simulate', 'albumentations', 'digitize.training', 'digitize.evaluation', 'digitize.studies')"
    found = f"[name for name in sys.modules if name.startswith({rooms})]"
    subprocess.run([sys.executable, "-c", f"{code}; found = {found}; sys.exit(', '.join(found) or 0)"], check=True)
