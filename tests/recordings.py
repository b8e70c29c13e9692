"""Recordings for tests of formats: whole, as pages print them, and any that hypothesis thinks of."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from ecg.leads import STANDARD
from ecg.record import Record

FACTS = {"recorded_at": "2020-02-03T04:05:06.250000", "sex": "F", "age": "61", "device": "AT-1"}
WHO = {"patient_name": "Ada Lovelace", "patient_id": "4711", "birth_date": "1815-12-10"}


def whole(samples: int = 1000, fs_hz: float = 500.0, leads: tuple[str, ...] = STANDARD, seed: int = 0) -> Record:
    """A recording without gaps."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(samples) / fs_hz
    waves = np.sin(2 * np.pi * np.outer(rng.uniform(0.5, 9, len(leads)), time_s))
    return Record(
        waves * rng.uniform(0.1, 2, (len(leads), 1)) + rng.normal(0, 0.05, waves.shape), fs_hz, leads, 0.0, FACTS
    )


def printed(samples: int = 1000, fs_hz: float = 500.0, start_s: float = 0.0) -> Record:
    """A recording of which a page prints four columns of three leads and one lead throughout."""
    record = whole(samples, fs_hz)
    signal = np.full_like(record.signal_mv, np.nan)
    for column in range(4):
        part = slice(column * samples // 4, (column + 1) * samples // 4)
        signal[3 * column : 3 * column + 3, part] = record.signal_mv[3 * column : 3 * column + 3, part]
    signal[1] = record.signal_mv[1]
    return Record(signal, fs_hz, STANDARD, start_s, FACTS)


@st.composite
def any_record(draw: st.DrawFn) -> Record:
    """Any leads, lengths, rates, starts and gaps, up to 32.767 mV."""
    count = draw(st.integers(1, 12))
    leads = tuple(draw(st.permutations(STANDARD))[:count])
    samples = draw(st.integers(1, 400))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    signal = rng.uniform(-1, 1, (count, samples)) * draw(st.sampled_from([0.01, 1.0, 32.767]))
    for _ in range(draw(st.integers(0, 4))):
        lead, first = draw(st.integers(0, count - 1)), draw(st.integers(0, samples - 1))
        signal[lead, first : first + draw(st.integers(1, samples))] = np.nan
    if draw(st.booleans()):
        signal[draw(st.integers(0, count - 1))] = np.nan
    fs_hz = draw(st.sampled_from([100.0, 125.0, 128.2, 240.0, 250.0, 257.0, 360.0, 500.0, 512.0, 977.0, 1000.0]))
    start_s = draw(st.sampled_from([0.0, 2.5, 0.002, 1234.5]))
    return Record(signal, fs_hz, leads, start_s, draw(st.sampled_from([{}, FACTS])))
