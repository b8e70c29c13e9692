"""What becomes of odd records: drawn rightly, or refused with their name."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ecg import write
from ecg.leads import STANDARD
from ecg.reading import Reading
from ecg.record import Record
from simulate.dataset.job import Job, stretch
from simulate.heart import synthetic_record

CLEAN = Job(seed=3, preset="clean", layout="3x4+1", long_side_px=700)
HEART = synthetic_record(5, "SR", noise={}, conditions=())


def drawn(record: Record, folder: Path, job: Job = CLEAN) -> Reading:
    write(record, folder / "odd.hea")
    return job.page(0, folder / "odd.hea")


def ink_at(reading: Reading, box: int) -> np.ndarray:
    """Darkness of the page at every point of a box's trace where it is not hidden, 0..1."""
    trace = reading.traces[box]
    seen = np.isfinite(trace.y_px)
    cols, rows = np.round(trace.x_px[seen]).astype(int), np.round(trace.y_px[seen]).astype(int)
    return 1 - reading.page.pixels[rows, cols].min(-1) / 255


@pytest.mark.parametrize("fs_hz", [100.0, 250.0, 360.0, 500.0, 1000.0])
def test_any_rate_is_drawn_at_500_hz(fs_hz: float, tmp_path: Path) -> None:
    reading = drawn(synthetic_record(5, "SR", fs_hz=fs_hz, noise={}, conditions=()), tmp_path)
    assert reading.record.fs_hz == 500.0 and reading.record.samples == 5000
    both = np.isfinite(reading.record["II"]) & (HEART.time_s > 0.1) & (HEART.time_s < 9.9)
    assert np.corrcoef(reading.record["II"][both], HEART["II"][both])[0, 1] > 0.98
    assert np.nanmax(np.abs(reading.record["II"] - HEART["II"])[both]) < (0.02 if fs_hz >= 250 else 0.3)


def test_a_long_record_gives_ten_seconds_from_somewhere(tmp_path: Path) -> None:
    heart = synthetic_record(6, "SR", duration_s=60.0, noise={}, conditions=())
    write(heart, tmp_path / "long.hea")
    starts = []
    for index in range(4):
        reading = CLEAN.page(index, tmp_path / "long.hea")
        starts.append(reading.scene.simulated["start_s"])
        first = round(starts[-1] * 500)
        there = heart["II"][first : first + 5000]
        assert np.nanmax(np.abs(reading.record["II"] - there)) < 0.001
    assert len(set(starts)) == 4 and min(starts) >= 0 and max(starts) <= 50


def test_three_seconds_leave_the_rest_of_the_page_empty(tmp_path: Path) -> None:
    reading = drawn(HEART.crop(0.0, 3.0), tmp_path)
    finite = {lead: np.isfinite(reading.record[lead]).sum() for lead in STANDARD}
    # A machine may leave a few mm blank where a lead begins or ends.
    assert 1100 <= finite["I"] <= 1250 and 150 <= finite["aVR"] <= 250 and finite["V1"] == finite["V6"] == 0
    assert np.isnan(reading.traces[STANDARD.index("V1")].y_px).all()
    assert np.median(ink_at(reading, 0)) > 0.25


def test_gaps_stay_gaps(tmp_path: Path) -> None:
    signal = HEART.signal_mv.copy()
    signal[:, 500:750] = np.nan
    reading = drawn(replace(HEART, signal_mv=signal), tmp_path)
    trace = reading.traces[0]
    assert np.isnan(reading.record["I"][500:750]).all() and np.isfinite(reading.record["I"][750:1150]).all()
    assert np.isnan(trace.y_px[500:750]).all() and np.isfinite(trace.y_px[750:1150]).all()
    before, after = (np.array([trace.x_px[i], trace.y_px[i]]) for i in (499, 750))
    bridge = np.round(before + np.linspace(0.1, 0.9, 100)[:, None] * (after - before)).astype(int)
    between = 1 - reading.page.pixels[bridge[:, 1], bridge[:, 0]].min(-1) / 255
    assert np.median(ink_at(reading, 0)) > np.median(between) + 0.2


