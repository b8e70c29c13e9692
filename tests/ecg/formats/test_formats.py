"""Formats: there and back to half a microvolt, NaN kept, and neither unit nor rate ever guessed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import wfdb
from hypothesis import given
from hypothesis import strategies as st

from ecg import read, write
from ecg.formats import atomic_path, find_records, write_text
from ecg.leads import STANDARD
from ecg.notes import Note
from ecg.record import Record

SUFFIXES = (".hea", ".csv", ".json")


def some_record(seed: int = 0, samples: int = 700, fs_hz: float = 500.0, start_s: float = 0.0) -> Record:
    rng = np.random.default_rng(seed)
    signal_mv = rng.normal(0, 1.5, (12, samples))
    signal_mv[:, rng.integers(0, samples, samples // 5)] = np.nan
    signal_mv[4] = np.nan
    return Record(signal_mv, fs_hz, STANDARD, start_s, {"age": "61", "sex": "F"})


@pytest.mark.parametrize("suffix", SUFFIXES)
@given(
    seed=st.integers(0, 99),
    samples=st.integers(2, 300),
    fs_hz=st.sampled_from([100.0, 125.0, 128.2, 257.0, 360.0, 500.0, 1000.0]),
    start_s=st.sampled_from([0.0, 2.5, 0.002]),
)
def test_round_trip(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, seed: int, samples: int, fs_hz: float, start_s: float
) -> None:
    first = some_record(seed, samples, fs_hz, start_s)
    path = tmp_path_factory.mktemp("trip") / f"r{suffix}"
    write(first, path)
    again = read(path)
    assert again.leads == STANDARD
    assert again.fs_hz == pytest.approx(fs_hz, rel=1e-6)
    assert again.start_s == pytest.approx(start_s)
    np.testing.assert_allclose(again.signal_mv, first.signal_mv, rtol=0, atol=0.50001e-3)


@pytest.mark.parametrize("suffix", [".hea", ".json"])
def test_plain_facts_travel_along(tmp_path: Path, suffix: str) -> None:
    write(some_record(), tmp_path / f"r{suffix}")
    assert {"age": "61", "sex": "F"}.items() <= read(tmp_path / f"r{suffix}").meta.items()


def test_other_programs_read_our_wfdb(tmp_path: Path) -> None:
    record = some_record()
    write(record, tmp_path / "r.hea")
    seen = wfdb.rdrecord(str(tmp_path / "r"))
    assert (seen.fs, seen.sig_name, set(seen.units)) == (500, list(STANDARD), {"mV"})
    np.testing.assert_allclose(seen.p_signal.T, record.signal_mv, atol=0.50001e-3)
    counts = wfdb.rdrecord(str(tmp_path / "r"), physical=False)
    assert counts.calc_checksum() == counts.checksum


@pytest.mark.parametrize("name", ["IMG 2041 (1)", "scan.v2", "ЭКГ"])
def test_wfdb_under_names_it_does_not_allow(tmp_path: Path, name: str) -> None:
    record = some_record()
    write(record, tmp_path / f"{name}.hea")
    np.testing.assert_allclose(read(tmp_path / f"{name}.hea").signal_mv, record.signal_mv, atol=0.50001e-3)


def test_csv_is_plain_to_read(tmp_path: Path) -> None:
    write(Record(np.array([[0.1, -0.00001], [np.nan, 1.25]]), 500, ("I", "aVR"), 2.5), tmp_path / "r.csv")
    assert (tmp_path / "r.csv").read_text() == "time_s,I,aVR\n2.500,0.1000,\n2.502,0.0000,1.2500\n"


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        ("I,II\n1,2\n", {}, r"sampling rate must be given \(fs_hz=, --fs_hz\)"),
        ("time_s,I\n0,1\n", {}, "at least two increasing times"),
        ("time_s,I\n0,1\n0.002,1\n0.010,1\n0.012,1\n", {}, "not evenly spaced .*line 4"),
        ("time_s,I\n0,1\n0.01,1\n0.02,1\n", {"fs_hz": 500}, "says 100 Hz, but fs_hz=500"),
        ("time_s,I,RESP\n0,1,1\n", {}, "expected a first line with the columns time_s .*got time_s, I, RESP"),
        ("I,time_s\n1,0\n", {}, "the columns"),
        ("0.000,1.5\n0.002,1.6\n", {}, "expected a first line with the columns time_s .*got 0.000, 1.5"),
        ("I,II\n1\n", {"fs_hz": 500}, "line 2: expected 2 cells, got 1"),
        ("I,II\n1,2\n3,x\n", {"fs_hz": 500}, "line 3: 'x' is no number; expected numbers"),
        ("I\n150\n-800\n", {"fs_hz": 500}, "state the unit"),
        ("I\n1\n", {"fs_hz": 500, "unit": "kV"}, "expected one of mV, uV, V"),
        ("time_s,I\n", {}, "at least one sample"),
        ("", {}, "expected a header line"),
    ],
)
def test_csv_refuses_by_name(tmp_path: Path, text: str, options: dict[str, object], words: str) -> None:
    (tmp_path / "bad.csv").write_text(text)
    with pytest.raises(ValueError, match=words):
        read(tmp_path / "bad.csv", **options)


def test_csv_in_microvolts_when_told(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("lead ii\n150\n-800\n")
    np.testing.assert_allclose(read(tmp_path / "r.csv", fs_hz=250, unit="uV")["II"], [0.15, -0.8])


def header(tmp_path: Path, *lines: str) -> Path:
    """A two-sample WFDB record with these channel lines."""
    path = tmp_path / "r.hea"
    path.write_text("\n".join([f"r {len(lines)} 500 2", *lines]) + "\n")
    (tmp_path / "r.dat").write_bytes(np.arange(100, 108, dtype="<i2").tobytes())
    return path


@pytest.mark.parametrize(
    ("gain", "wanted"), [("1000(0)/mV", 0.1), ("2(0)/uV", 0.05), ("1000(50)/mv", 0.05), ("1000000/V", 0.1)]
)
def test_wfdb_units_and_offsets(tmp_path: Path, gain: str, wanted: float) -> None:
    assert read(header(tmp_path, f"r.dat 16 {gain} 16 0 100 0 0 II"))["II"][0] == pytest.approx(wanted)


@pytest.mark.parametrize("name", ["E00271.mat", "r(2)", "ЭКГ"])
def test_a_record_named_like_a_file_is_read_all_the_same(tmp_path: Path, name: str) -> None:
    """CinC 2020 names some records "E00271.mat" in their first line, which the format does not allow."""
    path = header(tmp_path, "r.dat 16+4 1000/mV 16 0 102 0 0 I", "r.dat 16+4 500(2)/mV 16 0 103 0 0 II")
    path.write_text(
        path.read_text().replace("r 2 500 2", f"# made here\n{name} 2 500 1 05-May-2020 14:50:55") + "#Age: 83\n"
    )
    before = sorted(tmp_path.iterdir())
    record = read(path)
    np.testing.assert_allclose(record.signal_mv, [[0.102], [0.202]])
    assert (record.leads, record.fs_hz, record.meta) == (("I", "II"), 500.0, {"source": "r", "age": "83"})
    assert sorted(tmp_path.iterdir()) == before


def test_a_misnamed_record_without_its_signal_file_says_which(tmp_path: Path) -> None:
    path = header(tmp_path, "gone.mat 16+24 1000/mV 16 0 100 0 0 I")
    path.write_text(path.read_text().replace("r 1", "r.mat 1"))
    with pytest.raises(FileNotFoundError, match=r"r\.hea: its signal file is missing .*gone\.mat"):
        read(path)


def test_no_header_reaches_outside_its_folder(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    path = header(tmp_path / "in", "../secret.dat 16 1000/mV 16 0 100 0 0 I")
    path.write_text(path.read_text().replace("r 1", "r.mat 1"))
    (tmp_path / "secret.dat").write_bytes(bytes(4))
    with pytest.raises(ValueError, match="not a readable WFDB record"):
        read(path)


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_a_micro_sign_is_no_volt(tmp_path: Path, encoding: str) -> None:
    path = header(tmp_path, "r.dat 16 2(0)/uV 16 0 100 0 0 II")
    path.write_bytes(path.read_text().replace("uV", "µV").encode(encoding))
    assert read(path)["II"][0] == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("r.dat 16 1000/mmHg 16 0 100 0 0 II", "lead II is in 'mmHg'; expected one of V, mV"),
        ("r.dat 16 0 16 0 100 0 0 II", "states no gain"),
        ("r.dat 16", "its channels have no names"),
        ("r.dat 16 1000/mV 16 0 100 0 0 RESP", "none of the twelve leads is here .*RESP"),
        ("no channel at all", "r.hea"),
    ],
)
def test_wfdb_refuses_by_name(tmp_path: Path, line: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read(header(tmp_path, line))


def test_other_channels_are_skipped_with_a_note(tmp_path: Path) -> None:
    path = header(tmp_path, "r.dat 16 1000/mV 16 0 100 0 0 RESP", "r.dat 16 1000/mV 16 0 101 0 0 MLII")
    record = read(path)
    assert record.notes[0] == Note("channels-skipped", "skipped RESP: none of the twelve leads")
    assert record.leads == ("II",)
    np.testing.assert_allclose(record["II"], [0.101, 0.103])


def test_wfdb_says_what_does_not_fit(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"V1 reaches 40.0 mV"):
        write(Record(np.array([[1.0], [-40.0]]), 500, ("I", "V1")), tmp_path / "r.hea")
    assert list(tmp_path.iterdir()) == []


def test_a_missing_signal_file_is_named(tmp_path: Path) -> None:
    write(some_record(), tmp_path / "r.hea")
    (tmp_path / "r.dat").unlink()
    with pytest.raises(FileNotFoundError, match=r"signal file is missing .*r\.dat"):
        read(tmp_path / "r.hea")


@pytest.mark.parametrize(
    "text", ["[1, 2]", "{", '{"fs_hz": 500}', '{"fs_hz":1,"start_s":0,"leads":["I"],"signal_mv":[1]}']
)
def test_json_refuses_by_name(tmp_path: Path, text: str) -> None:
    (tmp_path / "bad.json").write_text(text)
    with pytest.raises(ValueError, match=r"bad\.json"):
        read(tmp_path / "bad.json")


def test_the_suffix_decides(tmp_path: Path) -> None:
    (tmp_path / "r.xyz").write_text("0")
    with pytest.raises(ValueError, match=r"r\.xyz: expected a recording, such as one that ends in \.hea"):
        read(tmp_path / "r.xyz")
    for name in ("r.csv", "nowhere"):
        with pytest.raises(FileNotFoundError, match=f"{name}: no such file"):
            read(tmp_path / name)


def test_finding_records(tmp_path: Path) -> None:
    record = some_record(samples=5)
    for name in ("a.hea", "a.csv", "deep/b.csv", "c.json"):
        write(record, tmp_path / name)
    (tmp_path / "index.csv").write_text("ecg_id,age\n1,60\n")
    (tmp_path / "reading.json").write_text(json.dumps({"layout": "3x4"}))
    wanted = [tmp_path / name for name in ("a.hea", "c.json", "deep/b.csv")]
    assert find_records([tmp_path]) == wanted
    assert find_records([tmp_path / "a.dat", tmp_path / "a", f"{tmp_path}/*.hea"]) == [tmp_path / "a.hea"]
    assert find_records([tmp_path / "gone.csv"]) == [tmp_path / "gone.csv"]
    assert find_records([f"{tmp_path}/**/b.csv"]) == [tmp_path / "deep" / "b.csv"]


def test_finding_nothing_says_so(tmp_path: Path) -> None:
    for path in (tmp_path, f"{tmp_path}/*.hea"):
        with pytest.raises(FileNotFoundError, match="no recording found"):
            find_records([path])


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    write_text(tmp_path / "new" / "a.txt", "old")
    with pytest.raises(RuntimeError), atomic_path(tmp_path / "new" / "a.txt") as temporary:
        temporary.write_text("half")
        assert temporary.parent == tmp_path / "new" and temporary.suffix == ".txt"
        raise RuntimeError
    assert [p.read_text() for p in (tmp_path / "new").iterdir()] == ["old"]


def test_real_recordings(ecg_data: Path) -> None:
    ptbxl = read(find_records([ecg_data / "ptbxl" / "records500" / "00000"])[0])
    assert (ptbxl.leads, ptbxl.signal_mv.shape, ptbxl.fs_hz) == (STANDARD, (12, 5000), 500.0)
    assert 0.3 < np.abs(ptbxl.signal_mv).max() < 5
    cinc = read(ecg_data / "cinc_mix" / "A0001.mat")
    assert cinc.signal_mv.shape == (12, 7500) and cinc.meta["age"] == "74"
    assert read(ecg_data / "mitdb" / "100.hea").leads == ("II", "V5")
