"""How well R peaks, heart rates and waves are found, on annotated recordings."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypedDict

import numpy as np
import wfdb
from tqdm import tqdm

from classify.evaluation.wave_benchmark import WavesTable, waves_markdown, waves_table
from classify.features.beat_evidence import Evidence
from ecg.formats import read, write_text
from ecg.markdown import table
from ecg.record import Record
from ecg.signal.beats import r_peaks, r_peaks_simple

TOLERANCE_S = 0.075  # half the window of ANSI/AAMI EC57
WINDOW_S = 10.0
RATES_HZ = (100.0, 250.0, 360.0, 1000.0)
_WITHIN_BPM = 1.0
AVERAGES: Mapping[str, Callable[[np.ndarray], np.floating]] = {"mean": np.mean, "median": np.median}
_BEATS = frozenset("NLRBAaJSVrFejnE/fQ?")
_FLUTTER_S = 0.5  # this near to ventricular flutter no beats are annotated


class PeakFigures(TypedDict):
    """Sensitivity and positive predictive value of a detector, with their counts."""

    sensitivity: float
    ppv: float
    beats: int
    missed: int
    extra: int


class RateFigures(TypedDict):
    """The share of windows whose heart rate is right, by average and by sampling rate."""

    windows: int
    within_1_bpm: dict[str, dict[str, float]]


class Benchmark(TypedDict):
    """All figures of `benchmark`."""

    r_peaks: dict[str, PeakFigures]
    heart_rate: RateFigures
    waves: WavesTable


def report(data: Path, windows: int = 30, output: Path | None = None) -> str:
    """The tables of `benchmark`; the figures also as JSON in the file `output`."""
    result = benchmark(data, windows)
    if output:
        write_text(output, json.dumps(result, indent=2) + "\n")
    return as_markdown(result)


def benchmark(data: Path, windows: int = 30) -> Benchmark:
    """R peaks and heart rate on the 48 MIT-BIH records (`windows` of ten seconds from each), waves on LUDB's 200."""
    records = sorted((data / "mitdb").glob("*.hea"))
    if not records:
        raise FileNotFoundError(f"{data / 'mitdb'}: no MIT-BIH records (*.hea) here")
    return {
        "r_peaks": r_peaks_table(records),
        "heart_rate": heart_rate_table(records, windows),
        "waves": waves_table(data / "ludb" / "orig" / "data"),
    }


def r_peaks_table(records: Sequence[Path]) -> dict[str, PeakFigures]:
    """Sensitivity and positive predictive value of each detector within 75 ms, over whole records, flutter left out."""
    detectors: Mapping[str, Callable[[Record], np.ndarray]] = {
        "default": r_peaks,
        "simple": lambda record: r_peaks_simple(record.signal_mv[_main_lead(record)], record.fs_hz),
    }
    counts = {name: np.zeros(3, int) for name in detectors}
    for path in tqdm(records, desc="R peaks", file=sys.stderr, disable=not sys.stderr.isatty()):
        record, (beats_s, flutter_s) = read(path), annotated(path)
        for name, detect in detectors.items():
            found_s = without(detect(record) / record.fs_hz, flutter_s)
            counts[name] += matched(found_s, beats_s), beats_s.size, found_s.size
    return {name: _rates(*map(int, each)) for name, each in counts.items()}


def heart_rate_table(records: Sequence[Path], windows: int) -> RateFigures:
    """How often the heart rate of ten seconds lies within 1 bpm of the annotated one, at the own and at other rates.

    Once as 60 over the mean interval, as the feature does, once over the median one.
    """
    rates = {"own": None, **{f"{rate:g}": rate for rate in RATES_HZ}}
    errors: dict[str, dict[str, list[float]]] = {how: {name: [] for name in rates} for how in AVERAGES}
    for path in tqdm(records, desc="heart rates", file=sys.stderr, disable=not sys.stderr.isatty()):
        record = read(path)
        for start_s, true_s in _windows(record, *annotated(path), windows):
            window = record.crop(start_s, WINDOW_S)
            for name, rate_hz in rates.items():
                found_s = intervals_s(window.resample(rate_hz) if rate_hz else window)
                for how, average in AVERAGES.items():
                    error_bpm = 60 / average(found_s) - 60 / average(true_s) if found_s.size else np.nan
                    errors[how][name].append(float(error_bpm))
    shares = {how: {name: _share(values) for name, values in by_rate.items()} for how, by_rate in errors.items()}
    return {"windows": len(errors["mean"]["own"]), "within_1_bpm": shares}


