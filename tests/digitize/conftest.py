"""Trainings that several tests look at; each is run once a process."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from drawn_page import FakeDigitizer
from tiny_runs import NAMES, PAGE, ROW, trained

from digitize import engines
from simulate.dataset.writer import write_pages

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def page_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(tmp_path_factory.mktemp("page"), PAGE, "--set", "fit.show_every=2")


@pytest.fixture(scope="session")
def row_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(tmp_path_factory.mktemp("row"), ROW)


@pytest.fixture(scope="session")
def names_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(tmp_path_factory.mktemp("names"), NAMES)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeDigitizer:
    """Every command line gets the stand-in."""
    digitizer = FakeDigitizer()
    monkeypatch.setattr(engines, "load_digitizer", lambda device, engine: digitizer)
    return digitizer


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three small pages with their signals, as python -m simulate writes them; not to be changed."""
    folder = tmp_path_factory.mktemp("drawn")
    write_pages(folder, count=3, seed=3, preset="clean", long_side_px=400)
    return folder
