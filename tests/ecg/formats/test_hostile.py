"""Files that are broken, or made to do harm: one kind of error, which names the file, and no memory to speak of."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import device_forms
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recordings import whole

from ecg.files import InputError
from ecg.formats import ReadOptions, read_all, write
from ecg.leads import STANDARD

ROOT = Path(__file__).resolve().parents[3]
TOLD = ReadOptions(500.0, "uV")
MOST_GROWTH_MB = 300
WRITTEN = ("dicom", "aecg", "edf", "bdf", "fhir", "fhir-r5", "parquet", "json")
SUFFIX = {
    "dicom": "dcm",
    "aecg": "xml",
    "fhir": "json",
    "fhir-r5": "json",
    "philips": "xml",
    "text": "txt",
    "real-aecg": "xml",
}
ROWS = {lead: np.arange(200) + number for number, lead in enumerate(STANDARD)}


@cache
def drawn() -> dict[str, bytes]:
    """A small good file of each form that is made here, as bytes by name."""
    counts = np.array([*ROWS.values()])[:3]
    return {
        "muse": device_forms.muse_xml(ROWS).encode(),
        "mortara": device_forms.mortara_xml(ROWS).encode(),
        "ishne": device_forms.ishne(counts, [5, 6, 11]),
        "mfer": device_forms.mfer(counts, [1, 2, 3]),
    }


def good(name: str, folder: Path) -> bytes:
    if name in drawn():
        return drawn()[name]
    path = folder / f"good.{SUFFIX.get(name, name)}"
    write(whole(150), path, name)
    return path.read_bytes()


def outcome(data: bytes, path: Path) -> str:
    """What becomes of a file: "read", or the words of the one error that is allowed."""
    path.write_bytes(data)
    try:
        records = read_all(path, TOLD)
    except InputError as error:
        assert str(path) in str(error)
        return str(error)
    assert records
    return "read"


@pytest.mark.parametrize("name", [*WRITTEN, *drawn()])
def test_a_file_that_is_cut_off_is_refused(tmp_path: Path, name: str) -> None:
    data = good(name, tmp_path).rstrip(b"\n \0")
    path = tmp_path / f"cut.{SUFFIX.get(name, name)}"
    lengths = sorted({len(data) * percent // 100 for percent in range(100)})
    assert [n for n in lengths if outcome(data[:n], path) == "read"] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    ["philips/ZZDEMO_1-04.xml", "philips/cvrg_1-03.xml", "muse/cvrg_resting.xml", "scp/Example.scp",
     "dicom/Example.dcm", "aecg/Example.xml", "schiller/at10.xml", "cardiosoft/cardiosoft_673.xml",
     "text/muse_rhythm_500hz.txt"],
)  # fmt: skip
def test_a_devices_file_that_is_cut_off_is_refused(ecg_formats: Path, tmp_path: Path, name: str) -> None:
    data = (ecg_formats / name).read_bytes().rstrip(b"\n\r \0")
    path = tmp_path / f"cut{Path(name).suffix}"
    assert [p for p in range(100) if outcome(data[: len(data) * p // 100], path) == "read"] == []


@pytest.mark.parametrize("name", [*WRITTEN, *drawn()])
@given(places=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=8))
@settings(max_examples=40)
def test_changed_bytes_raise_no_other_error(
    tmp_path_factory: pytest.TempPathFactory, name: str, places: list[tuple[float, int]]
) -> None:
    folder = tmp_path_factory.mktemp("flip")
    data = bytearray(good(name, folder))
    for place, value in places:
        data[int(place**3 * len(data))] = value  # most of them in the header
    outcome(bytes(data), folder / f"flipped.{SUFFIX.get(name, name)}")


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha"}">' for n in range(10))
ROOTS = ("AnnotatedECG", "RestingECG", "restingecgdata", "ECG ACQUISITION_TIME='1'", "CardiologyXML",
         "com.xiriuz.sema.xml.schillerEDI.SchillerEDI")  # fmt: skip


@pytest.mark.parametrize("root", ROOTS)
@pytest.mark.parametrize(
    "entities",
    [LAUGHS, '<!ENTITY l9 SYSTEM "file:///etc/passwd">', '<!ENTITY % p SYSTEM "http://localhost:9/x.dtd"> %p;'],
)
def test_entities_are_refused(tmp_path: Path, root: str, entities: str) -> None:
    name = root.split()[0]
    text = f'<?xml version="1.0"?><!DOCTYPE x [{entities}]><{root}>&l9;</{name}>'
    assert "ntit" in outcome(text.encode(), tmp_path / "laughs.xml")


FHIR_PART = {"code": {"text": "Lead I"}, "valueSampledData": {
    "origin": {"value": 0, "unit": "uV"}, "period": 2, "dimensions": 1, "data": "1 2 3"}}  # fmt: skip


def fhir(**changes: object) -> bytes:
    sampled = {**FHIR_PART["valueSampledData"], **changes}  # type: ignore[dict-item]
    return json.dumps(
        {"resourceType": "Observation", "component": [{**FHIR_PART, "valueSampledData": sampled}]}
    ).encode()


@pytest.mark.parametrize(
    ("suffix", "data", "words"),
    [
        ("json", fhir(period=0), "expected a positive number"),
        ("json", fhir(period=-2), "expected a positive number"),
        ("json", fhir(period="fast"), "expected a positive number"),
        ("json", fhir(dimensions=2), "2 dimensions"),
        ("json", fhir(data="1 zwei"), "no number"),
        ("json", fhir(origin={"value": 0, "unit": "mmHg"}), "'mmHg'"),
        ("json", fhir(origin={"value": 0}), "unit"),
        ("json", b'{"resourceType": "Observation", "component": 7}', "bad.json"),
        ("json", b'{"resourceType":' + b"[" * 100_000, "bad.json"),
        ("json", b'{"resourceType": "Patient"}', "no FHIR Observation"),
        ("xml", device_forms.muse_xml(ROWS).replace("<WaveFormData>", "<WaveFormData>!").encode(), "not base64"),
        ("xml", device_forms.muse_xml(ROWS).replace("Total>200", "Total>2000000000").encode(), "says 2000000000"),
        ("xml", device_forms.muse_xml(ROWS).replace("4.88", "nan").encode(), "expected a number"),
        ("xml", device_forms.muse_xml(ROWS).replace("MICROVOLTS", "FURLONGS").encode(), "'FURLONGS'"),
        ("xml", device_forms.muse_xml(ROWS).replace("Rhythm", "Median").encode(), "expected one rhythm"),
        ("xml", device_forms.muse_xml(ROWS, base=0).encode(), "sampling rate of 0.0"),
        ("xml", device_forms.muse_xml(ROWS, exponent=300).encode(), "no power"),
        ("xml", device_forms.muse_xml({"V7": ROWS["I"]}).encode(), "none of the twelve leads"),
        ("xml", device_forms.muse_xml({**ROWS, "II": ROWS["I"][:9]}).encode(), "leads of one length"),
        ("xml", b'<?xml version="1.0" encoding="klingon"?><RestingECG></RestingECG>', "bad.xml"),
        ("ecg", device_forms.ishne(np.ones((3, 9), int), [5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16])[:540], "bad.ecg"),
        ("parquet", b"PAR1" + bytes(100) + b"\xff\xff\xff\x7fPAR1", "Parquet"),
        ("dcm", bytes(128) + b"DICM" + bytes(300), "DICOM"),
        ("dcm", bytes(128) + b"DICM\2\0\0\0UL\4\0\xff\xff\xff\xff1.2.840.10008.1.2.1.99", "deflated"),
        ("edf", b"", "is empty"),
        ("scp", b"\0" * 64, "bad.scp"),
        ("mwf", b"\x40\x20MFR " + bytes(90), "bad.mwf"),
        ("txt", b"Rhythm signal: 2000000000 X 12\n1 2 3", "holds 3 numbers"),
        ("txt", b"Rhythm signal: 2 X 11\n1 2 3", "11 columns"),
    ],
)  # fmt: skip
def test_nonsense_is_refused_in_words(tmp_path: Path, suffix: str, data: bytes, words: str) -> None:
    assert words in outcome(data, tmp_path / f"bad.{suffix}")


def edited(folder: Path, name: str, edit: Callable[[bytes], bytes]) -> Path:
    path = folder / f"huge-{name}.{SUFFIX.get(name, name)}"
    path.write_bytes(edit(good(name, folder)))
    return path


@pytest.mark.slow
def test_claims_of_gigabytes_take_no_memory(tmp_path: Path) -> None:
    """Read one after another in a process of its own, whose memory is measured."""
    lead = b'<head value="0" unit="s" />'
    paths = [
        edited(tmp_path, "edf", lambda data: data[:236] + b"99999999" + data[244:]),
        edited(tmp_path, "dicom", _with_samples),
        edited(tmp_path, "dicom", lambda data: data),
        edited(tmp_path, "aecg", lambda data: data.replace(b'value="150"', b'value="90000000000"').replace(lead, lead)),
        edited(tmp_path, "mfer", lambda data: data.replace(b"\x06\x02\1\0", b"\x06\x02\xff\xff")),
        edited(tmp_path, "ishne", lambda data: data[:14] + b"\xff\xff\xff\x7f" + data[18:]),
        edited(tmp_path, "muse", lambda data: data.replace(b"Total>200", b"Total>2000000000")),
        edited(tmp_path, "json", lambda data: data.replace(b'"fs_hz": 500.0', b'"fs_hz": 1e308')),
    ]
    code = f"""