def _windows(
    record: Record, beats_s: np.ndarray, flutter_s: np.ndarray, count: int
) -> Iterator[tuple[float, np.ndarray]]:
    """(start, annotated intervals) of windows spread over a record; none with flutter or with under three beats."""
    for start_s in np.linspace(5, record.duration_s - WINDOW_S - 5, count).tolist():
        true_s = np.diff(beats_s[(beats_s >= start_s) & (beats_s < start_s + WINDOW_S)])
        middle_s = start_s + WINDOW_S / 2
        if true_s.size >= 2 and not (np.abs(flutter_s - middle_s) < WINDOW_S / 2 + _FLUTTER_S).any():
            yield start_s, true_s


def intervals_s(record: Record) -> np.ndarray:
    return Evidence(record).rr_s


def annotated(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Seconds of the annotated beats, and of the marks of ventricular flutter."""
    name = str(path.with_suffix(""))
    marks, fs_hz = wfdb.rdann(name, "atr"), wfdb.rdheader(name).fs
    seconds, codes = np.asarray(marks.sample) / fs_hz, np.array(marks.symbol)
    return seconds[np.isin(codes, list(_BEATS))], seconds[np.isin(codes, list("[!]"))]


def without(found_s: np.ndarray, flutter_s: np.ndarray) -> np.ndarray:
    if not flutter_s.size or not found_s.size:
        return found_s
    return found_s[np.abs(found_s[:, None] - flutter_s).min(1) > _FLUTTER_S]


def matched(found_s: np.ndarray, truth_s: np.ndarray, tolerance_s: float = TOLERANCE_S) -> int:
    """How many true beats have a found one of their own within the tolerance; both in order of time."""
    hits = i = j = 0
    while i < len(truth_s) and j < len(found_s):
        if abs(found_s[j] - truth_s[i]) <= tolerance_s:
            hits, i, j = hits + 1, i + 1, j + 1
        elif found_s[j] < truth_s[i]:
            j += 1
        else:
            i += 1
    return hits


def _main_lead(record: Record) -> int:
    return record.leads.index("II") if "II" in record.leads else 0


def _rates(hits: int, true: int, found: int) -> PeakFigures:
    return {
        "sensitivity": hits / true,
        "ppv": hits / found,
        "beats": true,
        "missed": true - hits,
        "extra": found - hits,
    }


def _share(errors_bpm: Sequence[float]) -> float:
    return float(np.mean(np.abs(errors_bpm) <= _WITHIN_BPM))


def as_markdown(result: Benchmark) -> str:
    """The figures as tables for people."""
    peaks = [
        [name, f"{f['sensitivity']:.2%}", f"{f['ppv']:.2%}", str(f["beats"]), str(f["missed"]), str(f["extra"])]
        for name, f in result["r_peaks"].items()
    ]
    rate = result["heart_rate"]
    rates = next(iter(rate["within_1_bpm"].values()))
    shares = [
        [f"{how} interval", *(f"{share:.1%}" for share in by_rate.values())]
        for how, by_rate in rate["within_1_bpm"].items()
    ]
    return "\n\n".join((
        "R peaks, 48 MIT-BIH records, within 75 ms",
        table(["detector", "Se", "PPV", "beats", "missed", "extra"], peaks),
        f"Heart rate within 1 bpm, {rate['windows']} windows of 10 s, by sampling rate in Hz",
        table(["60 over the", *rates], shares),
        waves_markdown(result["waves"]),
    ))  # fmt: skip
