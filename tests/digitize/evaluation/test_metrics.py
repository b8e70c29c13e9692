"""The metrics on cases whose answer can be worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digitize.evaluation import metrics
from ecg.leads import STANDARD
from ecg.record import Record

FS_HZ = 500.0

RNG = np.random.default_rng(5)

TRUTH = Record(RNG.normal(0, 0.5, (12, 1250)).astype(np.float32), FS_HZ, STANDARD)


def record(*rows: list[float] | np.ndarray, leads: tuple[str, ...] = STANDARD) -> Record:
    return Record(np.array(rows, np.float32), FS_HZ, leads[: len(rows)])


def changed(truth: Record, **leads: np.ndarray) -> Record:
    signal = truth.signal_mv.copy()
    for name, values in leads.items():
        signal[truth.leads.index(name)] = values
    return replace(truth, signal_mv=signal)


def test_ratio_by_hand() -> None:
    # Error after the best height (mean difference 0): 4 samples of +-0.1; power 4 x 1.
    truth = record([1, -1, 1, -1])
    read = record([1.1, -0.9, 0.9, -1.1])
    assert metrics.page_ratio(truth, read) == pytest.approx(4 / (4 * 0.01), rel=1e-5)
    assert metrics.score_page(truth, read).snr_db == pytest.approx(20.0, abs=1e-3)


def test_power_is_not_centred() -> None:
    truth = record([3, 1, 3, 1])  # power 20; centred it would be 4
    read = record([3.5, 0.5, 3.5, 0.5])  # error 4 x 0.25
    assert metrics.page_ratio(truth, read) == pytest.approx(20.0)


def test_power_and_error_are_summed_over_the_leads_before_the_ratio() -> None:
    truth = record([1, -1, 1, -1], [10, -10, 10, -10])
    read = record([1, -1, 1, -1], [11, -11, 11, -11])
    assert metrics.page_ratio(truth, read) == pytest.approx((4 + 400) / 4)


def test_a_shift_in_height_and_up_to_0_2_s_in_time_costs_only_what_falls_off_the_edge() -> None:
    shifted = np.roll(TRUTH.signal_mv, 7, axis=1) + 0.3
    for lead in shifted:
        lead[:7] = RNG.normal(0, 0.5, 7)
    ratio = metrics.page_ratio(TRUTH, replace(TRUTH, signal_mv=shifted))
    lost = TRUTH.signal_mv[:, -7:]  # moved out, so compared with 0 mV
    assert ratio == pytest.approx(float(np.sum(TRUTH.signal_mv**2) / np.sum(lost**2)), rel=1e-3)


def test_a_shift_beyond_0_2_s_is_not_undone_by_the_kaggle_metric_but_by_the_challenges() -> None:
    moved = replace(TRUTH, signal_mv=np.roll(TRUTH.signal_mv, 150, axis=1))  # 0.3 s
    score = metrics.score_page(TRUTH, moved)
    assert score.snr_db < 1
    assert score.challenge2024_db > 20


def test_a_shift_beyond_1_mv_is_not_undone_by_the_challenges_metric() -> None:
    truth = record([1, -1] * 50)
    assert metrics.score_page(truth, record([2.5, 0.5] * 50)).challenge2024_db == pytest.approx(
        10 * np.log10(1 / 0.25), abs=1e-4
    )
    assert metrics.score_page(truth, record([2.5, 0.5] * 50)).ratio == metrics.RATIO_LIMIT


def test_what_was_not_read_counts_as_silence() -> None:
    read = changed(TRUTH, V1=np.nan)
    power = np.sum(TRUTH.signal_mv.astype(float) ** 2, axis=1)
    score = metrics.score_page(TRUTH, read)
    assert score.ratio == pytest.approx(power.sum() / power[6], rel=1e-6)
    assert score.missing == ("V1",)
    assert score.rmse_uv == pytest.approx(1000 * np.sqrt(power[6] / (12 * 1250)), rel=1e-6)
    assert score.pearson == pytest.approx(11 / 12)


def test_half_a_lead_read() -> None:
    half = TRUTH["II"].copy()
    half[:500] = np.nan
    score = metrics.score_page(TRUTH, changed(TRUTH, II=half))
    assert score.missing == ()
    perfect_db = metrics.to_db(metrics.RATIO_LIMIT)
    assert score.challenge2024_db == pytest.approx(perfect_db * (11 + 750 / 1250) / 12)


def test_a_refused_page_scores_zero_everywhere() -> None:
    score = metrics.score_page(TRUTH, None)
    assert (score.ratio, score.snr_db, score.challenge2024_db, score.pearson) == (1.0, 0.0, 0.0, 0.0)
    assert score.missing == STANDARD


def test_only_what_is_printed_is_compared() -> None:
    printed = changed(TRUTH, V6=np.nan)
    read = changed(TRUTH, V6=np.full(1250, 9.0))
    assert metrics.page_ratio(printed, read) == metrics.RATIO_LIMIT
    with pytest.raises(ValueError, match="no finite sample"):
        metrics.page_ratio(replace(TRUTH, signal_mv=np.full((12, 5), np.nan)), TRUTH)


def test_the_prediction_is_brought_to_the_truths_time_line_and_order() -> None:
    late = replace(TRUTH.crop(-1.0, 4.0), start_s=-1.0).select(STANDARD[::-1])
    assert metrics.page_ratio(TRUTH, late) == metrics.RATIO_LIMIT


def test_leads_may_not_be_swapped() -> None:
    swapped = changed(TRUTH, V1=TRUTH["V2"], V2=TRUTH["V1"])
    assert metrics.score_page(TRUTH, swapped).snr_db < 10


@settings(max_examples=30, deadline=None)
@given(noise=st.floats(0.01, 3.0), gone=st.sampled_from(STANDARD), seed=st.integers(0, 99))
@pytest.mark.slow
def test_leaving_a_lead_out_never_helps(noise: float, gone: str, seed: int) -> None:
    """A lead read with some skill: every metric is at least as good with it as without it."""
    rng = np.random.default_rng(seed)
    # What is left after the best least-squares scale beats silence by construction.
    guess = TRUTH.signal_mv + rng.normal(0, noise, TRUTH.signal_mv.shape)
    read = replace(TRUTH, signal_mv=guess / (1 + (noise / 0.5) ** 2))
    with_it, without = (metrics.score_page(TRUTH, r) for r in (read, changed(read, **{gone: np.nan})))
    assert with_it.ratio >= without.ratio
    assert with_it.rmse_uv <= without.rmse_uv
    assert with_it.challenge2024_db >= without.challenge2024_db
    assert with_it.pearson >= without.pearson


def test_aggregates_by_hand() -> None:
    ratios = [10.0, 1000.0]
    assert metrics.snr_mean_db(ratios) == pytest.approx(20.0)
    assert metrics.snr_kaggle_db(ratios) == pytest.approx(10 * np.log10(505))
    assert metrics.snr_percentile_db(ratios, 5) == pytest.approx(11.0)


def test_aggregate_counts_refused_pages_and_missing_leads() -> None:
    whole = metrics.score_page(TRUTH, TRUTH)
    refused = metrics.score_page(TRUTH, None)
    partial = metrics.score_page(TRUTH, changed(TRUTH, I=np.nan))
    table = metrics.aggregate([whole, whole, refused, partial])
    assert table["failure_rate"] == 0.5
    assert table["snr_mean_db"] == pytest.approx((200 + partial.snr_db) / 4)
    assert all(np.isnan(value) for value in metrics.aggregate([]).values())


def test_bootstrap_brackets_the_mean_and_repeats_by_seed() -> None:
    scores = [metrics.score_page(TRUTH, replace(TRUTH, signal_mv=TRUTH.signal_mv * g)) for g in (0.7, 0.8, 0.9, 0.95)]
    intervals = metrics.bootstrap(scores, rounds=50)
    low, high = intervals["snr_mean_db"]
    assert low < metrics.aggregate(scores)["snr_mean_db"] < high
    assert intervals["snr_mean_db"] == metrics.bootstrap(scores, rounds=50)["snr_mean_db"]


def beats(bpm: float) -> Record:
    """Narrow Gaussian QRS complexes at an even rate in two leads."""
    times = np.arange(5000) / FS_HZ
    away = (times + 0.3) % (60 / bpm) - 0.3
    return record(1.2 * np.exp(-((away / 0.012) ** 2)), 0.8 * np.exp(-((away / 0.012) ** 2)))


def test_heart_rate_and_its_error() -> None:
    assert metrics.heart_rate_bpm(beats(75)) == pytest.approx(75, abs=0.5)
    assert metrics.score_page(beats(75), beats(60)).heart_rate_error_bpm == pytest.approx(15, abs=1)
    assert metrics.score_page(beats(75), None).heart_rate_error_bpm == pytest.approx(75, abs=0.5)
