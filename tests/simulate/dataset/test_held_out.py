"""Recordings of any kind through the command line: drawn rightly, or refused by name."""

from __future__ import annotations

import csv
import shutil
from dataclasses import replace
from itertools import cycle
from pathlib import Path

import numpy as np
import pytest

from ecg import read, write
from ecg.leads import STANDARD
from ecg.record import Record
from simulate.__main__ import main
from simulate.dataset.held_out import HELD_OUT_ECG_IDS, is_held_out, ptbxl_id
from simulate.dataset.page_stream import RecordedHearts, SyntheticHearts, training_hearts, validation_hearts
from simulate.dataset.writer import find_sources
from simulate.heart import synthetic_record

HEART = synthetic_record(5, "SR", noise={}, conditions=())


def draw(records: Path | list[Path], out: Path, *more: str, count: int = 1) -> int:
    named = [str(path) for path in (records if isinstance(records, list) else [records])]
    options = ["--count", str(count), "--preset", "clean", "--layout", "3x4+1", "--long_side_px", "300"]
    return main(["--records", *named, *options, "--workers", "1", "--output", str(out), *more])


def page_of(stem: str, out: Path) -> Record:
    """The signal that lies beside the page drawn of a recording."""
    (signal,) = out.glob(f"{stem}-*.csv")
    assert signal.with_suffix(".png").is_file() and signal.with_suffix(".json").is_file()
    return read(str(signal))


def assert_printed(found: Record, told: Record, lead: str, least: int = 1000) -> None:
    """The page shows the lead as the recording has it, but for what the machine adds: an offset, a clip."""
    there = np.isfinite(found[lead][: told.samples]) & np.isfinite(told[lead][: found.samples])
    off_mv = found[lead][: told.samples][there] - told[lead][: found.samples][there]
    assert there.sum() >= least and np.median(np.abs(off_mv - np.median(off_mv))) < 0.01
    assert abs(np.median(off_mv)) < 0.5


def nan_in_the_middle(record: Record) -> Record:
    signal = record.signal_mv.copy()
    signal[:, 400:700] = np.nan
    return replace(record, signal_mv=signal)


def one_flat_lead(record: Record) -> Record:
    signal = record.signal_mv.copy()
    signal[record.leads.index("II")] = 0.0
    return replace(record, signal_mv=signal)


FORMATS = (".hea", ".csv", ".json")
ODD = {
    "one_lead": HEART.select(("II",)),
    "two_leads": HEART.select(("V5", "II")),
    "not_a_number": nan_in_the_middle(HEART),
    "flat": one_flat_lead(HEART),
    "three_seconds": HEART.crop(0.0, 3.0),
    "a_minute": synthetic_record(5, "SR", 60.0, noise={}, conditions=()),
    "late": replace(HEART, start_s=4.0),
    "hz_1000": synthetic_record(5, "SR", fs_hz=1000.0, noise={}, conditions=()),
    "hz_128": synthetic_record(5, "SR", fs_hz=128.0, noise={}, conditions=()),
}


@pytest.mark.slow
def test_odd_recordings_of_every_format_are_drawn_rightly(tmp_path: Path) -> None:
    for (name, record), suffix in zip(ODD.items(), cycle(FORMATS), strict=False):
        write(record, tmp_path / "in" / f"{name}{suffix}")
    out = tmp_path / "out"
    assert draw(tmp_path / "in", out, count=len(ODD)) == 0
    pages = {name: page_of(name, out) for name in ODD}
    assert all(page.leads == STANDARD and page.fs_hz == 500.0 for page in pages.values())
    for name in ("one_lead", "two_leads", "flat", "late", "hz_1000"):
        told = replace(ODD[name], start_s=0.0).resample(500.0)
        assert_printed(pages[name], told, "II")
    assert np.isnan(pages["one_lead"]["V1"]).all() and np.isfinite(pages["two_leads"]["V5"]).any()
    assert np.isnan(pages["not_a_number"]["II"][450:650]).all()
    assert_printed(pages["not_a_number"], ODD["not_a_number"], "II")
    assert np.ptp(pages["flat"]["II"][500:1000]) < 1e-3
    assert np.isnan(pages["three_seconds"]["II"][1500:]).all()
    assert_printed(pages["three_seconds"], ODD["three_seconds"], "II", least=500)
    with (out / "manifest.csv").open(newline="") as file:
        starts = {row["source"]: float(row["start_s"]) for row in csv.DictReader(file)}
    assert starts["late"] == 4.0 and 0 < starts["a_minute"] < 50
    first = round(starts["a_minute"] * 500)
    there = ODD["a_minute"].signal_mv[:, first : first + 5000]
    assert_printed(pages["a_minute"], replace(HEART, signal_mv=there), "II")


def in_counts(path: Path, scale: float, has_time: bool = True) -> None:
    """The heart as a CSV in another unit, with or without its time column."""
    columns = (["time_s"] if has_time else []) + list(STANDARD)
    values = np.vstack([HEART.time_s] * has_time + [HEART.signal_mv * scale]).T
    path.parent.mkdir(exist_ok=True)
    np.savetxt(path, values, "%.4f", ",", header=",".join(columns), comments="")


def test_a_table_in_microvolts_needs_its_unit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    in_counts(tmp_path / "in" / "uv.csv", 1000.0)
    assert draw(tmp_path / "in", tmp_path / "refused") == 1
    assert "uv.csv" in (said := capsys.readouterr().err) and "state the unit" in said
    assert draw(tmp_path / "in", tmp_path / "out", "--unit", "uV") == 0
    assert_printed(page_of("uv", tmp_path / "out"), HEART, "II")


