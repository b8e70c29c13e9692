"""Every beat of long recordings: a table with times and classes, a JSON with the counts, and a strip to look at."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from classify.batch import Case
from classify.beat_classifier import BeatClassifier, Beats
from classify.report.figures import save_png
from ecg.files import csv_text, named, write_text
from ecg.record import Record

ENDINGS = (".beats.csv", ".beats.json", ".beats.png")
_ROW_S, _ROWS = 10.0, 8
_COLOURS = {"N": "0.4", "S": "C0", "V": "C3", "F": "C1", "Q": "C4"}


def infer_beats(cases: Iterable[Case], classifier: BeatClassifier, folder: Path) -> int:
    """Write `<name>.beats.csv`, `.beats.json` and `.beats.png` for every recording; 1 if any failed, else 0."""
    done = failed = 0
    for case in cases:
        try:
            if case.record is None:
                raise ValueError(case.error)
            record = case.first()
            beats = classifier(record)
            write_beats(record, beats, folder, case.name, case.place)
        except Exception as error:  # one file that hits a bug must not cost the rest of the batch
            failed += 1
            print(f"error: {named(error, case.source)}", file=sys.stderr, flush=True)
            continue
        done += 1
        counted = ", ".join(f"{count} {name}" for name, count in beats.counts().items() if count)
        lines = [f"{case.name} <- {case.place}: {len(beats.times_s)} beats: {counted}"]
        print("\n".join([*lines, *(f"  note: {words}" for words in beats.warnings)]), flush=True)
    print(f"beats of {done} of {done + failed} recordings; all in {folder}", file=sys.stderr)
    return int(failed > 0)


def write_beats(record: Record, beats: Beats, folder: Path, name: str, source: str = "") -> None:
    """The table, the counts and the strip of one recording; `source` is its file."""
    found_beats = zip(beats.times_s.tolist(), beats.classes, beats.probability.tolist(), strict=True)
    rows = [
        {"beat": number, "time_s": f"{time:.3f}", "class": label}
        | {f"p_{one}": f"{p:.4f}" for one, p in zip(beats.names, row, strict=True)}
        for number, (time, label, row) in enumerate(found_beats, start=1)
    ]
    write_text(folder / f"{name}.beats.csv", csv_text(rows))
    found = {
        "source": source, "beats": len(rows), "counts": beats.counts(), "weights": beats.weights,
        "warnings": list(beats.warnings),
    }  # fmt: skip
    write_text(folder / f"{name}.beats.json", json.dumps(found, indent=2) + "\n")
    save_png(strip(record, beats, name), folder / f"{name}.beats.png")


def strip(record: Record, beats: Beats, name: str) -> Figure:
    """Up to eight rows of ten seconds from the first beat on that is not normal, each beat with its class."""
    labels = np.array(beats.classes)
    other = beats.times_s[labels != beats.names[0]]
    latest = max(record.duration_s - _ROW_S * _ROWS, 0.0)
    first_s = float(np.clip(other[0] - _ROW_S / 2, 0, latest)) if len(other) else 0.0
    count = min(_ROWS, max(int(np.ceil((record.duration_s - first_s) / _ROW_S)), 1))
    figure = Figure(figsize=(14, 1.3 * count + 0.8), layout="constrained")
    there = [name for name in record.leads if np.isfinite(record[name]).any()]
    lead = "II" if "II" in there else there[0]
    values, time_s = record[lead], np.arange(record.samples) / record.fs_hz
    low, high = np.nanpercentile(values, [0.2, 99.8])
    above = high + 0.1 * (high - low)
    for row, view in enumerate(np.atleast_1d(figure.subplots(count, 1))):
        start_s = first_s + row * _ROW_S
        shown = (time_s >= start_s) & (time_s < start_s + _ROW_S)
        view.plot(time_s[shown], values[shown], color="0.2", linewidth=0.6)
        for at_s, label in zip(beats.times_s, labels, strict=True):
            if start_s <= at_s < start_s + _ROW_S:
                colour = _COLOURS.get(label, "k")
                view.text(at_s, above, label, color=colour, ha="center", va="bottom", fontsize=8)
        view.set(xlim=(start_s, start_s + _ROW_S), ylim=(low - 0.1, high + 0.45 * (high - low)), yticks=[])
        view.tick_params(labelsize=7)
    counted = ", ".join(f"{value} {key}" for key, value in beats.counts().items())
    figure.suptitle(f"{name}, lead {lead}, from {first_s:.0f} s of {record.duration_s:.0f} s; all beats: {counted}")
    return figure
