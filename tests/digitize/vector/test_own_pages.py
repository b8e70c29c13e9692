"""The pages that we draw as PDF are read back from their own curves, without loss."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from digitize.page.open import open_pages
from digitize.stages import PageHints
from digitize.vector.read import read_vector_page
from ecg.formats import pdf_page, write
from ecg.layout import TEMPLATES
from ecg.leads import STANDARD
from ecg.record import Record
from simulate.heart import synthetic_record

pytestmark = pytest.mark.slow

ONE_MICROVOLT_MV = 1e-3


def read_back(path: Path) -> tuple[str, Record]:
    reading = read_vector_page(open_pages(path)[0], PageHints.of(None, None, None))
    assert not reading.notes
    return reading.layout.name, reading.record


def as_printed(record: Record, layout: str) -> Record:
    signal = np.full_like(record.signal_mv, np.nan)
    for box in TEMPLATES[layout].place().boxes:
        row, a, b = record.leads.index(box.lead.removeprefix("-")), round(box.t0_s * 500), round(box.t1_s * 500)
        signal[row, a:b] = record.signal_mv[row, a:b]
    return Record(signal, record.fs_hz, record.leads)


@pytest.mark.parametrize("layout", TEMPLATES)
def test_a_page_of_every_layout(tmp_path: Path, layout: str) -> None:
    record = synthetic_record(1)
    pdf_page.write(record, tmp_path / "page.pdf", layout)
    name, again = read_back(tmp_path / "page.pdf")
    wanted = as_printed(record, layout).select(STANDARD).signal_mv
    assert name == layout
    np.testing.assert_allclose(again.signal_mv[:, : wanted.shape[1]], wanted, rtol=0, atol=ONE_MICROVOLT_MV)


@pytest.mark.parametrize("layout", ["3x4+1", "6x2", "12x1"])
def test_what_a_page_showed_is_drawn_in_its_layout(tmp_path: Path, layout: str) -> None:
    record = as_printed(synthetic_record(2), layout)
    assert pdf_page.fitting(record).name == layout
    write(record, tmp_path / "page.pdf")
    name, again = read_back(tmp_path / "page.pdf")
    assert name == layout
    np.testing.assert_allclose(again.signal_mv, record.signal_mv, rtol=0, atol=ONE_MICROVOLT_MV)


@pytest.mark.parametrize(("mm_per_s", "mm_per_mv"), [(25.0, 5.0), (25.0, 20.0), (12.5, 10.0)])
def test_other_scales(tmp_path: Path, mm_per_s: float, mm_per_mv: float) -> None:
    record = synthetic_record(3)
    pdf_page.write(record, tmp_path / "page.pdf", "3x4+1", mm_per_s, mm_per_mv)
    _, again = read_back(tmp_path / "page.pdf")
    seen = np.isfinite(again.signal_mv)
    np.testing.assert_allclose(again.signal_mv[seen], record.signal_mv[seen], rtol=0, atol=ONE_MICROVOLT_MV)


def test_a_long_recording_goes_on_over_pages(tmp_path: Path) -> None:
    record = synthetic_record(4)
    long = Record(np.concatenate([record.signal_mv] * 3, axis=1)[:, :12_000], 500, STANDARD)
    write(long, tmp_path / "long.pdf")
    pages = open_pages(tmp_path / "long.pdf")
    assert len(pages) == 3
    second = read_vector_page(pages[1], PageHints.of(None, None, None)).record
    np.testing.assert_allclose(second.signal_mv, record.signal_mv, rtol=0, atol=ONE_MICROVOLT_MV)