def test_a_table_without_times_needs_its_rate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    in_counts(tmp_path / "in" / "plain.csv", 1.0, has_time=False)
    assert draw(tmp_path / "in", tmp_path / "refused") == 1
    assert "plain.csv" in (said := capsys.readouterr().err) and "sampling rate" in said
    assert draw(tmp_path / "in", tmp_path / "out", "--fs_hz", "500") == 0
    assert_printed(page_of("plain", tmp_path / "out"), HEART, "II")


def test_fifteen_channels_are_drawn_without_the_three_that_no_layout_has(tmp_path: Path) -> None:
    write(HEART, tmp_path / "in" / "wide.hea")
    header, signal = tmp_path / "in" / "wide.hea", tmp_path / "in" / "wide.dat"
    lines = header.read_text().splitlines()
    frank = [lines[i + 1].rsplit(" ", 1)[0] + f" v{axis}" for i, axis in enumerate("xyz")]
    counts = np.fromfile(signal, "<i2").reshape(-1, 12)
    np.hstack([counts, counts[:, :3]]).tofile(signal)
    header.write_text("\n".join([lines[0].replace(" 12 ", " 15 "), *lines[1:13], *frank]) + "\n")
    with pytest.warns(UserWarning, match=r"wide\.hea: skipped vx, vy, vz"):
        assert draw(header, tmp_path / "out") == 0
    assert_printed(page_of("wide", tmp_path / "out"), HEART, "V6")


def test_what_holds_nothing_is_refused_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(replace(HEART, signal_mv=np.full((12, 5000), np.nan)), tmp_path / "in" / "empty.json")
    write(HEART.crop(0, 0.5), tmp_path / "in" / "instant.hea")
    (tmp_path / "in" / "torn.hea").write_text("torn 12 500 5000\ntorn.dat 16 1000(0)/mV 16 0 0 0 0 I\n")
    (tmp_path / "in" / "table.csv").write_text("patient,age\n1,2\n")
    named = [tmp_path / "in" / name for name in ("empty.json", "instant.hea", "torn.hea", "table.csv", "none.csv")]
    assert draw(named, tmp_path / "out", count=5) == 1
    said = capsys.readouterr()
    assert all(path.name in said.err for path in named) and "0 pages drawn" in said.out
    assert "inside the program" not in said.err


# --- recordings that measure the digitizer ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "number"),
    [("01630_hr.hea", "1630"), ("03908_lr.dat", "3908"), ("HR02579.mat", "2579"), ("1630.csv", None), ("E01630", None)],
)
def test_ptbxl_recordings_are_known_by_their_names(name: str, number: str | None) -> None:
    assert ptbxl_id(Path("any") / name) == number
    assert is_held_out(Path(name)) == (number in HELD_OUT_ECG_IDS)


def test_held_out_recordings_are_never_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("01630_hr", "00009_hr"):
        write(HEART, tmp_path / f"{name}.hea")
    with pytest.warns(UserWarning, match="left out, .*: 01630_hr"):
        assert find_sources([tmp_path]) == [tmp_path / "00009_hr.hea"]
    with pytest.raises(SystemExit), pytest.warns(UserWarning, match="left out"):
        draw(tmp_path / "01630_hr.hea", tmp_path / "out")
    assert "01630_hr.hea: is held out to measure the digitizer" in capsys.readouterr().err


def tiny_data(root: Path) -> Path:
    """PTB-XL and CinC in small: three folds, a held-out recording, and one that stands in both sets."""
    folds = {"00009": 3, "00038": 0, "01630": 1}
    for number in folds:
        write(HEART, root / "ptbxl" / "records500" / f"{number}_hr.hea")
    lines = [f"{number.lstrip('0')},{fold}" for number, fold in folds.items()]
    (root / "ptbxl" / "index.csv").write_text("\n".join(["ecg_id,cv5", *lines]) + "\n")
    for name in ("A0001", "HR00009", "HR00038", "HR03515"):
        write(HEART, root / "cinc_mix" / f"{name}.hea")
    return root


def test_training_and_validation_share_no_recording(tmp_path: Path) -> None:
    train, validate = training_hearts(tiny_data(tmp_path)), validation_hearts(tmp_path)
    names = [[p.stem for p in s.paths] for s in (*train.sources, *validate.sources) if isinstance(s, RecordedHearts)]
    assert names == [["00038_hr"], ["A0001", "HR00038"], ["00009_hr"]]


def test_a_folder_of_recordings_is_told_what_it_lacks(tmp_path: Path) -> None:
    index = tmp_path / "ptbxl" / "index.csv"
    with pytest.raises(OSError, match=r"index\.csv: no such file; expected a folder of real recordings with"):
        training_hearts(tmp_path)
    shutil.rmtree(tiny_data(tmp_path) / "cinc_mix")
    with pytest.raises(OSError, match="cinc_mix: no recordings here; expected"):
        training_hearts(tmp_path)
    index.write_text("ecg_id,fold\n")
    with pytest.raises(ValueError, match=r"index\.csv: lacks the columns cv5; expected"):
        training_hearts(tmp_path)


def test_some_synthetic_patients_have_lost_an_electrode() -> None:
    lost = [record.meta["electrode_off"] for record in map(SyntheticHearts(seed=3).__getitem__, range(40))]
    assert 1 <= sum(name is not None for name in lost) <= 8
