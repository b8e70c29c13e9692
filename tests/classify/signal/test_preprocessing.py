"""Preparation, page masks and variations: units, names and missing stretches must not matter."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classify.datasets.arrays import Arrays, from_records
from classify.datasets.example import Example
from classify.recipe import Recipe
from classify.signal import page_mask
from classify.signal.augmentation import PREPARED, RECORDED, Augmentation, Retiming, augment, random_crop
from classify.signal.demographics import demographics
from classify.signal.preprocessing import Preparation, on_grid, prepare
from classify.signal.settings import DataSettings
from classify.tasks import TASKS
from classify.training.inputs import FixedTrainingSet, TrainingSet, fixed_inputs
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
    shown = page_mask.printed("3x4+1", ("II",), FS_HZ, 1250)
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
@given(seed=st.integers(0, 10**6), leads=st.sampled_from([1, 2, 12]))
def test_any_mask_and_variation_gives_finite_inputs(seed: int, leads: int) -> None:
    rng = np.random.default_rng(seed)
    signal = augment(rng.normal(size=(leads, 1250)).astype(np.float32), rng, FS_HZ, RECORDED)
    if leads == 12:
        signal = np.where(page_mask.draw_mask(rng, FS_HZ, 1250), signal, np.nan)
    z, marked, _ = prepare(signal, FS_HZ)
    assert np.isfinite(augment(z, rng, FS_HZ, PREPARED)).all()
    assert np.isfinite(signal).any() and signal.shape == (leads, 1250)
    assert marked.any()


@pytest.mark.parametrize("row", [*RECORDED, *PREPARED], ids=lambda row: row.name)
def test_every_variation_changes_a_signal_and_turns_no_lead_over(row: Augmentation, record: Record) -> None:
    signal = on_grid(record, FS_HZ)
    varied = row.apply(signal, np.random.default_rng(0), FS_HZ)
    assert varied.shape == signal.shape
    assert not np.array_equal(varied, signal, equal_nan=True)
    both = np.isfinite(varied) & np.isfinite(signal)
    for lead in np.flatnonzero(both.any(1)):
        assert np.corrcoef(varied[lead, both[lead]], signal[lead, both[lead]])[0, 1] > 0.3


def test_a_random_crop_is_a_stretch_of_the_signal() -> None:
    signal = np.tile(np.arange(100.0), (2, 1))
    crop, first = random_crop(signal, np.random.default_rng(1), 25)
    assert crop.shape == (2, 25)
    assert (np.diff(crop) == 1).all() and crop[0, 0] == first
    assert random_crop(signal, np.random.default_rng(1), 200)[0].shape == (2, 100)


@given(shift=st.floats(-0.1, 0.1), stretch=st.floats(0.95, 1.05), at=st.integers(300, 900))
def test_a_beat_moves_with_its_signal(shift: float, stretch: float, at: int) -> None:
    signal = np.zeros((1, 1250), np.float32)
    signal[0, at - 20 : at + 21] = 20.0 - np.abs(np.arange(-20, 21))
    moved = Retiming(shift, stretch)
    peak = np.nanargmax(moved.of_signal(signal)[0])
    assert moved.of_places(np.array([at]), 1250)[0] == pytest.approx(peak, abs=0.6)
    assert moved.of_signal(signal).shape == signal.shape


def test_retiming_happens_every_second_time() -> None:
    rng = np.random.default_rng(0)
    still = sum(Retiming.draw(rng) == Retiming() for _ in range(400))
    assert 160 < still < 240


def test_the_robust_scale_is_not_moved_by_a_spike(record: Record) -> None:
    grid = on_grid(record, FS_HZ)
    spiked = grid.copy()
    spiked[:, 600] += 50
    how = Preparation(None, None, "robust", 3.0)
    plain, with_spike = (prepare(each, FS_HZ, how)[0] for each in (grid, spiked))
    np.testing.assert_allclose(np.delete(plain, 600, 1), np.delete(with_spike, 600, 1), atol=0.25)
    assert np.abs(plain).max() == 3.0
    np.testing.assert_allclose(np.median(plain, 1), 0, atol=1e-6)


@pytest.mark.parametrize(("low_hz", "high_hz", "passes"), [(None, 40, 2), (0.5, None, 8), (2, 20, 8)])
def test_the_band_is_optional(low_hz: float | None, high_hz: float | None, passes: float) -> None:
    time_s = np.arange(1250) / FS_HZ
    tone, drift = np.sin(2 * np.pi * passes * time_s), np.sin(2 * np.pi * 0.05 * time_s)
    z, _, _ = prepare(np.float32([tone, tone + 3 * drift]), FS_HZ, Preparation(low_hz, high_hz))
    inner = slice(300, 950)
    assert np.corrcoef(z[0, inner], tone[inner])[0, 1] > 0.98
    assert (np.corrcoef(z[0, inner], z[1, inner])[0, 1] > 0.95) == (low_hz is not None)


def test_an_upside_down_band_is_refused() -> None:
    with pytest.raises(ValueError, match="low_hz < high_hz"):
        Preparation(40, 0.5)


def test_each_layout_prints_what_its_name_says() -> None:
    rhythm = {"3x4+1": ("II",), "6x2+1": ("V1",)}
    names = ("full", "3x4", "3x4+1", "6x2", "6x2+1")
    share = {name: page_mask.printed(name, rhythm.get(name, ()), FS_HZ, 1250).mean() for name in names}
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
    signal, features, person = fixed_inputs(arrays([record]), "3x4+1", DataSettings())
    assert signal.shape == (1, 24, 1250)
    assert signal[0, 12 + STANDARD.index("II")].all()
    assert signal[0, 12 + STANDARD.index("V1")].mean() == pytest.approx(0.25, abs=0.01)
    assert np.isfinite(features).all() and person.shape == (1, 2)


def test_an_example_may_be_shown_as_what_it_has_of_its_own(record: Record) -> None:
    plain = DataSettings(page_masks=False, vary=False)
    usual, other = record, synthetic_record(6, "SR", noise={})
    made = replace(arrays([usual, usual, other, other]), patient=np.array(["a", "a", "a", "b"]))
    signal = fixed_inputs(made, "full", replace(plain, from_usual=True)).signal
    whole = fixed_inputs(made, "full", plain).signal
    assert not signal[[0, 1, 3], :12].any()
    np.testing.assert_allclose(signal[2, :12], whole[2, :12] - whole[0, :12])
    assert signal[:, 12:].all()  # masks stay what they are
    with pytest.raises(ValueError, match="from_usual compares examples as they are"):
        DataSettings(from_usual=True)


def test_only_beats_have_a_usual_one() -> None:
    beside_usual = DataSettings(from_usual=True, page_masks=False, vary=False)
    assert Recipe("aami_inter", beside_usual).data.from_usual
    with pytest.raises(ValueError, match=r"from_usual needs many beats of a patient.*aami_inter, aami_intra"):
        Recipe("ptbxl", beside_usual)


@pytest.mark.parametrize("vary", [False, True])
def test_a_batch_says_whose_it_is_and_where_the_beats_are(record: Record, vary: bool) -> None:
    told = replace(record, meta={"Age": "63", "Sex": "Female"})
    made = replace(arrays([told, record, told]), patient=np.array(["b", "a", "b"]))
    how = DataSettings(page_masks=False, vary=vary, crop_s=6.0 if vary else 0.0)
    data = TrainingSet(made, 3, how) if vary else FixedTrainingSet(made, how)
    first, second = data[0], data[1]
    assert (first["age"], first["sex"], first["patient"]) == (63, 0, 1)
    assert np.isnan(second["age"]) and np.isnan(second["sex"]) and second["patient"] == 0
    np.testing.assert_array_equal(first["demographics"], [63, 0])
    beats = first["beats"][np.isfinite(first["beats"])].astype(int)
    assert 3 < len(beats) < 20
    steep = np.abs(np.gradient(first["signal"][STANDARD.index("II")]))
    near = [steep[max(beat - 8, 0) : beat + 9].max() for beat in beats]
    assert np.median(near) > 3 * np.median(steep)
    assert first["beats"].shape == second["beats"].shape  # a batch can be made of them


def test_age_and_sex_are_read_as_headers_write_them() -> None:
    for meta, expected in (
        ({"age": "74", "sex": "Male"}, [74, 1]),
        ({"Age": 41.0, "gender": "F"}, [41, 0]),
        ({"age": "80 years", "sex": "Unknown"}, [80, np.nan]),
        ({"age": "NaN"}, [np.nan, np.nan]),
        ({"age": "300", "sex": "male"}, [np.nan, 1]),
        ({}, [np.nan, np.nan]),
    ):
        np.testing.assert_array_equal(demographics(meta), np.array(expected, np.float32))


def test_a_mask_for_eight_leads_is_that_of_their_names() -> None:
    leads = ("I", "II", "V1", "V6")
    whole = page_mask.printed("3x4+1", ("II",), FS_HZ, 1250)
    some = page_mask.printed("3x4+1", ("II",), FS_HZ, 1250, leads)
    np.testing.assert_array_equal(some, whole[[STANDARD.index(lead) for lead in leads]])
    assert page_mask.printed("full", (), FS_HZ, 1250, leads).shape == (4, 1250)


def test_single_beats_are_neither_hidden_nor_shifted() -> None:
    with pytest.raises(ValueError, match=r"aami_intra judges single beats.*set both to false"):
        Recipe("aami_intra", DataSettings(vary=False))
    with pytest.raises(ValueError, match=r"page_masks and data.vary"):
        Recipe("aami_inter", DataSettings(page_masks=False))
