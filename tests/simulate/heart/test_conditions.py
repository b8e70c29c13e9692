"""Synthetic hearts at the bedside: what a cardiologist would look for in each label is there."""

from itertools import pairwise

import numpy as np
import pytest

from ecg.record import Record
from simulate.heart import synthetic_record

SEEDS = range(5)


def clean(seed: int, rhythm: str = "SR", *conditions: str) -> Record:
    return synthetic_record(seed, rhythm, 20.0, conditions=conditions, noise={})


def beat(record: Record, lead: str) -> np.ndarray:
    """Median beat of a lead in mV, 200 ms before to 500 ms after QRS onset, zero at the onset."""
    onsets = [round(t * record.fs_hz) for t, kind in record.meta["beats"] if kind == "N"]
    windows = [record[lead][a - 100 : a + 250] for a in onsets if 100 <= a < record.samples - 250]
    mean = np.median(windows, axis=0)
    return mean - mean[96:100].mean()


def qrs(record: Record, lead: str) -> np.ndarray:
    """The QRS of the median beat, mV."""
    return beat(record, lead)[100 : 100 + round(record.meta["qrs_ms"] / 2)]


def st_mv(record: Record, lead: str) -> float:
    """Level 60 ms after the J point."""
    return float(beat(record, lead)[100 + round(record.meta["qrs_ms"] / 2) + 30])


def axis_deg(record: Record) -> float:
    net = {lead: qrs(record, lead).max() + qrs(record, lead).min() for lead in ("I", "aVF")}
    return float(np.degrees(np.arctan2(2 / np.sqrt(3) * net["aVF"], net["I"])))


def intervals_s(record: Record, kind: str = "N") -> np.ndarray:
    return np.diff([t for t, k in record.meta["beats"] if k == kind])


def neurokit_peaks(record: Record, lead: str, detector: str) -> np.ndarray:
    """R peaks in samples, but for the first second, in which the detectors find their thresholds."""
    nk = pytest.importorskip("neurokit2")
    peaks = nk.ecg_peaks(nk.ecg_clean(record[lead].astype(float), 500), 500, method=detector)[1]["ECG_R_Peaks"]
    return peaks[peaks > 500]


def neurokit_intervals_ms(record: Record, lead: str) -> tuple[float, float, float]:
    """PR, QRS and QT as neurokit2 measures them in one lead; NaN where it finds no end of a wave."""
    nk = pytest.importorskip("neurokit2")
    peaks = neurokit_peaks(record, lead, "neurokit")
    marks = nk.ecg_delineate(record[lead].astype(float), peaks, 500, method="dwt")[1]
    p, r, j, t = (np.array(marks[f"ECG_{k}"], float) * 2 for k in ("P_Onsets", "R_Onsets", "R_Offsets", "T_Offsets"))
    pr, qrs, qt = (np.median(d[np.isfinite(d)]) if np.isfinite(d).any() else np.nan for d in (r - p, j - r, t - r))
    return pr, qrs, qt


# A rhythm, how it is measured, and what its label promises: beats per minute and the spread of RR over its mean. The
# detector that neurokit2 takes by default misses wide beats and counts tall P waves where atria beat on their own.
RATES = {
    "SR": ("neurokit", (60, 100), (0.0, 0.06)),
    "SBRAD": ("neurokit", (30, 60), (0.0, 0.06)),
    "STACH": ("neurokit", (100, 180), (0.0, 0.06)),
    "SARRH": ("neurokit", (50, 100), (0.06, 0.2)),
    "AFIB": ("neurokit", (50, 170), (0.12, 0.5)),
    "AFLT": ("neurokit", (55, 175), (0.0, 0.4)),
    "SVT": ("neurokit", (140, 220), (0.0, 0.03)),
    "VT": ("kalidas2017", (120, 220), (0.0, 0.06)),
    "JUNC": ("neurokit", (38, 70), (0.0, 0.06)),
    "1AVB": ("neurokit", (45, 100), (0.0, 0.08)),
    "3AVB": ("kalidas2017", (28, 55), (0.0, 0.06)),
    "PACE": ("kalidas2017", (50, 100), (0.0, 0.06)),
}


