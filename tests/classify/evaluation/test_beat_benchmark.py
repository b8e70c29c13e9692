"""The benchmarks count rightly: on beats whose places are known, and on marks that were drawn for the purpose."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import published_forms as forms
import pytest
import wfdb

from classify.benchmark_beats import main
from classify.evaluation.beat_benchmark import heart_rate_table, matched, r_peaks_table, without
from classify.evaluation.wave_benchmark import agreed, compare, marks
from ecg.formats import write


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = forms.mitbih(tmp_path_factory.mktemp("mitdb"), ["100", "101"], codes="N" * 50)
    return sorted(folder.glob("*.hea"))


def test_every_beat_of_plain_records_is_found(records: list[Path]) -> None:
    figures = r_peaks_table(records)
    for name in ("default", "simple"):
        assert figures[name]["beats"] == 100
        assert figures[name]["sensitivity"] == 1.0
        assert figures[name]["extra"] == 0


def test_the_heart_rate_is_the_annotated_one_at_any_rate(records: list[Path]) -> None:
    table = heart_rate_table(records, windows=3)
    assert table["windows"] == 6
    alike = dict.fromkeys(("own", "100", "250", "360", "1000"), 1.0)
    assert table["within_1_bpm"] == {"mean": alike, "median": alike}


def test_a_found_beat_counts_once() -> None:
    truth = np.array([1.0, 2.0, 3.0])
    assert matched(np.array([1.05, 1.06, 2.2, 2.95]), truth) == 2
    assert matched(np.array([]), truth) == 0
    assert without(np.array([1.0, 4.2]), np.array([4.0])).tolist() == [1.0]
    assert without(np.array([1.0, 4.2]), np.array([])).tolist() == [1.0, 4.2]


def test_marks_are_read_with_their_edges(tmp_path: Path) -> None:
    write(forms.tiny(1), tmp_path / "1.hea")
    for lead, later in (("i", 0), ("ii", 4), ("iii", 8)):
        at = np.array([100, 120, 140, 160, 180, 200, 300, 340]) + later
        wfdb.wrann("1", lead, at, np.array(list("(p)(N)t)")), write_dir=str(tmp_path))
    by_lead = {lead: marks(tmp_path / "1.hea", lead) for lead in ("I", "II", "III")}
    np.testing.assert_allclose(by_lead["I"]["P"], [[0.2, 0.24, 0.28]])
    np.testing.assert_allclose(by_lead["I"]["T"], [[np.nan, 0.6, 0.68]])
    np.testing.assert_allclose(agreed(by_lead)["QRS"], by_lead["II"]["QRS"])


def test_errors_are_in_ms_between_the_marked_beats() -> None:
    true = np.array([[0.9, 1.0, 1.1], [1.9, 2.0, 2.1]])
    found = np.array([[0.0, 0.1, 0.2], [0.91, 1.01, 1.1], [1.9, 2.0, np.nan], [8.0, 8.1, 8.2]])
    errors, hits, there, said = compare(found, true, true)
    assert (hits, there, said) == (2, 2, 2)
    np.testing.assert_allclose(errors, [[10, 10, 0], [0, 0, np.nan]], atol=1e-9)
    assert compare(found[:1], true, true)[1:] == (0, 2, 0)


def test_a_folder_without_recordings_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data", str(tmp_path)]) == 1
    assert "no MIT-BIH records" in capsys.readouterr().err


@pytest.mark.slow
def test_real_heart_rates(ecg_data: Path) -> None:
    """Every sixth MIT-BIH record: 95 % of the windows within 1 bpm, the same at every rate."""
    records = sorted((ecg_data / "mitdb").glob("*.hea"))[::6]
    table = heart_rate_table(records, windows=5)
    shares = list(table["within_1_bpm"]["mean"].values())
    assert min(shares) >= 0.9
    assert np.ptp(shares) <= 0.051
