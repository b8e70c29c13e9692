"""One page becomes one row, in whatever order pages are asked for, and messages name the address."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from archive.jobs import PageJobs
from archive.reference import PageReference
from archive.settings import Work
from archive.studies import stand_in

WORK = Work(loader=stand_in.LOADER, diagnose=False)


@pytest.fixture(scope="module")
def chart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A TIFF of three pages that the stand-in tells apart, and a zip with it and a PDF that is named like a picture."""
    folder = tmp_path_factory.mktemp("chart")
    pages = [Image.open(stand_in.write_page(folder / f"{k}.png", 10 * k)) for k in range(3)]
    pages[0].save(folder / "chart.tif", save_all=True, append_images=pages[1:])
    pages[0].save(folder / "really.pdf", save_all=True, append_images=pages[1:])
    with zipfile.ZipFile(folder / "chart.zip", "w") as packed:
        packed.write(folder / "chart.tif", "ward/chart.tif")
        packed.write(folder / "really.pdf", "really.png")
        packed.writestr("broken.png", b"no picture")
    return folder


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 0, 1], [1, 1, 0]])
def test_pages_come_in_any_order(chart: Path, order: list[int]) -> None:
    jobs = PageJobs(WORK)
    for address in (str(chart / "chart.tif"), f"zip://ward/chart.tif::{chart / 'chart.zip'}"):
        rows = [jobs(PageReference(str(page), address, page)) for page in order]
        assert [row.status for row in rows] == ["read"] * 3
        starts = [int(row.signal_uv[0, 0]) for row in rows if row.signal_uv is not None]
        np.testing.assert_array_equal(np.array(starts) - starts[0], 10 * (np.array(order) - order[0]))


def test_a_page_that_is_not_there_is_named(chart: Path) -> None:
    row = PageJobs(WORK)(PageReference("a", str(chart / "chart.tif"), 3))
    assert (row.status, row.code) == ("failed", "no-such-page")
    assert row.error.endswith("chart.tif, page 4: the file has no such page; it has 3")


def test_words_name_the_address_not_the_copy(chart: Path) -> None:
    jobs = PageJobs(WORK)
    address = f"zip://broken.png::{chart / 'chart.zip'}"
    assert jobs(PageReference("a", address)).error.startswith(f"{address}: not a picture")
    missing = jobs(PageReference("b", f"zip://no.png::{chart / 'chart.zip'}"))
    assert (missing.status, missing.code) == ("failed", "file-missing")
    nowhere = jobs(PageReference("c", "nonsense://bucket/a.png"))
    assert (nowhere.status, nowhere.code) == ("failed", "place-unreachable")


@pytest.mark.slow
def test_pages_that_the_listing_could_not_count_are_told(chart: Path) -> None:
    row = PageJobs(WORK)(PageReference("a", f"zip://really.png::{chart / 'chart.zip'}"))
    assert "pages-not-counted" in row.codes


@pytest.mark.slow
def test_a_page_is_diagnosed_as_the_classifier_does(chart: Path) -> None:
    jobs = PageJobs(Work(loader=WORK.loader))
    row = jobs(PageReference("a", str(chart / "0.png")))
    assert jobs.classifier is not None
    diagnosis = jobs.classifier.of_reading(stand_in.load("cpu", "torch").reading)
    assert row.abstained is diagnosis.abstained is False
    assert row.probabilities == {(label.group, label.name): label.probability for label in diagnosis.labels}
    assert row.features.keys() == diagnosis.features.keys()
    assert set(row.codes) == {note.code for note in diagnosis.notes}
