"""Small recordings that were once read wrong in silence, in the folder that ECG_CASES names (skipped without one)."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import torch
from cases import CASES

from classify import Classifier
from classify.features.__main__ import main as features
from classify.infer import main as infer
from ecg.files import InputError
from ecg.formats import find_records, read
from ecg.notes import texts

torch.set_num_threads(1)
pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="ECG_CASES names no folder of cases")


def measured(tmp_path: Path, *names: str) -> list[dict[str, str]]:
    given = ["--input", *(str(CASES / name) for name in names), "--fs_hz", "250"]
    assert features([*given, "--output", str(tmp_path / "f.csv")]) == 0
    return list(csv.DictReader((tmp_path / "f.csv").open()))


@pytest.mark.parametrize(
    ("name", "bpm"),
    [(f"fast-heart/bpm{bpm}.hea", bpm) for bpm in (214, 220, 250)]
    + [("beats-in-nothing/asystole.hea", 70), ("channel-names/holter.hea", 75), ("channel-names/nogain.hea", 75)],
)
def test_rates(tmp_path: Path, name: str, bpm: float) -> None:
    (row,) = measured(tmp_path, name)
    assert float(row["heart_rate_bpm"]) == pytest.approx(bpm, abs=1)
    assert float(row["sdnn_ms"]) < 20
    if "channel" in name:
        assert row["std_mv"] == row["qrs_mv"] == row["st_II_mv"] == ""


def test_nothing_is_found_in_nothing(tmp_path: Path) -> None:
    for row in measured(tmp_path, "beats-in-nothing/constant.hea", "beats-in-nothing/noise.hea"):
        assert row["heart_rate_bpm"] == row["sdnn_ms"] == row["qrs_ms"] == ""


@pytest.mark.parametrize(
    "name",
    ["wfdb-odd-date/iso.hea", "wfdb-odd-date/yearonly.hea", "wfdb-odd-date/shortyear.hea", "wfdb-length/zerolength.hea",
     "wfdb-frames/monitor.hea", "channel-names/prefixed.hea", "minus-avr-record/cabrera.hea", "csv-volts/volts.csv",
     *(f"csv-forms/{form}.csv" for form in ("excel_german", "pandas_index", "time", "units_in_header"))],
)  # fmt: skip
def test_the_signal_is_the_truth(name: str) -> None:
    record = read(CASES / name, 250, "V" if "volts" in name else None)
    truth = read((CASES / name).with_name("truth.csv"), 250)
    assert record.fs_hz == truth.fs_hz and set(record.leads) == set(truth.leads)
    np.testing.assert_allclose(record.select(truth.leads).signal_mv, truth.signal_mv, atol=1.1e-3)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("csv-forms/transposed.csv", "leads stand in rows"),
        ("csv_time_in_ms/c_ms.csv", r"says 0\.5 Hz.*ms"),
        ("csv_stray_quote_kills_batch/a_bad.csv", "quotation mark"),
        ("wfdb_rate_nan_read_as_250Hz/h_ratenan.hea", "states the rate 'nan'"),
        ("wfdb_rate_nan_read_as_250Hz/h_rateneg.hea", "states the rate '-500'"),
        ("wfdb_without_lead_names_kills_batch/h_nonames.hea", "channels have no names"),
        *((f"record_raises_other_kinds/{name}", "csv|json") for name in ("c_bigfield.csv", "c_slow.csv", "j_deep.json",
          "j_fs.001.json", "j_hugeint.json", "j_leadsint.json", "j_metalist.json")),
    ],
)  # fmt: skip
def test_one_sentence_names_the_file(name: str, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        read(CASES / name)
    assert Path(name).name in str(caught.value) and len(str(caught.value)) < 500


def test_segments_are_no_recordings_of_their_own() -> None:
    assert [path.name for path in find_records([CASES / "segments-in-folder"])] == ["rec.hea"]


@pytest.mark.parametrize(
    "name", ["dead-recording/zeros.hea", "dead-recording/nothing.hea", "flat_record_internal_error/c_flat.csv"]
)
def test_a_dead_recording_is_an_abstention(tmp_path: Path, name: str) -> None:
    assert infer(["--record", str(CASES / name), "--output", str(tmp_path)]) == 0
    (row,) = csv.DictReader((tmp_path / "diagnoses.csv").open())
    assert row["status"] == "abstained" and "0 usable leads (none), at least 6 are needed" in row["warnings"]
    assert list(tmp_path.glob("*.report.html"))


def test_a_unit_is_doubted_by_the_diagnosis_too() -> None:
    diagnosis = Classifier.load()(read(CASES / "amplitude_x10_no_warning" / "c_x10.csv"))
    assert "unit-doubtful" in [note.code for note in diagnosis.notes]
    assert any("look like uV or raw counts" in text for text in texts(diagnosis.notes))


@pytest.mark.slow
@pytest.mark.long
def test_an_episode_is_not_averaged_away() -> None:
    diagnosis = Classifier.load()(read(CASES / "episode-in-long-record" / "tenminutes.hea"))
    assert len(diagnosis.windows) == 60
    own = [e for e in diagnosis.episodes if e.name == "AFIB"]
    assert own and min(e.start_s for e in own) >= 230 and max(e.end_s for e in own) <= 370
    assert any("AFIB in" in text and "of 60 windows" in text for text in diagnosis.warnings)
