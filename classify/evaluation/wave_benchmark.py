"""Waves against cardiologists on LUDB: the own delineation, and neurokit2's where it is installed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TypedDict

import numpy as np
import wfdb
from tqdm import tqdm

from ecg.formats import read
from ecg.markdown import table
from ecg.record import Record
from ecg.signal.delineate import delineate

WAVES = {"P": "p", "QRS": "N", "T": "t"}
EDGES = ("onset", "peak", "end")


@dataclass(frozen=True)
class MatchLimits:
    """How found waves are matched to the cardiologists' marks; set by judgement."""

    match_s: float = (
        0.15  # a found peak within this of a marked one is that wave: wider than any error of a right detection
    )
    leads_agree_s: float = 0.1  # marks of several leads this near each other are of one wave
    margin_s: float = 0.2  # beyond the first and last mark waves are not counted: beats at the ends are marked in part


LIMITS = MatchLimits()
Found = Mapping[str, np.ndarray]  # wave -> seconds [beat, (onset, peak, end)]
Method = Callable[[Record], Found]
Match = tuple[int, np.ndarray, int, int, int]  # record number, errors in ms [match, 3], matched, true, found


class WaveFigures(TypedDict):
    """Mean and SD of the error by edge in ms, sensitivity, predictive value, and how many waves were marked."""

    ms: dict[str, list[float]]
    sensitivity: float
    ppv: float
    waves: int


WavesTable = dict[str, dict[str, dict[str, WaveFigures]]]  # part of the records -> method -> wave


def waves_table(folder: Path) -> WavesTable:
    """Error in ms (mean, SD), sensitivity and predictive value per wave; all records, and the even-numbered ones.

    Thresholds were chosen on odd-numbered records, the mixing of leads was compared on even-numbered ones. Lead II is
    judged by its own marks; the twelve leads together by the median of the leads' marks of each beat.
    """
    methods = _methods()
    rows: dict[str, dict[str, list[Match]]] = {name: {wave: [] for wave in WAVES} for name in methods}
    numbers = sorted(int(path.stem) for path in folder.glob("*.hea"))
    if not numbers:
        raise FileNotFoundError(f"{folder}: no LUDB records (*.hea) here")
    for number in tqdm(numbers, desc="waves", file=sys.stderr, disable=not sys.stderr.isatty()):
        _match_record(folder / f"{number}.hea", number, methods, rows)
    out = {}
    for part, keep in (("all records", (0, 1)), ("even-numbered", (0,))):
        out[part] = {name: {w: _figures([row for row in waves[w] if row[0] % 2 in keep]) for w in WAVES}
                     for name, waves in rows.items()}  # fmt: skip
    return out


def _methods() -> dict[str, Method]:
    methods: dict[str, Method] = {
        "galvano, lead II": lambda record: own(record.select(["II"])),
        "galvano, 12 leads": own,
    }
    if find_spec("neurokit2"):
        for method in ("dwt", "prominence"):
            methods[f"neurokit2 {method}, lead II"] = partial(neurokit, method=method)
    else:
        print("neurokit2 is not installed: its columns are left out", file=sys.stderr)
    return methods


def _match_record(
    path: Path, number: int, methods: Mapping[str, Method], rows: Mapping[str, Mapping[str, list[Match]]]
) -> None:
    record = read(path)
    by_lead = {lead: marks(path, lead) for lead in record.leads}
    truth = {"II": by_lead["II"], "all": agreed(by_lead)}
    for name, method in methods.items():
        found = method(record)
        for wave in WAVES:
            true = truth["II" if "lead II" in name else "all"][wave]
            rows[name][wave].append((number, *compare(found[wave], true, by_lead["II"]["QRS"])))


def own(record: Record) -> Found:
    w = delineate(record)
    return {
        "P": np.stack([w.p_on_s, w.p_peak_s, w.p_off_s], 1),
        "QRS": np.stack([w.qrs_on_s, w.r_s, w.qrs_off_s], 1),
        "T": np.stack([w.t_on_s, w.t_peak_s, w.t_off_s], 1),
    }


