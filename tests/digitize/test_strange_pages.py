"""Pages that were read wrongly without a word, from the folder that ECG_CASES names: read right now, or refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from cases import case

from digitize.engines import load_digitizer
from digitize.errors import NotAnEcg
from digitize.page.open import open_pages
from digitize.stages import PageHints
from ecg.formats import read
from ecg.layout import load_template
from ecg.reading import Reading
from ecg.record import Record

pytestmark = [pytest.mark.slow, pytest.mark.long]


@pytest.fixture(scope="module")
def cases() -> Path:
    return case(".")


def reading(path: Path, layout: str | None = None) -> Reading:
    hints = PageHints.of(layout)
    return load_digitizer("cpu", "torch")(open_pages(path)[0], hints.layout, hints.mm_per_s, hints.mm_per_mv)


def codes(found: Reading) -> set[str]:
    return {note.code for note in found.notes}


def agrees(record: Record, truth: Path) -> None:
    """Every lead that is printed follows the truth at the truth's own height."""
    wanted = read(truth)
    assert isinstance(wanted, Record)
    for lead in wanted.leads:
        there = np.interp(record.time_s, wanted.time_s, wanted[lead])
        seen = np.isfinite(record[lead]) & np.isfinite(there) & (record.time_s <= wanted.time_s[-1])
        if seen.sum() > 250 and np.std(there[seen]) > 0.01:
            assert np.corrcoef(record[lead][seen], there[seen])[0, 1] > 0.97, lead
            assert np.std(record[lead][seen]) / np.std(there[seen]) == pytest.approx(1, abs=0.1), lead


@pytest.mark.parametrize(
    ("page", "truth", "code"),
    [
        ("negative-page/page.png", "negative-page/truth.csv", "negative-inverted"),
        ("fax-oblong-pixels/page.tif", "fax-oblong-pixels/truth.csv", "pixels-made-square"),
        ("flat-lead-in-pdf/page.pdf", "flat-lead-in-pdf/truth.csv", "lead-flat"),
        ("speed-print-against-pulse/page.pdf", "speed-print-against-pulse/truth.csv", "speed-contradicted"),
        ("speed-print-against-pulse/page.png", "speed-print-against-pulse/truth.csv", "speed-contradicted"),
        ("gain_5_for_10_fax/synthetic-000005.jpg", "gain_5_for_10_fax/synthetic-000005.csv", "gain-assumed"),
        (
            "clean_page_read_upside_down/synthetic-000018.jpg",
            "clean_page_read_upside_down/synthetic-000018.csv",
            "names-not-recognised",
        ),
    ],
)
def test_the_page_is_read_right_with_a_note(cases: Path, page: str, truth: str, code: str) -> None:
    found = reading(cases / page)
    assert code in codes(found)
    agrees(found.record, cases / truth)


def test_what_cannot_be_read_right_is_warned_of(cases: Path) -> None:
    found = reading(cases / "chest_gain_half_silent/synthetic-000014.jpg")
    assert "chest-gain-doubtful" in codes(found)
    assert min(found.confidence.values()) < 0.5


def test_a_sticker_over_a_corner_of_the_grid_moves_no_beat(cases: Path) -> None:
    """Or it is said."""
    page = cases / "bent_top_silent" / "synthetic-000003.jpg"
    found, truth = reading(page), read(page.with_suffix(".csv"))
    assert truth.fs_hz == found.record.fs_hz
    begin, lags_ms = slice(0, round(4.5 * truth.fs_hz)), {}
    for lead in truth.leads:
        seen, there = np.nan_to_num(found.record[lead][begin]), np.nan_to_num(truth[lead][begin])
        if np.std(there) > 0.01:
            alike = [float(np.dot(np.roll(seen, k), there)) for k in range(-100, 101)]
            lags_ms[lead] = abs(int(np.argmax(alike)) - 100) / truth.fs_hz * 1000
    assert len(lags_ms) == 11  # V2 is flat
    assert max(lags_ms.values()) <= 10 or "rows-out-of-step" in codes(found), lags_ms


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("two-ecgs-one-sheet/page.png", "two ECGs seem to stand on this page"),
        ("non_ecg_diagnosed/20_eeg.png", r"I \+ III is not II"),
        ("non_ecg_diagnosed/21_stock_chart.png", r"I \+ III is not II"),
        ("one-lead-read-as-twelve/page.png", r"I \+ III is not II"),
        ("one-lead-three-rows/page.png", "give --layout"),
    ],
)
def test_what_is_no_single_ecg_is_refused(cases: Path, page: str, words: str) -> None:
    with pytest.raises(NotAnEcg, match=words):
        reading(cases / page)


@pytest.mark.parametrize("page", ["page.pdf", "page.png"])
def test_one_lead_goes_on_over_the_rows_of_a_given_layout(cases: Path, page: str) -> None:
    folder = cases / "one-lead-three-rows"
    found = reading(folder / page, str(folder / "rows.yaml"))
    assert np.isfinite(found.record["I"]).sum() / found.record.fs_hz == pytest.approx(30, abs=0.2)
    agrees(found.record, folder / "truth.csv")


def test_layout_files_that_make_no_sense_are_refused(cases: Path) -> None:
    files = sorted((cases / "layout_yaml_traceback").glob("*.yaml"))
    assert files
    for file in files:
        with pytest.raises(ValueError, match=file.name):
            load_template(file)
