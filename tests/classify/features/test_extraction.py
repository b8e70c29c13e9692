"""The core features on signals whose truth is known: mV, ms and the true rate."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from classify.features import ALL, NAMES, SIXTEEN, core_features, for_network, measure
from classify.features.__main__ import main
from classify.features.catalog import BEAT_FEATURES, EVERY
from classify.features.core import band_power_ms2
from ecg.formats import write
from ecg.leads import STANDARD
from ecg.record import Record
from simulate.heart import synthetic_record


def spikes(beats_s: np.ndarray, fs_hz: float = 500.0, leads: tuple[str, ...] = ("II",)) -> Record:
    """Narrow Gaussian beats of 1 mV at the given times."""
    time_s = np.arange(round(10 * fs_hz)) / fs_hz
    wave = np.exp(-0.5 * ((time_s[:, None] - beats_s) / 0.012) ** 2).sum(1)
    return Record(np.stack([wave] * len(leads)), fs_hz, leads)


def named(record: Record) -> dict[str, float]:
    return dict(zip(NAMES, core_features(record).tolist(), strict=True))


def test_heart_rate_and_its_variation_are_those_of_the_beats() -> None:
    rr_s = np.array([0.8, 0.84, 0.76, 0.82, 0.78, 0.86, 0.74, 0.8, 0.83, 0.77])
    got = named(spikes(0.5 + np.concatenate(([0], np.cumsum(rr_s)))))
    assert got["heart_rate_bpm"] == pytest.approx(60 / np.mean(rr_s), rel=0.01)
    assert got["sdnn_ms"] == pytest.approx(1000 * rr_s.std(ddof=1), rel=0.08)
    assert got["rmssd_ms"] == pytest.approx(1000 * np.sqrt((np.diff(rr_s) ** 2).mean()), rel=0.08)
    assert got["rr_cv"] == pytest.approx(rr_s.std(ddof=1) / rr_s.mean(), rel=0.08)


@pytest.mark.parametrize("fs_hz", [100.0, 250.0, 360.0, 1000.0])
def test_the_rate_of_the_recording_does_not_change_the_heart_rate(fs_hz: float) -> None:
    assert named(spikes(np.arange(0.4, 9.9, 0.9), fs_hz))["heart_rate_bpm"] == pytest.approx(60 / 0.9, rel=0.02)


def test_the_distribution_is_in_mv() -> None:
    record = spikes(np.arange(0.5, 9.9, 0.8))
    values = record["II"].astype(float)
    got = named(record)
    assert got["mean_mv"] == pytest.approx(values.mean(), rel=1e-4)
    assert got["std_mv"] == pytest.approx(values.std(), rel=1e-4)
    assert got["skewness"] == pytest.approx(stats.skew(values), rel=1e-3)
    assert got["kurtosis"] == pytest.approx(stats.kurtosis(values, fisher=False), rel=1e-3)


def test_missing_evidence_is_nan_and_never_a_usual_value() -> None:
    got = core_features(Record(np.full((12, 5000), np.nan), 500, STANDARD))
    assert np.isnan(got).all()
    assert (for_network(got) == 0).all()
    short = spikes(np.arange(0.5, 9.9, 0.8)).crop(0.3, 1.2)
    assert np.isnan(core_features(short)).all()
    without = named(Record(spikes(np.arange(0.5, 9.9, 0.8)).signal_mv, 500, ("V1",)))
    assert np.isnan(without["mean_mv"])
    assert without["heart_rate_bpm"] == pytest.approx(75, rel=0.02)


def test_a_short_lead_ii_leaves_the_rhythm_to_the_long_lead() -> None:
    record = spikes(np.arange(0.5, 9.9, 0.7), leads=("II", "V1"))
    signal = record.signal_mv.copy()
    signal[0, 1250:] = np.nan
    got = named(Record(signal, 500, record.leads))
    assert got["heart_rate_bpm"] == pytest.approx(60 / 0.7, rel=0.02)
    assert got["sdnn_ms"] < 5


def test_no_interval_spans_an_unprinted_stretch() -> None:
    record = spikes(np.arange(0.5, 9.9, 0.8))
    signal = record.signal_mv.copy()
    signal[:, 2500:3000] = np.nan
    assert named(Record(signal, 500, ("II",)))["sdnn_ms"] < 5


@pytest.mark.parametrize(("rhythm", "bpm"), [("SR", 72.0), ("STACH", 130.0), ("SBRAD", 45.0)])
def test_heart_rate_of_a_simulated_heart(rhythm: str, bpm: float) -> None:
    record = synthetic_record(11, rhythm, heart_rate_bpm=bpm, conditions=(), noise={})
    assert named(record)["heart_rate_bpm"] == pytest.approx(bpm, rel=0.06)


def beating(fs_hz: float = 500.0, axis_deg: float = 40.0, st_mv: float = 0.0, bpm: float = 75.0) -> Record:
    """P, QRS and T of a dipole at one angle in the frontal plane, on the simplest of hearts."""
    time_s = np.arange(round(10 * fs_hz)) / fs_hz
    one = np.zeros(time_s.size)
    for r_s in np.arange(0.6, 9.6, 60 / bpm):
        for after_s, width_s, mv in ((-0.16, 0.018, 0.15), (0, 0.012, 1.0), (0.28, 0.045, 0.3)):
            one += mv * np.exp(-0.5 * ((time_s - r_s - after_s) / width_s) ** 2)
        one += st_mv * ((time_s > r_s + 0.05) & (time_s < r_s + 0.4))
    angles = {"I": 0, "II": 60, "III": 120, "aVR": -150, "aVL": -30, "aVF": 90}
    gain = {name: np.cos(np.radians(axis_deg - at)) for name, at in angles.items()}
    gain |= {name: gain[name] * np.sqrt(3) / 2 for name in ("aVR", "aVL", "aVF")} | {f"V{k}": 0.4 for k in range(1, 7)}
    return Record(np.stack([gain[name] * one for name in STANDARD]), fs_hz, STANDARD)


def everything(record: Record) -> dict[str, float]:
    return dict(zip(ALL, measure(record).tolist(), strict=True))


def test_intervals_and_amplitudes_of_a_simple_heart() -> None:
    got = everything(beating(axis_deg=60))
    assert got["pr_ms"] == pytest.approx(160 + 2.2 * 18 - 2.5 * 12, abs=25)
    assert got["qrs_ms"] == pytest.approx(5 * 12, abs=25)
    assert got["qt_ms"] == pytest.approx(280 + 2 * 45 + 2.5 * 12, abs=30)
    assert got["qtc_bazett_ms"] == pytest.approx(got["qt_ms"] / np.sqrt(0.8), rel=0.01)
    assert got["qtc_fridericia_ms"] == pytest.approx(got["qt_ms"] / np.cbrt(0.8), rel=0.01)
    assert got["p_mv"] == pytest.approx(0.15, abs=0.03)
    assert got["t_mv"] == pytest.approx(0.3, abs=0.03)
    assert got["qrs_mv"] == pytest.approx(1.0, abs=0.05)
    assert got["beat_likeness"] > 0.98


@pytest.mark.parametrize("fs_hz", [100.0, 250.0, 360.0, 1000.0])
def test_no_feature_depends_on_the_rate(fs_hz: float) -> None:
    at_500, other = everything(beating()), everything(beating(fs_hz))
    for name in ("heart_rate_bpm", "pr_ms", "qrs_ms", "qt_ms", "p_ms", "t_ms"):
        assert other[name] == pytest.approx(at_500[name], abs=12), name
    for name in ("std_mv", "p_mv", "t_mv", "qrs_mv", "st_II_mv", "axis_deg", "power_5_15", "zero_crossings_per_s"):
        assert other[name] == pytest.approx(at_500[name], abs=0.06, rel=0.08), name


@pytest.mark.parametrize("axis", [-150.0, -60.0, 0.0, 45.0, 90.0, 150.0])
def test_the_axis_is_that_of_the_dipole_with_twelve_leads_or_with_two(axis: float) -> None:
    assert everything(beating(axis_deg=axis))["axis_deg"] == pytest.approx(axis, abs=3)
    assert everything(beating(axis_deg=axis).select(("I", "II")))["axis_deg"] == pytest.approx(axis, abs=3)


@pytest.mark.parametrize("level", [-0.2, 0.0, 0.3])
def test_st_levels_are_in_mv_from_the_level_before_the_qrs(level: float) -> None:
    plain, raised = (everything(beating(axis_deg=60, st_mv=mv)) for mv in (0.0, level))
    assert raised["st_II_mv"] - plain["st_II_mv"] == pytest.approx(level, abs=0.04)
    assert raised["st_aVR_mv"] - plain["st_aVR_mv"] == pytest.approx(-0.5 * np.sqrt(3) * level, abs=0.04)
    shifted = beating(axis_deg=60, st_mv=level)
    shifted = Record(shifted.signal_mv + 0.5, 500, STANDARD)
    assert everything(shifted)["st_II_mv"] == pytest.approx(raised["st_II_mv"], abs=1e-3)


def test_without_p_waves_there_is_no_pr() -> None:
    record = synthetic_record(3, "AFIB", heart_rate_bpm=90, conditions=(), noise={})
    got = everything(record)
    assert np.isnan([got["p_ms"], got["pr_ms"], got["p_mv"]]).all()
    assert got["qrs_ms"] > 50


def test_slow_rhythms_of_the_heart_rate_need_time() -> None:
    def series(seconds: float) -> np.ndarray:
        at_s, out = 0.0, []
        while at_s < seconds:
            out.append(0.8 + 0.04 * np.sin(2 * np.pi * 0.25 * at_s))
            at_s += out[-1]
        return np.array(out)

    assert np.isnan(band_power_ms2(series(10), (0.04, 0.15)))
    assert band_power_ms2(series(120), (0.15, 0.4)) == pytest.approx(40**2 / 2, rel=0.2)
    assert band_power_ms2(series(120), (0.04, 0.15)) < 80


def test_hum_is_noise_only_where_the_rate_can_hold_it() -> None:
    record = beating(1000)
    hum = 0.1 * np.sin(2 * np.pi * 60 * record.time_s)
    loud = Record(record.signal_mv + hum, 1000, STANDARD)
    assert everything(loud)["noise"] > 10 * everything(record)["noise"]
    assert np.isnan(everything(beating(100))["noise"])


def test_a_flat_lead_and_swapped_leads_show_in_the_quality() -> None:
    record = beating()
    signal = record.signal_mv.copy()
    signal[8] = 0.3
    assert everything(Record(signal, 500, STANDARD))["flat_share"] > everything(record)["flat_share"] + 0.05
    swapped = Record(record.signal_mv, 500, ("II", "I", *STANDARD[2:]))
    assert everything(record)["limb_residual_mv"] < 1e-3 < 0.02 < everything(swapped)["limb_residual_mv"]


def test_a_page_of_short_leads_has_features_of_every_kind() -> None:
    record = synthetic_record(4, "SR", heart_rate_bpm=72, conditions=(), noise={})
    whole, signal = everything(record), record.signal_mv.copy()
    for lead in range(12):
        if lead != 1:
            outside = np.arange(signal.shape[1]) // (signal.shape[1] // 4) != lead // 3
            signal[lead, outside] = np.nan
    page = everything(Record(signal, record.fs_hz, STANDARD))
    for name in ("qrs_ms", "qt_ms", "pr_ms"):
        assert page[name] == pytest.approx(whole[name], abs=30), name
    for name in ("st_V2_mv", "axis_deg", "sokolow_mv"):
        assert page[name] == pytest.approx(whole[name], abs=0.1, rel=0.25), name


def test_nothing_is_nan_throughout() -> None:
    assert np.isnan(measure(Record(np.full((12, 5000), np.nan), 500, STANDARD))).all()
    flat = everything(Record(np.zeros((12, 5000)), 500, STANDARD))
    known = {name for name, value in flat.items() if value == value}
    assert known == {"flat_share", "limb_residual_mv"}


def test_a_name_that_is_no_feature() -> None:
    with pytest.raises(ValueError, match="unknown feature pulse"):
        measure(beating(), ["pulse"])


def test_the_command_writes_a_row_per_record_and_names_a_bad_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(beating(), tmp_path / "in" / "good.hea")
    (tmp_path / "in" / "bad.hea").write_text("nonsense")
    arguments = ["--input", str(tmp_path / "in"), "--output", str(tmp_path / "features.csv")]
    assert main([*arguments, "--set", "sixteen"]) == 1
    said = capsys.readouterr().err
    assert "bad.hea" in said and "warning" not in said
    (row,) = csv.DictReader((tmp_path / "features.csv").open())
    assert tuple(row) == ("record", *SIXTEEN)
    assert row["record"].endswith("good.hea")
    assert float(row["heart_rate_bpm"]) == pytest.approx(75, rel=0.01)
    assert row["log_lf"] == ""
    microvolts = Record(beating(axis_deg=60).select(["II"]).signal_mv * 30, 500, ("II",))
    write(microvolts, tmp_path / "loud.hea")
    assert main(["--input", str(tmp_path / "loud.hea"), "--output", str(tmp_path / "loud.csv")]) == 0
    assert "mV: the values look like uV or raw counts" in capsys.readouterr().err
    assert main(["--input", str(tmp_path / "nothing*.hea"), "--output", str(tmp_path / "x.csv")]) == 1
    assert "no recording found" in capsys.readouterr().err


def test_every_feature_says_its_unit_and_scale() -> None:
    assert (len(NAMES), len(SIXTEEN)) == (8, 16)
    assert len(set(ALL)) == len(ALL)
    for info in (*EVERY, *BEAT_FEATURES):
        assert info.spread > 0 and (info.normal is None or info.normal[0] < info.normal[1])
        assert info.unit or not info.name.endswith(("_mv", "_ms", "_s", "_hz", "_deg"))


def test_the_page_on_features_tells_each_with_its_unit_and_range() -> None:
    rows = Path(__file__).parents[3].joinpath("docs", "features.md").read_text(encoding="utf-8").splitlines()
    for info in (*EVERY, *BEAT_FEATURES):
        usual = "" if info.normal is None else "{:g} to {:g}".format(*info.normal)
        assert f"| `{info.name}` | {info.unit or '-'} | {usual} | {info.title} |" in rows


@settings(max_examples=20)
@given(seed=st.integers(0, 10**6), fs_hz=st.sampled_from([50.0, 128.0, 500.0, 1000.0]), seconds=st.floats(0.01, 12))
def test_whatever_comes_there_is_an_answer_without_infinity(seed: int, fs_hz: float, seconds: float) -> None:
    rng = np.random.default_rng(seed)
    leads = STANDARD[: rng.integers(1, 13)]
    signal = rng.normal(0, rng.choice([0, 0.01, 1]), (len(leads), round(seconds * fs_hz)))
    signal[rng.random(len(leads)) < 0.3, signal.shape[1] // 3 :] = np.nan
    assert not np.isinf(measure(Record(signal, fs_hz, leads))).any()
