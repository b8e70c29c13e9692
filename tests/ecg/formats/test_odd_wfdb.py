"""WFDB headers as collections really write them: the right signal with a note, or one sentence that names the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ecg.files import InputError
from ecg.formats import find_records, read
from ecg.formats.wfdb import open_recording
from ecg.notes import texts

LINE = "r.dat 16 1000/mV 16 0 0 0 0"


def wave_mv(samples: int, leads: int, seed: int = 0) -> np.ndarray:
    return np.cumsum(np.random.default_rng(seed).normal(0, 0.05, (leads, samples)), axis=1).round(3)


def written(folder: Path, first: str, *lines: str, samples: int = 2500, name: str = "r", seed: int = 0) -> np.ndarray:
    """A record whose header is exactly these lines; the mV that its format-16 file holds, [lead, sample]."""
    values = wave_mv(samples, len(lines), seed)
    (folder / f"{name}.hea").write_text("\n".join([first, *lines]) + "\n")
    (folder / f"{name}.dat").write_bytes(np.round(values * 1000).astype("<i2").T.tobytes())
    return values


@pytest.mark.parametrize(
    "rest",
    ["2500 2014-05-08 05:05:15", "2500 2006", "2500 10:11:12 3/4/199", "2500 nonsense", "0", "", "2500 24:61"],
)
def test_date_and_length_do_not_cost_the_recording(tmp_path: Path, rest: str) -> None:
    wanted = written(tmp_path, f"r 2 250 {rest}", f"{LINE} II", f"{LINE} V1")
    record = read(tmp_path / "r.hea")
    np.testing.assert_allclose(record.signal_mv, wanted, atol=1e-5)
    assert (record.fs_hz, record.leads, record.notes) == (250.0, ("II", "V1"), ())


@pytest.mark.parametrize(("stated", "read_samples"), [(4000, 2500), (1000, 1000)])
def test_another_length_than_the_file_has_is_said(tmp_path: Path, stated: int, read_samples: int) -> None:
    wanted = written(tmp_path, f"r 1 250 {stated}", f"{LINE} II")
    record = read(tmp_path / "r.hea")
    np.testing.assert_allclose(record["II"], wanted[0, :read_samples], atol=1e-5)
    assert [note.code for note in record.notes] == ["length-differs"] and "holds 2500" in record.notes[0].text


@pytest.mark.parametrize("rate", ["nan", "-500", "inf", "", "0", "fast", "1e300", "0.5", "40"])
def test_no_rate_is_guessed(tmp_path: Path, rate: str) -> None:
    written(tmp_path, f"r 1 {rate}".strip(), f"{LINE} II")
    with pytest.raises(InputError, match=r"r\.hea: (states|says) "):
        read(tmp_path / "r.hea")
    if rate in ("nan", "", "-500"):
        record = read(tmp_path / "r.hea", fs_hz=250)
        assert record.fs_hz == 250 and [note.code for note in record.notes] == ["rate-given"]


def test_frames_of_several_samples(tmp_path: Path) -> None:
    ii, v1, resp = wave_mv(2500, 1)[0], wave_mv(2500, 1, 1)[0], wave_mv(625, 1, 2)[0]
    frames = np.concatenate([ii.reshape(-1, 4), v1.reshape(-1, 4), resp.reshape(-1, 1)], axis=1)
    (tmp_path / "r.dat").write_bytes(np.round(frames * 1000).astype("<i2").tobytes())
    lines = [f"r.dat 16x4 1000/mV 16 0 0 0 0 {n}" for n in ("II", "V1")] + ["r.dat 16 1000/pm 16 0 0 0 0 RESP"]
    (tmp_path / "r.hea").write_text("\n".join(["r 3 62.5 625", *lines]) + "\n")
    record = read(tmp_path / "r.hea")
    assert (record.fs_hz, record.leads, texts(record.notes)) == (
        250.0, ("II", "V1"), ["skipped RESP: none of the twelve leads"])  # fmt: skip
    np.testing.assert_allclose(record.signal_mv, [ii, v1], atol=1e-5)
    part = open_recording(tmp_path / "r.hea").crop(1.004, 2.0)
    np.testing.assert_allclose(part.signal_mv, record.signal_mv[:, 251:751], atol=1e-6)


def test_leads_of_different_rates_come_to_the_highest(tmp_path: Path) -> None:
    time_s = np.arange(2000) / 500
    fast, slow = np.sin(2 * np.pi * 3 * time_s), np.sin(2 * np.pi * 2 * time_s[::2])
    frames = np.concatenate([fast.reshape(-1, 2), slow.reshape(-1, 1)], axis=1)
    (tmp_path / "r.dat").write_bytes(np.round(frames * 1000).astype("<i2").tobytes())
    (tmp_path / "r.hea").write_text(f"r 2 250 1000\nr.dat 16x2 1000/mV 16 0 0 0 0 II\n{LINE} V1\n")
    record = read(tmp_path / "r.hea")
    assert record.fs_hz == 500 and record.samples == 2000
    inner = slice(100, -100)
    np.testing.assert_allclose(record["V1"][inner], np.sin(2 * np.pi * 2 * time_s)[inner], atol=0.01)
    part = open_recording(tmp_path / "r.hea").crop(1.0, 2.0)
    np.testing.assert_allclose(part["V1"], record["V1"][500:1500], atol=1e-3)


def test_prefixed_and_negative_names(tmp_path: Path) -> None:
    names = ("ECG I", "EKG II", "MDC_ECG_LEAD_V1", "-aVR", "lead aVL")
    wanted = written(tmp_path, "r 5 250 2500", *(f"{LINE} {name}" for name in names))
    record = read(tmp_path / "r.hea")
    assert record.leads == ("I", "II", "V1", "aVR", "aVL")
    np.testing.assert_allclose(record["aVR"], -wanted[3], atol=1e-5)


@pytest.mark.parametrize(
    ("gain", "names", "leads", "codes"),
    [
        ("200/mV", ("ECG1", "ECG2"), ("ECG1", "ECG2"), ["no-named-lead"]),
        ("200/mV", ("V", "MCL1"), ("V", "MCL1"), ["no-named-lead"]),
        ("200/mV", ("ECG", "ECG"), ("ECG1", "ECG2"), ["no-named-lead"]),
        ("0", ("ECG1", "ECG2"), ("ECG1", "ECG2"), ["no-named-lead", "uncalibrated"]),
        ("0", ("II", "V1"), ("ECG1", "ECG2"), ["no-named-lead", "uncalibrated"]),
    ],
)
def test_a_rhythm_without_leads_is_read_only_when_asked(
    tmp_path: Path, gain: str, names: tuple[str, ...], leads: tuple[str, ...], codes: list[str]
) -> None:
    written(tmp_path, "r 2 250 2500", *(f"r.dat 16 {gain} 16 0 0 0 0 {name}" for name in names))
    with pytest.raises(InputError, match=r"r\.hea: (none of the twelve leads|channel .* states no gain)"):
        read(tmp_path / "r.hea")
    record = read(tmp_path / "r.hea", placed=False)
    assert (record.leads, [note.code for note in record.notes]) == (leads, codes)


def test_a_lead_without_a_gain_is_left_out_of_those_that_have_one(tmp_path: Path) -> None:
    written(tmp_path, "r 2 250 2500", f"{LINE} II", "r.dat 16 0 16 0 0 0 0 V1")
    record = read(tmp_path / "r.hea")
    assert (record.leads, texts(record.notes)) == (("II",), ["skipped V1: not calibrated leads"])


def test_channels_without_names_are_refused(tmp_path: Path) -> None:
    written(tmp_path, "r 2 250 2500", LINE, LINE)
    with pytest.raises(InputError, match=r"r\.hea: its channels have no names"):
        read(tmp_path / "r.hea")


def test_a_checksum_that_differs_is_said(tmp_path: Path) -> None:
    values = written(tmp_path, "r 1 250 2500", f"{LINE} II")
    total = int(np.round(values * 1000).sum())
    right = (total + 32768) % 65536 - 32768
    for stated, codes in ((right, []), (right - 7 or 7, ["checksum-differs"])):
        (tmp_path / "r.hea").write_text(f"r 1 250 2500\nr.dat 16 1000/mV 16 0 0 {stated} 0 II\n")
        assert [note.code for note in read(tmp_path / "r.hea").notes] == codes


def segmented(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    one = written(folder, "a 2 125 1250 2014-05-08 05:05:15", "a.dat 16 1000/mV 16 0 0 0 0 II",
                  "a.dat 16 1000/mV 16 0 0 0 0 V1", samples=1250, name="a")  # fmt: skip
    two = written(folder, "b 1 125 1500", "b.dat 16 1000/mV 16 0 0 0 0 II", samples=1500, name="b", seed=1)
    (folder / "layout.hea").write_text("layout 2 125 0\n~ 0 1000/mV 16 0 0 0 0 II\n~ 0 1000/mV 16 0 0 0 0 V1\n")
    (folder / "rec.hea").write_text("rec/4 2 125 3000 10:00:00 3/4/199\nlayout 0\na 1250\n~ 250\nb 1500\n")
    return one, two


def test_a_record_in_segments_is_one(tmp_path: Path) -> None:
    one, two = segmented(tmp_path)
    assert find_records([tmp_path]) == find_records([f"{tmp_path}/*.hea"]) == [tmp_path / "rec.hea"]
    assert find_records([tmp_path / "a.hea"]) == [tmp_path / "a.hea"]
    record = read(tmp_path / "rec.hea")
    assert (record.leads, record.samples) == (("II", "V1"), 3000)
    np.testing.assert_allclose(record["II"], [*one[0], *[np.nan] * 250, *two[0]], atol=1e-5)
    assert np.isnan(record["V1"][1250:]).all()
    np.testing.assert_allclose(
        open_recording(tmp_path / "rec.hea").crop(9, 4).signal_mv, record.signal_mv[:, 1125:1625]
    )


def test_a_stretch_is_what_the_whole_has_there(tmp_path: Path) -> None:
    written(tmp_path, "r 2 250 2500", f"{LINE} II", f"{LINE} V1")
    whole, opened = read(tmp_path / "r.hea"), open_recording(tmp_path / "r.hea")
    assert (opened.duration_s, opened.leads) == (10.0, whole.leads)
    for start_s, seconds in ((0, 10), (3.2, 2.5), (-1, 3), (9, 4), (20, 1)):
        np.testing.assert_array_equal(opened.crop(start_s, seconds).signal_mv, whole.crop(start_s, seconds).signal_mv)
