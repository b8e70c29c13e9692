"""Preparation, page masks and variations: units, names and missing stretches must not matter."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classify import pagelike
from classify.arrays import Arrays, from_records
from classify.data import TrainingSet, fixed_inputs
from classify.prepare import on_grid, prepare
from classify.recipe import DataSettings
from classify.tasks import TASKS, Example
from ecg.leads import STANDARD
from ecg.record import Record
from simulate.heart import synthetic_record

FS_HZ = 125.0


@pytest.fixture(scope="module")
def record() -> Record:
    return synthetic_record(5, "SR", noise={})


def arrays(records: list[Record]) -> Arrays:
    found = [
        Example(Path(f"x{k}"), "simulated", str(k), "train", {"superclass": frozenset(["NORM"]), "rhythm": None})
        for k in range(len(records))
    ]
    return from_records(zip(records, found, strict=True), TASKS["ptbxl"], FS_HZ)


def test_gain_offset_and_order_of_leads_do_not_matter(record: Record) -> None:
    z, seen, _ = prepare(on_grid(record, FS_HZ), FS_HZ)
    other = Record(record.signal_mv[::-1] * 7 + 3, record.fs_hz, record.leads[::-1])
    z2, seen2, _ = prepare(on_grid(other, FS_HZ), FS_HZ)
    assert seen.all() and seen2.all()
    assert np.abs(z - z2).max() < 1e-3
    assert z.shape == (12, 1250)


def test_what_is_not_printed_is_zero_and_marked(record: Record) -> None:
    grid = on_grid(record, FS_HZ)
    shown = pagelike.printed("3x4+1", ("II",), FS_HZ, 1250)
    z, seen, _ = prepare(np.where(shown, grid, np.nan), FS_HZ)
    assert (seen == shown).all()
    assert (z[~shown] == 0).all()
    for row in range(12):
        assert z[row, shown[row]].std() == pytest.approx(1, abs=0.01)


def test_a_short_hole_is_bridged_and_a_long_one_is_not(record: Record) -> None:
    grid = on_grid(record, FS_HZ).copy()
    grid[0, 500:510] = np.nan
    grid[1, 500:600] = np.nan
    _, seen, _ = prepare(grid, FS_HZ)
    assert seen[0].all()
    assert not seen[1, 500:600].any()
    assert seen[1].sum() == 1150


@pytest.mark.parametrize("signal", [np.full((12, 1250), np.nan), np.zeros((12, 1250)), np.full((12, 1250), 1e4)])
def test_nothing_and_flat_lines_give_zeros(signal: np.ndarray) -> None:
    z, _, _ = prepare(signal.astype(np.float32), FS_HZ)
    assert (np.abs(z) < 1e-3).all()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_any_mask_and_variation_gives_finite_inputs(seed: int) -> None:
    rng = np.random.default_rng(seed)
    signal = rng.normal(size=(12, 1250)).astype(np.float32)
    seen = pagelike.draw_mask(rng, FS_HZ, 1250)
    z, marked, _ = prepare(np.where(seen, pagelike.vary(signal, rng, FS_HZ), np.nan), FS_HZ)
    assert np.isfinite(pagelike.disturb(z, rng)).all()
    assert not (marked & ~seen).any()


def test_each_layout_prints_what_its_name_says() -> None:
    rhythm = {"3x4+1": ("II",), "6x2+1": ("V1",)}
    names = ("full", "3x4", "3x4+1", "6x2", "6x2+1")
    share = {name: pagelike.printed(name, rhythm.get(name, ()), FS_HZ, 1250).mean() for name in names}
    assert share["full"] == 1.0
    assert share["3x4"] == pytest.approx(0.25, abs=0.01)
    assert share["3x4+1"] == pytest.approx((11 * 0.25 + 1) / 12, abs=0.01)
    assert share["6x2"] == pytest.approx(0.5, abs=0.01)


def test_a_training_item_depends_on_seed_epoch_and_index_alone(record: Record) -> None:
    made = arrays([record, synthetic_record(6)])
    one, two = (TrainingSet(made, 3, DataSettings()) for _ in range(2))
    one.set_epoch(4), two.set_epoch(4)
    two[0], two[1]
    first, again = one[1], two[1]
    assert all(np.array_equal(first[key], again[key], equal_nan=True) for key in first)
    two.set_epoch(5)
    assert not np.array_equal(first["signal"], two[1]["signal"])
    assert first["signal"].shape == (24, 1250)
    assert np.isnan(first["target"][5:]).all()


def test_validation_sees_pages_as_they_print(record: Record) -> None:
    signal, features = fixed_inputs(arrays([record]), "3x4+1", DataSettings())
    assert signal.shape == (1, 24, 1250)
    assert signal[0, 12 + STANDARD.index("II")].all()
    assert signal[0, 12 + STANDARD.index("V1")].mean() == pytest.approx(0.25, abs=0.01)
    assert np.isfinite(features).all()
