"""What is written comes back: by our own readers to half a count, and the same by independent ones."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import warnings
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pydicom
import pyedflib
import pytest
from ecgdatakit import FileParser
from fhir.resources.observation import Observation as ObservationR5
from fhir.resources.R4B.observation import Observation as ObservationR4
from hypothesis import HealthCheck, given, settings
from lxml import etree
from pydantic import BaseModel
from recordings import FACTS, WHO, any_record, printed, whole

from ecg.cli import WRITTEN_FORMATS
from ecg.files import InputError
from ecg.formats import FORMATS, read, write
from ecg.leads import STANDARD
from ecg.record import Record

HALF_A_COUNT_MV = 0.500001e-3
KEEPING = ("wfdb", "json", "dicom", "aecg", "edf", "bdf", "fhir", "fhir-r5", "parquet")  # keep all of a record
KEEPS_TIME = tuple(name for name in KEEPING if name != "json")
SUFFIX = {row.name: row.suffixes[0] for row in FORMATS if row.suffixes}


def there_and_back(record: Record, folder: Path, name: str, *, keep_identity: bool = False) -> Record:
    path = folder / f"r{SUFFIX[name]}"
    write(record, path, name)
    return read(path, keep_identity=keep_identity)


def assert_same(again: Record, first: Record) -> None:
    assert again.fs_hz == pytest.approx(first.fs_hz, rel=1e-7)
    assert again.start_s == pytest.approx(first.start_s)
    assert set(again.leads) == set(first.leads)
    np.testing.assert_allclose(again.select(first.leads).signal_mv, first.signal_mv, rtol=2e-7, atol=HALF_A_COUNT_MV)


@pytest.mark.parametrize("name", KEEPING)
@given(first=any_record())
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
def test_any_record_comes_back(tmp_path_factory: pytest.TempPathFactory, name: str, first: Record) -> None:
    assert_same(there_and_back(first, tmp_path_factory.mktemp("trip"), name), first)


@pytest.mark.parametrize("name", KEEPING)
@pytest.mark.parametrize("fs_hz", [100.0, 257.0, 500.0, 1000.0])
def test_a_page_comes_back_with_its_gaps_and_its_time(tmp_path: Path, name: str, fs_hz: float) -> None:
    first = printed(701, fs_hz, start_s=2.5)
    again = there_and_back(first, tmp_path, name)
    assert_same(again, first)
    assert str(again.meta["recorded_at"])[:19] == FACTS["recorded_at"][:19]
    assert again.meta["sex"] == "F"
    assert again.meta["device"] == "AT-1"


@pytest.mark.parametrize("name", ["dicom", "aecg", "edf", "bdf", "fhir", "parquet"])
def test_a_patient_is_written_and_read_only_when_asked(tmp_path: Path, name: str) -> None:
    known = Record(*_parts(whole(100)), {**FACTS, **WHO})
    path = tmp_path / f"r{SUFFIX[name]}"
    write(known, path, name)
    asked = read(path, keep_identity=True).meta
    assert {key: str(asked[key]).replace("_", " ") for key in WHO} == WHO
    assert not set(WHO) & set(read(path).meta)
    write(read(path), path, name)
    data = re.sub(rb"\d+(?:\.\d+){3,}", b"", path.read_bytes())  # identifiers made at random
    assert not any(word in data for word in (b"Ada", b"Lovelace", b"4711", b"1815"))


@pytest.mark.parametrize("name", KEEPS_TIME)
@pytest.mark.parametrize("moment", ["1970-05-06T01:02:03", "2150-01-02T03:04:05", "2020-02-03T04:05:06.123456"])
def test_any_time_of_day_comes_back(tmp_path: Path, name: str, moment: str) -> None:
    facts = {"recorded_at": moment, "device": "Gerät µ " * 12, "sex": "weiblich", "age": "sechzig", "birth_date": "x"}
    record = Record(np.ones((1, 50)), 500, ("I",), 0.0, facts)
    assert str(there_and_back(record, tmp_path, name).meta["recorded_at"])[:19] == moment[:19]


def _parts(record: Record) -> tuple[np.ndarray, float, tuple[str, ...], float]:
    return record.signal_mv, record.fs_hz, record.leads, record.start_s


@pytest.mark.parametrize(
    "name", [row.name for row in FORMATS if row.write and row.name not in ("wfdb", "csv", "json", "pdf", "dicom-pdf")]
)
@pytest.mark.parametrize("record", [Record(np.zeros((0, 10)), 500, ()), Record(np.full((1, 9), 40.0), 500, ("I",))])
def test_what_cannot_be_written_is_refused_by_name(tmp_path: Path, name: str, record: Record) -> None:
    with pytest.raises(InputError, match=r"r\..*(no leads|reaches 40.0 mV)"):
        write(record, tmp_path / f"r{SUFFIX[name]}", name)
    assert list(tmp_path.iterdir()) == []


def test_minus_avr_is_turned_over(tmp_path: Path) -> None:
    signal = np.array([[0.5, np.nan, -1.0]])
    write(Record(signal, 500, ("-aVR",)), tmp_path / "r.dcm")
    np.testing.assert_array_equal(read(tmp_path / "r.dcm")["aVR"], -signal[0].astype(np.float32))


def test_the_formats_of_the_command_lines_are_those_of_the_table() -> None:
    assert set(WRITTEN_FORMATS) == {row.name for row in FORMATS if row.write} - {"json"}


# --- independent readers ----------------------------------------------------------------------------------------------


def expected_uv(record: Record) -> np.ndarray:
    return np.round(record.signal_mv.astype(float) * 1000)


def test_pydicom_reads_the_same(tmp_path: Path) -> None:
    record = printed()
    write(record, tmp_path / "r.dcm")
    dataset = pydicom.dcmread(tmp_path / "r.dcm")
    (group,) = dataset.WaveformSequence
    assert (group.WaveformOriginality, group.SamplingFrequency) == ("DERIVED", 500)
    codes = [c.ChannelSourceSequence[0].CodeValue for c in group.ChannelDefinitionSequence]
    assert codes == ["2:1", "2:2", "2:61", "2:62", "2:63", "2:64", "2:3", "2:4", "2:5", "2:6", "2:7", "2:8"]
    uv = dataset.waveform_array(0).T
    np.testing.assert_array_equal(np.where(uv == -32768, np.nan, uv), expected_uv(record))


@pytest.mark.parametrize("record", [printed(), printed(700, 250.0, 2.5), whole(333, 100.0), whole(900, 512.0, ("I",))])
@pytest.mark.parametrize("name", ["dicom", "dicom-pdf"])
def test_dciodvfy_finds_no_error(tmp_path: Path, record: Record, name: str) -> None:
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy is missing: apt-get install dicom3tools")
    for number, facts in enumerate([{}, FACTS, {**FACTS, **WHO}]):
        path = tmp_path / f"r{number}.dcm"
        write(Record(*_parts(record), facts), path, name)
        done = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, timeout=60)
        found = done.stdout + done.stderr
        assert ("ECG" in found or "EncapsulatedPDF" in found) and "Error" not in found, found


def test_the_encapsulated_pdf_is_one(tmp_path: Path) -> None:
    write(printed(), tmp_path / "r.pdf.dcm")
    dataset = pydicom.dcmread(tmp_path / "r.pdf.dcm")
    assert dataset.EncapsulatedDocument[:5] == b"%PDF-"
    with pytest.raises(InputError, match="holds no waveform"):
        read(tmp_path / "r.pdf.dcm")


@pytest.mark.parametrize("record", [printed(), whole(900, 512.0, ("II", "V1")), whole(50, 250.0)])
@pytest.mark.parametrize("facts", [{}, {**FACTS, **WHO}])
def test_aecg_is_valid_by_its_schema(ecg_formats: Path, tmp_path: Path, record: Record, facts: dict[str, str]) -> None:
    schema = etree.XMLSchema(etree.parse(str(ecg_formats / "aecg" / "schema" / "schema" / "PORT_MT020001.xsd")))
    write(Record(*_parts(record), facts), tmp_path / "r.xml", "aecg")
    schema.assertValid(etree.parse(str(tmp_path / "r.xml")))


@pytest.mark.parametrize("name", ["aecg", "edf"])
def test_ecgdatakit_reads_the_same(tmp_path: Path, name: str) -> None:
    record = whole()
    write(record, tmp_path / f"r{SUFFIX[name]}", name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        seen = FileParser.parse(tmp_path / f"r{SUFFIX[name]}", units="uV")
    rows = {lead.label.removeprefix("ECG "): lead.samples for lead in seen.leads}
    for lead, uv in zip(record.leads, expected_uv(record), strict=True):
        np.testing.assert_allclose(rows[lead][: record.samples], uv, atol=0.5)


@pytest.mark.parametrize("name", ["edf", "bdf"])
def test_pyedflib_reads_the_same(tmp_path: Path, name: str) -> None:
    record = printed(1200)
    write(record, tmp_path / f"r.{name}")
    with pyedflib.EdfReader(str(tmp_path / f"r.{name}")) as seen:
        assert seen.getSignalLabels() == [f"ECG {lead}" for lead in STANDARD]
        assert set(seen.getSampleFrequencies()) == {500.0}
        for row, uv in enumerate(np.nan_to_num(expected_uv(record))):
            np.testing.assert_allclose(seen.readSignal(row)[: record.samples], uv, atol=0.5)
        onsets, durations, texts = seen.readAnnotations()
    spans = {text: (at, lasts) for at, lasts, text in zip(onsets, durations, texts, strict=True)}
    assert spans["printed I, III"] == pytest.approx((0.0, 0.6))
    assert spans["printed V4, V5, V6"] == pytest.approx((1.8, 0.6))


@pytest.mark.parametrize(("name", "resource"), [("fhir", ObservationR4), ("fhir-r5", ObservationR5)])
@pytest.mark.parametrize("facts", [{}, {**FACTS, **WHO}])
def test_fhir_is_valid(tmp_path: Path, name: str, resource: type[BaseModel], facts: dict[str, str]) -> None:
    record = printed(40, start_s=2.5)
    write(Record(*_parts(record), facts), tmp_path / "r.json", name)
    found = resource.model_validate_json((tmp_path / "r.json").read_text())
    codes = [part.code.coding[0].code for part in found.component if part.valueSampledData]
    assert codes == [str(131072 + n) for n in (1, 2, 61, 62, 63, 64, 3, 4, 5, 6, 7, 8)]
    data = json.loads((tmp_path / "r.json").read_text())["component"][0]["valueSampledData"]
    assert (data["period"] if name == "fhir" else data["interval"]) == 2
    assert data["data"].split()[10:] == ["E"] * 30


def test_parquet_holds_int16_with_nulls(tmp_path: Path) -> None:
    record = printed(40)
    write(record, tmp_path / "r.parquet")
    table = pq.read_table(tmp_path / "r.parquet")
    assert str(table.schema.field("V6").type).replace("element", "item") == "list<item: int16>"
    assert table["V6"][0].as_py()[:30] == [None] * 30
    assert table["V6"][0].as_py()[30:] == expected_uv(record)[11, 30:].tolist()