def test_a_flat_lead_is_a_line_at_its_zero(tmp_path: Path) -> None:
    signal = HEART.signal_mv.copy()
    signal[0] = 0.0
    reading = drawn(replace(HEART, signal_mv=signal), tmp_path)
    _, mv = reading.traces[0].to_signal(reading.geometry, reading.layout, reading.layout.boxes[0])
    assert np.isfinite(mv).sum() > 1000 and np.nanmax(np.abs(mv)) < 1e-6
    assert np.median(ink_at(reading, 0)) > 0.25


def test_microvolts_are_drawn_as_millivolts(tmp_path: Path) -> None:
    """In a WFDB header with the gain per uV."""
    write(HEART, tmp_path / "odd.hea")
    header = (tmp_path / "odd.hea").read_text().replace("1000(0)/mV", "1(0)/uV")
    (tmp_path / "odd.hea").write_text(header)
    reading = CLEAN.page(0, tmp_path / "odd.hea")
    assert np.nanmax(np.abs(reading.record["II"] - HEART["II"])) < 0.001


@pytest.mark.filterwarnings("ignore:.*none of the twelve leads")
def test_other_channels_are_left_aside(tmp_path: Path) -> None:
    write(HEART, tmp_path / "odd.hea")
    lines = (tmp_path / "odd.hea").read_text().splitlines()
    frank = [lines[i + 1].rsplit(" ", 1)[0] + f" v{axis}" for i, axis in enumerate("xyz")]
    counts = np.fromfile(tmp_path / "odd.dat", "<i2").reshape(-1, 12)
    np.hstack([counts, counts[:, :3]]).tofile(tmp_path / "odd.dat")
    (tmp_path / "odd.hea").write_text("\n".join([lines[0].replace(" 12 ", " 15 "), *lines[1:13], *frank]) + "\n")
    reading = CLEAN.page(0, tmp_path / "odd.hea")
    assert reading.record.leads == STANDARD
    assert np.nanmax(np.abs(reading.record["V6"] - HEART["V6"])) < 0.001


def test_one_lead_is_drawn_where_a_layout_prints_it(tmp_path: Path) -> None:
    alone = HEART.select(("V1",))
    reading = drawn(alone, tmp_path)
    assert np.isfinite(reading.record["V1"]).sum() > 1100 and np.isnan(reading.record["II"]).all()
    layouts = {drawn(alone, tmp_path, replace(CLEAN, seed=seed, layout=None)).layout.name for seed in range(6)}
    assert len(layouts) > 1 and not layouts & {"6x1-limb", "3x2-limb", "3x1"}
    with pytest.raises(ValueError, match=r"odd\.hea: the layout 6x1-limb would print less than 1 s of V1"):
        drawn(alone, tmp_path, replace(CLEAN, layout="6x1-limb"))


def test_a_record_without_a_value_is_refused_by_name() -> None:
    empty = replace(HEART, signal_mv=np.full((12, 5000), np.nan))
    with pytest.raises(ValueError, match=r"empty\.hea: no lead has a value"):
        stretch(empty, Path("empty.hea"), np.random.default_rng(0))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"preset": "x-ray"}, r"unknown preset 'x-ray'.*clean.*mixed"),
        ({"layout": "5x5"}, r"unknown layout '5x5'.*3x4\+1"),
        ({"difficulty": 1.5}, "difficulty must lie between"),
        ({"seed": -1}, "seed must be 0 or more"),
        ({"long_side_px": 10}, "long_side_px must lie between"),
    ],
)
def test_a_job_that_makes_no_sense_is_refused_by_name(options: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Job(**options)


def test_recordings_are_each_drawn_once_before_any_is_drawn_again() -> None:
    records = [Path(f"{name}.hea") for name in "abcde"]
    sources = Job(seed=1).sources(records, 12)
    assert sorted(sources[:5]) == sorted(sources[5:10]) == records
    assert sources[:7] == Job(seed=1).sources(records, 7)
    assert sources[:5] != Job(seed=2).sources(records, 5)


@pytest.mark.slow
def test_mixed_pages_come_from_several_presets() -> None:
    found = {Job(seed=s, difficulty=0.5, long_side_px=200).page(0, None).scene.simulated["preset"] for s in range(14)}
    assert {"scan", "photo"} < found
