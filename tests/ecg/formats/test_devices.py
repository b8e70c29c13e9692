"""Files of real devices: what comes out is what other programs get, in uV."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from ecg.files import InputError
from ecg.formats import ReadOptions, read, read_all
from ecg.leads import STANDARD
from ecg.record import Record

FILES = (
    "philips/HeartstartMRx_1-03.xml", "philips/repbeats_1-03.xml", "philips/ZZDEMO_1-04.xml", "philips/cvrg_1-03.xml",
    "muse/cvrg_resting.xml", "scp/Example.scp", "dicom/Example.dcm", "dicom/ge_simulated.dcm", "aecg/Example.xml",
    "aecg/fda_subject1_0.xml", "aecg/amps_example2.xml", "schiller/at10.xml", "cardiosoft/cardiosoft_673.xml",
    "text/muse_rhythm_500hz.txt",
)  # fmt: skip
TOLD = {"text/muse_rhythm_500hz.txt": ReadOptions(500.0, "uV")}
PULSE_AT = 5350  # where the calibration pulse of a Philips file begins


def of_device(folder: Path, name: str) -> Record:
    (record,) = read_all(folder / name, TOLD.get(name, ReadOptions()))
    return record


@pytest.mark.parametrize("name", FILES)
def test_first_samples_and_ranges(ecg_formats: Path, name: str) -> None:
    with (ecg_formats / "MANIFEST.csv").open(newline="") as file:
        wanted = next(row for row in csv.DictReader(file) if row["file"] == name)
    record = of_device(ecg_formats, name)
    assert record.leads == STANDARD
    assert np.isfinite(record.signal_mv).all()
    if wanted["fs"]:
        assert record.fs_hz == float(wanted["fs"])
    if wanted["samples"] and "philips" not in name:
        assert record.samples == int(wanted["samples"])
    for lead in ("I", "II"):
        if wanted[f"{lead}_head_uv"]:
            head = np.array(wanted[f"{lead}_head_uv"].split(), float)
            np.testing.assert_allclose(record[lead][: len(head)] * 1000, head, atol=0.51)
            low, high = map(float, wanted[f"{lead}_range"].split(".."))
            assert record[lead].min() * 1000 == pytest.approx(low, abs=0.51)
            is_pulse = high == 1000 and "philips" in name
            assert is_pulse or record[lead].max() * 1000 == pytest.approx(high, abs=0.51)


@pytest.mark.parametrize("name", [name for name in FILES if "philips" in name])
def test_the_calibration_pulse_is_cut(ecg_formats: Path, name: str) -> None:
    record = of_device(ecg_formats, name)
    assert 5000 <= record.samples <= PULSE_AT
    assert np.ptp(record.signal_mv[:, -1]) > 0 or record.signal_mv[0, -1] != 0  # nor is its flat foot there


def test_one_recording_in_three_formats(ecg_formats: Path) -> None:
    first = of_device(ecg_formats, "scp/Example.scp")
    for name in ("dicom/Example.dcm", "aecg/Example.xml", "aecg/fda_subject1_0.xml"):
        other = of_device(ecg_formats, name)
        np.testing.assert_allclose(other.signal_mv, first.signal_mv, atol=1e-3)
        assert other.meta["recorded_at"] == first.meta["recorded_at"] == "2002-11-22T09:10:00"


def test_schiller_and_cardiosoft_are_in_microvolts_and_obey_einthoven(ecg_formats: Path) -> None:
    for name, first_uv in (("schiller/at10.xml", -60), ("cardiosoft/cardiosoft_673.xml", -20)):
        record = of_device(ecg_formats, name)
        assert record.signal_mv.shape == (12, 5000)
        assert record["I"][0] * 1000 == pytest.approx(first_uv)
        assert np.abs(record["I"] + record["III"] - record["II"]).max() < 0.011


def test_patients_stay_unknown_unless_asked(ecg_formats: Path) -> None:
    path = ecg_formats / "muse" / "cvrg_resting.xml"
    assert not {"patient_name", "patient_id", "birth_date"} & set(read(path).meta)
    asked = read(path, keep_identity=True).meta
    assert (asked["patient_name"], asked["patient_id"]) == ("RESTING ECG", "159357456")


def test_a_text_without_rate_or_unit_is_refused(ecg_formats: Path) -> None:
    with pytest.raises(InputError, match="says neither rate nor unit"):
        read(ecg_formats / "text" / "muse_rhythm_500hz.txt")


@pytest.mark.parametrize(
    ("name", "suffix"), [("dicom/Example.dcm", ""), ("muse/cvrg_resting.xml", ".dat"), ("scp/Example.scp", ".bin")]
)
def test_the_content_goes_before_the_suffix(ecg_formats: Path, tmp_path: Path, name: str, suffix: str) -> None:
    other = tmp_path / f"copy{suffix}"
    other.write_bytes((ecg_formats / name).read_bytes())
    np.testing.assert_array_equal(read(other).signal_mv, of_device(ecg_formats, name).signal_mv)