@pytest.mark.parametrize("rhythm", RATES)
def test_neurokit_counts_the_rate_that_the_rhythm_promises(rhythm: str) -> None:
    detector, bpm, spread = RATES[rhythm]
    for seed in (1, 3):
        record = synthetic_record(seed, rhythm, conditions=(), noise={})
        rr_ms = [2 * np.diff(neurokit_peaks(record, lead, detector)) for lead in ("V2", "V3", "V5")]
        rate = np.median([60_000 / rr.mean() for rr in rr_ms])
        assert bpm[0] <= rate <= bpm[1] and rate == pytest.approx(record.meta["heart_rate_bpm"], rel=0.1)
        assert spread[0] <= np.median([rr.std() / rr.mean() for rr in rr_ms]) <= spread[1]


# PR, QRS and QT at 60 a minute (Fridericia), ms.
INTERVALS = {
    ("SR",): ((120, 205), (70, 120), (360, 450)),
    ("SBRAD",): ((120, 215), (70, 125), (360, 450)),
    ("STACH",): ((90, 200), (70, 120), (340, 450)),
    ("1AVB",): ((200, 370), (70, 120), (360, 450)),
    ("SR", "LNGQT"): ((120, 205), (70, 120), (465, 590)),
    ("SR", "HYPERK"): ((120, 245), (75, 180), (360, 470)),
}


@pytest.mark.filterwarnings("ignore:All-NaN slice")
@pytest.mark.parametrize("case", INTERVALS)
def test_neurokit_measures_the_intervals_that_the_labels_promise(case: tuple[str, ...]) -> None:
    found, told = [], []
    for seed in (0, 3):
        record = synthetic_record(seed, case[0], conditions=case[1:], noise={})
        meta, at_60 = record.meta, np.array([1, 1, np.cbrt(record.meta["heart_rate_bpm"] / 60)])
        found.append(np.nanmedian([neurokit_intervals_ms(record, lead) for lead in ("V4", "V5")], axis=0) * at_60)
        told.append(np.array([meta["pr_ms"], meta["qrs_ms"], meta["qt_ms"]]) * at_60)
    low, high = np.transpose(INTERVALS[case])
    assert np.all(told >= low) and np.all(told <= high)
    median = np.nanmedian(found, axis=0)
    assert np.all(median > low) and np.all(median < high)
    assert np.all(np.abs(np.nanmedian(np.subtract(found, told), axis=0)) < 25)


def test_rates_and_regularity_of_the_rhythms() -> None:
    for seed in SEEDS:
        spread = {
            r: np.std(intervals_s(clean(seed, r))) / np.mean(intervals_s(clean(seed, r)))
            for r in ("SR", "SARRH", "AFIB", "SVT")
        }
        assert spread["SVT"] < 0.02 < 0.06 < spread["SARRH"]
        assert spread["SR"] < 0.04 and spread["AFIB"] > 0.1
        assert clean(seed, "SBRAD").meta["heart_rate_bpm"] < 62 and clean(seed, "STACH").meta["heart_rate_bpm"] > 98


@pytest.mark.parametrize("rhythm", ["PVC", "BIGU", "TRIGU"])
def test_the_pause_after_a_ventricular_beat_is_compensatory(rhythm: str) -> None:
    beats = clean(3, rhythm).meta["beats"]
    kinds = "".join(kind for _, kind in beats)
    around = [beats[k + 1][0] - beats[k - 1][0] for k in range(1, len(beats) - 1) if beats[k][1] == "V"]
    assert around and "VV" not in kinds
    sinus_s = np.median([b[0] - a[0] for a, b in pairwise(beats) if a[1] == b[1] == "N"] or [np.nan])
    if rhythm != "BIGU":
        assert np.median(around) == pytest.approx(2 * sinus_s, rel=0.08)
    assert {"BIGU": "NVNV", "TRIGU": "NNVNNV", "PVC": "NV"}[rhythm] in kinds