def neurokit(record: Record, method: str) -> Found:
    """neurokit2's cleaning, R peaks and one of its delineations of lead II (Makowski et al., 2021)."""
    import neurokit2 as nk

    fs_hz = int(record.fs_hz)
    clean = nk.ecg_clean(record["II"].astype(float), sampling_rate=fs_hz)
    peaks = nk.ecg_peaks(clean, sampling_rate=fs_hz)[1]["ECG_R_Peaks"]
    try:
        found = nk.ecg_delineate(clean, peaks, sampling_rate=fs_hz, method=method)[1]
    except (ValueError, IndexError, ZeroDivisionError):  # it fails on records with few beats
        found = {}
    nothing = np.full(len(peaks), np.nan)
    names = {"P": "P", "QRS": "R", "T": "T"}
    out = {}
    for wave, short in names.items():
        middle = peaks if wave == "QRS" else found.get(f"ECG_{short}_Peaks", nothing)
        edges = (found.get(f"ECG_{short}_Onsets", nothing), middle, found.get(f"ECG_{short}_Offsets", nothing))
        out[wave] = np.stack([np.asarray(each, float) for each in edges], 1) / record.fs_hz
    return out


def marks(path: Path, lead: str) -> Found:
    """The cardiologists' marks in one lead; NaN for an edge that was not marked."""
    drawn = wfdb.rdann(str(path.with_suffix("")), lead.lower())
    fs_hz = wfdb.rdheader(str(path.with_suffix(""))).fs
    out: dict[str, list[tuple[float, ...]]] = {wave: [] for wave in WAVES}
    steps = [(None, np.nan), *zip(drawn.symbol, drawn.sample / fs_hz, strict=True), (None, np.nan)]
    for (before, on), (code, peak), (after, off) in zip(steps[:-2], steps[1:-1], steps[2:], strict=True):
        for wave, symbol in WAVES.items():
            if code == symbol:
                out[wave].append((on if before == "(" else np.nan, peak, off if after == ")" else np.nan))
    return {wave: np.array(each, float).reshape(-1, 3) for wave, each in out.items()}


def agreed(by_lead: Mapping[str, Found]) -> Found:
    """The median over the leads of the marks of every wave that lead II has."""
    out = {}
    for wave in WAVES:
        rows = []
        for peak in by_lead["II"][wave][:, 1]:
            near = [own[wave][np.abs(own[wave][:, 1] - peak).argmin()] for own in by_lead.values() if len(own[wave])]
            close = np.array([row for row in near if abs(row[1] - peak) < LIMITS.leads_agree_s])
            rows.append([np.median(edge[np.isfinite(edge)]) if np.isfinite(edge).any() else np.nan for edge in close.T])
        out[wave] = np.array(rows, float).reshape(-1, 3)
    return out


def compare(found: np.ndarray, true: np.ndarray, beats: np.ndarray) -> tuple[np.ndarray, int, int, int]:
    """(errors in ms [match, 3], matched, true, found) from the first to the last mark; of a beat when no wave is."""
    marked = true if len(true) else beats
    if not len(marked):
        return np.empty((0, 3)), 0, 0, 0
    inside = (found[:, 1] > marked[0, 1] - LIMITS.margin_s) & (found[:, 1] < marked[-1, 1] + LIMITS.margin_s)
    found = found[inside & np.isfinite(found[:, 1])]
    if not len(found):
        return np.empty((0, 3)), 0, len(true), 0
    nearest = [found[np.abs(found[:, 1] - peak).argmin()] for peak in true[:, 1]]
    errors = np.array(nearest, float).reshape(-1, 3) - true
    errors = errors[np.abs(errors[:, 1]) <= LIMITS.match_s] * 1000
    return errors, len(errors), len(true), len(found)


def _figures(rows: Sequence[Match]) -> WaveFigures:
    errors = np.concatenate([row[1] for row in rows])
    hits, true, found = (sum(counts) for counts in zip(*(row[2:] for row in rows), strict=True))
    edges = {edge: [round(float(f(errors[:, k])), 1) for f in (np.nanmean, np.nanstd)] for k, edge in enumerate(EDGES)}
    return {"ms": edges, "sensitivity": hits / true, "ppv": hits / max(found, 1), "waves": true}


def waves_markdown(waves: WavesTable) -> str:
    """The figures as tables for people."""
    head = ["method", "wave", "onset", "peak", "end", "Se", "PPV", "waves"]
    lines: list[str] = []
    for part, methods in waves.items():
        cells = [
            [name, wave, *("{:.1f} ± {:.1f}".format(*f["ms"][edge]) for edge in EDGES),
             f"{f['sensitivity']:.1%}", f"{f['ppv']:.1%}", str(f["waves"])]
            for name, by_wave in methods.items()
            for wave, f in by_wave.items()
        ]  # fmt: skip
        lines += [f"Waves, LUDB, {part}: error in ms, mean ± SD", "", table(head, cells), ""]
    return "\n".join(lines)
