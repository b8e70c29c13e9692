"""What the confidence is worth: the error of samples by the confidence that was stated of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import partial, reduce
from operator import add
from typing import TypedDict

import numpy as np

from digitize.evaluation.alignment import offset_mv, printed_leads
from digitize.evaluation.metrics import KAGGLE_SHIFT_S
from digitize.trace.confidence import WITHIN_MM
from ecg.leads import STANDARD
from ecg.reading import Reading
from ecg.record import Record

CONFIDENCE_EDGES = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 1.0)
_STEPS_UV = np.concatenate([[0.0], np.geomspace(1, 1e5, 121)])  # of the histogram that the percentiles are read from


class ConfidenceStep(TypedDict):
    """The samples in one range of confidence: its ends, their share of all, the mean confidence stated, the share
    within half a millimetre of the truth, and the median and 90th percentile of their |error| in µV.
    """

    confidence: list[float]
    share: float
    stated: float
    within: float
    median_uv: float
    p90_uv: float


@dataclass(frozen=True, eq=False)
class ConfidenceHistogram:
    """The read samples of one page per step of confidence between `CONFIDENCE_EDGES`.

    `samples`, `stated` (the sum of their confidences) and `within` (those within half a millimetre of the truth) are
    [step], `errors` [step, bin] counts them by |error|.
    """

    samples: np.ndarray
    stated: np.ndarray
    within: np.ndarray
    errors: np.ndarray

    def __add__(self, other: ConfidenceHistogram) -> ConfidenceHistogram:
        return ConfidenceHistogram(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


def confidence_histogram(truth: Record, reading: Reading) -> ConfidenceHistogram:
    """The samples of one page by their confidence, each lead laid over the truth first."""
    confidence, error_uv = (
        np.concatenate(parts) for parts in zip(*confidence_and_error_uv(truth, reading), strict=True)
    )
    step = np.searchsorted(CONFIDENCE_EDGES[1:-1], confidence, side="right")
    count = partial(np.bincount, step, minlength=len(CONFIDENCE_EDGES) - 1)
    within = error_uv * reading.layout.mm_per_mv <= 1000 * WITHIN_MM
    errors, *_ = np.histogram2d(step, error_uv, [np.arange(len(CONFIDENCE_EDGES)), _STEPS_UV])
    return ConfidenceHistogram(count().astype(float), count(confidence), count(within), errors)


def confidence_and_error_uv(truth: Record, reading: Reading) -> list[tuple[np.ndarray, np.ndarray]]:
    """(confidence, |error| in µV) of the samples read of every lead, moved in time and height as for the decibels."""
    pairs = []
    for lead, confidence in zip(
        printed_leads(truth, reading.record), printed_leads(truth, sample_confidence(reading)), strict=True
    ):
        lag = lead.lag(KAGGLE_SHIFT_S)
        read, wanted = lead.moved(lead.read, lag), lead.truth[lead.printed]
        error = wanted - read - offset_mv(wanted, read)
        known = np.isfinite(error)
        pairs.append((confidence.moved(confidence.read, lag)[known], 1000 * np.abs(error[known])))
    return pairs


def sample_confidence(reading: Reading) -> Record:
    """The confidence 0..1 of every sample on the page's time line, shaped like the reading's record; 0 where hidden."""
    record = reading.record
    confidence = np.full((len(STANDARD), record.samples), np.nan)
    pairs = zip(reading.layout.boxes, reading.traces, strict=True)
    for box, trace in sorted(
        pairs, key=lambda pair: pair[0].t0_s - pair[0].t1_s
    ):  # the longest counts, as in the record
        time_s, _ = trace.to_signal(reading.geometry, reading.layout, box)
        seen = np.isfinite(time_s) & np.isfinite(trace.y_px)
        inside = (record.time_s >= box.t0_s - 1e-9) & (record.time_s < box.t1_s - 1e-9)
        row = confidence[STANDARD.index(box.lead.removeprefix("-"))]
        fill = inside & np.isnan(row)
        if seen.any():
            row[fill] = np.interp(record.time_s[fill], time_s[seen], trace.confidence[seen])
    return Record(confidence, record.fs_hz, STANDARD, record.start_s)


def pooled(pages: Sequence[ConfidenceHistogram]) -> list[ConfidenceStep]:
    """One step for each range of confidence that occurs."""
    if not pages:
        return []
    total = reduce(add, pages)
    return [
        ConfidenceStep(
            confidence=[CONFIDENCE_EDGES[i], CONFIDENCE_EDGES[i + 1]],
            share=float(total.samples[i] / total.samples.sum()),
            stated=float(total.stated[i] / total.samples[i]),
            within=float(total.within[i] / total.samples[i]),
            median_uv=_percentile(total.errors[i], 0.5),
            p90_uv=_percentile(total.errors[i], 0.9),
        )
        for i in np.flatnonzero(total.samples)
    ]


def _percentile(counts: np.ndarray, share: float) -> float:
    """From a histogram over `_STEPS_UV`."""
    below = np.concatenate([[0], np.cumsum(counts)])
    return float(np.interp(share * below[-1], below, _STEPS_UV))