def test_premature_atrial_beats_come_early_and_are_followed_by_a_pause() -> None:
    for seed in SEEDS:
        rr_s = intervals_s(clean(seed, "PAC"))
        early = int(np.argmin(rr_s[:-1]))
        assert rr_s[early] < 0.85 * np.median(rr_s) and rr_s[early + 1] > np.median(rr_s)


def test_second_and_third_degree_blocks_drop_beats() -> None:
    for seed in SEEDS:
        for rhythm in ("2AVB_I", "2AVB_II", "3AVB"):
            meta = clean(seed, rhythm).meta
            assert meta["heart_rate_bpm"] < 0.9 * meta["atrial_rate_bpm"]


def test_bundle_branch_blocks_are_wide_and_point_the_right_way() -> None:
    for seed in SEEDS:
        right, left = clean(seed, "SR", "CRBBB"), clean(seed, "SR", "CLBBB")
        assert right.meta["qrs_ms"] >= 120 and left.meta["qrs_ms"] >= 120
        late = slice(len(qrs(right, "V1")) * 6 // 10, None)
        assert qrs(right, "V1")[late].max() > 0.2 and qrs(right, "V6")[late].min() < -0.05
        assert qrs(left, "V1").min() < -0.5 > -qrs(left, "V6").max()
        assert beat(left, "V6")[220:280].mean() < 0 < beat(left, "V1")[220:280].mean()


def test_fascicular_blocks_turn_the_axis() -> None:
    for seed in SEEDS:
        assert -100 < axis_deg(clean(seed, "SR", "LAFB")) < -25
        assert 88 < axis_deg(clean(seed, "SR", "LPFB")) < 160
    assert -20 < np.median([axis_deg(clean(seed)) for seed in range(15)]) < 75


def test_voltages_of_hypertrophy_and_of_low_voltage() -> None:
    for seed in SEEDS:
        left, right, low = (clean(seed, "SR", name) for name in ("LVH", "RVH", "LVOLT"))
        assert qrs(left, "V5").max() - qrs(left, "V1").min() > 3.0
        assert qrs(right, "V1").max() > max(0.5, -qrs(right, "V1").min())
        assert all(np.ptp(qrs(low, lead)) < 0.6 for lead in ("I", "II", "III"))


@pytest.mark.parametrize(
    ("condition", "up", "down"),
    [
        ("STE_anterior", "V3", "III"),
        ("STE_septal", "V2", "V6"),
        ("STE_inferior", "III", "aVL"),
        ("STE_lateral", "aVL", "III"),
        ("STE_anterolateral", "V4", "aVR"),
        ("STD_subendocardial", "aVR", "V5"),
        ("STD_posterior", "V6", "V2"),
        ("STD_inferior", "aVL", "III"),
        ("STD_lateral", "III", "V6"),
        ("PERI", "II", "aVR"),
    ],
)
def test_st_shifts_lie_in_their_territory(condition: str, up: str, down: str) -> None:
    for seed in SEEDS:
        plain, ill = clean(seed), clean(seed, "SR", condition)
        assert st_mv(ill, up) - st_mv(plain, up) > 0.01
        assert st_mv(ill, down) - st_mv(plain, down) < -0.01
        assert max(st_mv(ill, up) - st_mv(plain, up), st_mv(plain, down) - st_mv(ill, down)) > 0.07


@pytest.mark.parametrize(("condition", "lead"), [("IMI", "III"), ("AMI", "V2"), ("LMI", "I")])
def test_an_old_infarct_begins_with_a_q_wave(condition: str, lead: str) -> None:
    for seed in SEEDS:
        first = qrs(clean(seed, "SR", condition), lead)[: round(0.022 * 500)]
        assert first.min() < -0.06 and first.max() < 0.06


def test_paced_beats_follow_their_spikes_and_hide_the_conditions() -> None:
    for seed in SEEDS:
        record = clean(seed, "PACE", "STE_anterior")
        assert record.meta["labels"] == ["PACE"] and record.meta["qrs_ms"] > 120
        jump = np.abs(np.diff(record.signal_mv, axis=1)).max(axis=0)
        for onset_s, _ in record.meta["beats"][1:-1]:
            at = round(onset_s * 500)
            assert jump[at - 5 : at + 2].max() > 0.08