import resource, sys
from ecg.files import InputError
from ecg.formats import read_all
import ecgdatakit, edfio, pydicom, pyarrow.parquet
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for path in {[str(path) for path in paths]!r}:
    try:
        read_all(path)
    except InputError as error:
        print(error)
print("grew", (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, timeout=300)
    assert done.returncode == 0, done.stderr
    *_, last = done.stdout.splitlines()
    assert float(last.split()[1]) < MOST_GROWTH_MB
    assert sum(f"huge-{name}." in done.stdout for name in ("edf", "dicom", "aecg", "mfer", "ishne", "muse")) >= 5


def _with_samples(data: bytes) -> bytes:
    """150 samples claimed to be two thousand million (UL, in explicit little endian)."""
    old = b"\x3a\x00\x10\x00UL\x04\x00" + (150).to_bytes(4, "little")
    assert old in data
    return data.replace(old, old[:-4] + (2_000_000_000).to_bytes(4, "little"))


@pytest.mark.slow
def test_a_parquet_column_whose_kind_is_damaged_raises_and_ends_no_process(tmp_path: Path) -> None:
    """One lead's samples said never to be null, against its statistics: of such a column pyarrow aborts on a look."""
    path = tmp_path / "a.parquet"
    write(whole(100), path)
    nullable, never = b"\x25\x02\x18\x07element", b"\x25\x00\x18\x07element"  # the footer's word for a lead's samples
    parts = path.read_bytes().split(nullable)
    assert len(parts) == 13
    path.write_bytes(nullable.join(parts[:9]) + never + nullable.join(parts[9:]))
    code = f"from ecg.formats import read; read({str(path)!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(f"ecg.files.InputError: {path}: not a readable Parquet file")
