"""What the confidence is worth: the error of the samples of which the digitizer was more or less sure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from digitize.align import height_mv, printed_leads
from digitize.metrics import KAGGLE_SHIFT_S
from ecg.leads import STANDARD
from ecg.reading import Reading
from ecg.record import Record

EDGES = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 1.0)


@dataclass(frozen=True, eq=False)
class Certainty:
    """Samples and their squared errors in mV², summed per step of confidence between `EDGES` [step]."""

    samples: np.ndarray
    squares: np.ndarray


def certainty(truth: Record, reading: Reading) -> Certainty:
    """The read samples of one page by their confidence, each lead laid over the truth first."""
    samples, squares = np.zeros((2, len(EDGES) - 1))
    sure = printed_leads(truth, sample_confidence(reading))
    for lead, confidence in zip(printed_leads(truth, reading.record), sure, strict=True):
        lag = lead.lag(KAGGLE_SHIFT_S)
        read = lead.moved(lead.read, lag)
        wanted = lead.truth[lead.printed]
        error = wanted - read - height_mv(wanted, read)
        known = np.isfinite(error)
        step = np.searchsorted(EDGES, confidence.moved(confidence.read, lag)[known], side="left").clip(1, len(samples))
        samples += np.bincount(step - 1, minlength=len(samples))
        squares += np.bincount(step - 1, error[known] ** 2, minlength=len(samples))
    return Certainty(samples, squares)


def sample_confidence(reading: Reading) -> Record:
    """The confidence 0..1 of every sample on the page's time line, shaped like the reading's record; 0 where hidden."""
    record = reading.record
    sure = np.full((len(STANDARD), record.samples), np.nan)
    pairs = zip(reading.layout.boxes, reading.traces, strict=True)
    for box, trace in sorted(
        pairs, key=lambda pair: pair[0].t0_s - pair[0].t1_s
    ):  # the longest counts, as in the record
        time_s, _ = trace.to_signal(reading.geometry, reading.layout, box)
        seen = np.isfinite(time_s) & np.isfinite(trace.y_px)
        inside = (record.time_s >= box.t0_s - 1e-9) & (record.time_s < box.t1_s - 1e-9)
        row = sure[STANDARD.index(box.lead.removeprefix("-"))]
        fill = inside & np.isnan(row)
        if seen.any():
            row[fill] = np.interp(record.time_s[fill], time_s[seen], trace.confidence[seen])
    return Record(sure, record.fs_hz, STANDARD, record.start_s)


def pooled(pages: Sequence[Certainty]) -> list[dict[str, object]]:
    """For each step of confidence that occurs: its ends, its share of all samples, and their error in µV."""
    samples, squares = (
        sum((getattr(page, name) for page in pages), np.zeros(len(EDGES) - 1)) for name in ("samples", "squares")
    )
    return [
        {
            "confidence": [EDGES[i], EDGES[i + 1]],
            "share": float(samples[i] / samples.sum()),
            "rmse_uv": float(1000 * np.sqrt(squares[i] / samples[i])),
        }
        for i in np.flatnonzero(samples)
    ]
