"""`Record`: checked once, addressed by lead name, cropped and resampled without inventing anything."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecg.leads import STANDARD
from ecg.record import Record


def ramp(samples: int = 100, fs_hz: float = 100.0, start_s: float = 0.0) -> Record:
    return Record(np.tile(np.arange(samples, dtype=np.float32), (2, 1)), fs_hz, ("II", "V1"), start_s)


@pytest.mark.parametrize(
    ("signal", "fs_hz", "leads", "words"),
    [
        (np.zeros(5), 500, ("I",), "must be \\[lead, sample\\]"),
        (np.zeros((2, 5)), 500, ("I",), "with 1 leads"),
        (np.zeros((2, 5)), 500, ("I", "i"), "named twice"),
        (np.zeros((1, 5)), 0, ("I",), "positive sampling rate"),
        (np.zeros((1, 5)), float("nan"), ("I",), "positive sampling rate"),
        (np.full((1, 5), np.inf), 500, ("I",), "infinite"),
        (np.zeros((1, 5)), 500, ("X",), "unknown lead"),
    ],
)
def test_what_makes_no_record_is_refused(signal: np.ndarray, fs_hz: float, leads: tuple[str, ...], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Record(signal, fs_hz, leads)


def test_leads_are_found_by_any_spelling() -> None:
    record = Record(np.zeros((2, 4)), 250, ("MLII", "c1"))
    assert record.leads == ("II", "V1")
    assert record.signal_mv.dtype == np.float32
    assert record["d2"].shape == (4,)
    with pytest.raises(KeyError, match="no lead V6"):
        record["V6"]


def test_time_line() -> None:
    record = ramp(start_s=2.5)
    assert (record.samples, record.duration_s) == (100, 1.0)
    np.testing.assert_allclose(record.time_s[[0, -1]], [2.5, 3.49])


def test_select_reorders_and_leaves_the_absent_empty() -> None:
    record = ramp().select()
    assert record.leads == STANDARD
    assert np.isnan(record["aVR"]).all()
    assert record["V1"][7] == 7


def test_a_lead_with_its_sign_turned_is_turned_back() -> None:
    record = Record(np.array([[1.0, 2.0], [3.0, 4.0]]), 250, ("-aVR", "II"))
    assert record.leads == ("aVR", "II")
    np.testing.assert_array_equal(record["aVR"], [-1, -2])
    np.testing.assert_array_equal(record["-aVR"], [1, 2])
    np.testing.assert_array_equal(record.select(["aVR"]).signal_mv, [[-1, -2]])


def test_no_lead_is_a_record_too() -> None:
    none = ramp().select([])
    assert (none.leads, none.signal_mv.shape, none.duration_s) == ((), (0, 100), 1.0)


@given(st.integers(-50, 150), st.integers(1, 200))
def test_crop_is_exact_and_pads_with_nan(first: int, count: int) -> None:
    part = ramp().crop(first / 100, count / 100)
    wanted = np.array([i if 0 <= i < 100 else np.nan for i in range(first, first + count)], np.float32)
    np.testing.assert_array_equal(part["II"], wanted)
    assert part.start_s == first / 100


def test_resample_keeps_duration_and_start() -> None:
    record = ramp(500, 500, start_s=1.0).resample(360)
    assert (record.samples, record.fs_hz, record.start_s) == (360, 360.0, 1.0)


def test_no_leads_at_all_are_an_empty_record() -> None:
    record = Record(np.zeros((2, 5)), 500, ("I", "II")).select([])
    assert (record.leads, record.signal_mv.shape) == ((), (0, 5))
    assert np.isnan(record.select(["V1"]).signal_mv).all()
    assert record.resample(250).leads == record.crop(0, 1).leads == ()
