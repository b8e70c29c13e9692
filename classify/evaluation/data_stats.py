"""Amplitudes and spectra of every lead over a whole data set, as a table and a picture."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.signal import welch

from classify.datasets.validate import ClassCounts
from ecg.formats import atomic_path
from ecg.leads import STANDARD
from ecg.markdown import table
from ecg.record import Record

_WINDOW_S = 2.0
_GRID_HZ = np.arange(0.5, 100.5, 0.5)
_PERCENTILES = (1, 50, 99)


class LeadStats:
    """Gathers what each lead of each record shows; records are given in mV."""

    def __init__(self) -> None:
        self._figures: dict[str, list[tuple[float, ...]]] = defaultdict(list)
        self._spectra: dict[str, list[np.ndarray]] = defaultdict(list)

    def add(self, record: Record) -> None:
        for lead, row in zip(record.leads, record.signal_mv, strict=True):
            values = row[np.isfinite(row)].astype(float)
            if values.size >= _WINDOW_S * record.fs_hz:
                shares = np.percentile(values, _PERCENTILES)
                self._figures[lead].append((values.mean(), values.std(), *shares, values.min(), values.max()))
                self._spectra[lead].append(_spectrum(values, record.fs_hz))

    def table(self) -> dict[str, dict[str, float]]:
        """Medians over the records of mean, SD and percentiles, and the lowest and highest value of all, in mV."""
        out = {}
        for lead in self._leads():
            rows = np.array(self._figures[lead])
            mean, sd, low, middle, high = np.median(rows[:, :5], axis=0).tolist()
            out[lead] = {
                "records": len(rows), "mean": mean, "sd": sd, "p1": low, "median": middle, "p99": high,
                "min": float(rows[:, 5].min()), "max": float(rows[:, 6].max()),
            }  # fmt: skip
        return out

    def draw(self, classes: ClassCounts, path: Path) -> None:
        """Classes by part, the spread of every lead, and the leads' median power spectra."""
        figure = Figure(figsize=(12, 10), layout="constrained")
        above, spread, power = figure.subplots(3, 1)
        _draw_classes(above, classes)
        leads = self._leads()
        spread.boxplot([np.array(self._figures[lead])[:, 1] for lead in leads], tick_labels=leads, showfliers=False)
        spread.set(title="Standard deviation per record", ylabel="mV")
        for k, lead in enumerate(leads):
            median = np.nanmedian(self._spectra[lead], axis=0)
            power.loglog(_GRID_HZ, median, label=lead, linewidth=1, color=f"C{k % 6}", linestyle=("-", "--")[k // 6])
        power.set(title="Median power spectrum", xlabel="Hz", ylabel="mV²/Hz")
        if leads:
            power.legend(ncols=6, fontsize=8)
        with atomic_path(path) as temporary:
            figure.savefig(temporary, dpi=100)

    def _leads(self) -> list[str]:
        return [lead for lead in STANDARD if lead in self._figures]


def _spectrum(values: np.ndarray, fs_hz: float) -> np.ndarray:
    """Power density in mV²/Hz on the common grid; NaN above half the rate."""
    hz, power = welch(values, fs_hz, nperseg=round(_WINDOW_S * fs_hz))
    return np.interp(_GRID_HZ, hz, power, right=np.nan)


def _draw_classes(axis: Axes, classes: ClassCounts) -> None:
    names = [name for group in classes.values() for name in group]
    rows = [count for group in classes.values() for count in group.values()]
    bottom = np.zeros(len(names))
    for part in rows[0]:
        height = np.array([count[part] for count in rows], float)
        axis.bar(range(len(names)), height, bottom=bottom, label=part)
        bottom += height
    axis.set_xticks(range(len(names)), names, rotation=90 if len(names) > 8 else 0, fontsize=8)
    axis.set(title="Examples per label", yscale="log" if bottom.max() > 50 * max(bottom.min(), 1) else "linear")
    axis.legend()


def as_markdown(leads: Mapping[str, Mapping[str, float]]) -> str:
    """The figures per lead in mV, as a table."""
    names = ("mean", "sd", "p1", "median", "p99", "min", "max")
    head = ["lead, mV", "records", "mean", "SD", "p1", "median", "p99", "min", "max"]
    rows = [[lead, str(f["records"]), *(f"{f[name]:.3f}" for name in names)] for lead, f in leads.items()]
    return table(head, rows)
