"""A task's data looked at before training: every file opened, its classes counted."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypedDict

import numpy as np
from tqdm import tqdm

from classify.datasets.example import Example
from classify.datasets.sources import load_example
from classify.labels import columns
from classify.tasks import Task
from ecg.markdown import table
from ecg.notes import texts
from ecg.record import Record
from ecg.signal.plausibility import doubts_about, flat_leads

ClassCounts = dict[str, dict[str, dict[str, int]]]  # group -> label -> part of the split


class DataReport(TypedDict):
    """What `validate` gives: counts, and by path what cannot be read (`unreadable`) or looks wrong (`doubts`)."""

    task: str
    examples: int
    files: int
    subjects: int
    parts: dict[str, int]
    classes: ClassCounts
    rates_hz: dict[str, int]
    lengths_s: dict[str, int]
    leads: dict[str, int]
    with_nan: int
    flat_leads: dict[str, int]
    unreadable: dict[str, str]
    doubts: dict[str, str]


@dataclass
class _Files:
    """What the files of a task hold, counted."""

    rates_hz: Counter[str] = field(default_factory=Counter)
    lengths_s: Counter[str] = field(default_factory=Counter)
    leads: Counter[str] = field(default_factory=Counter)
    with_nan: int = 0
    flat_leads: Counter[str] = field(default_factory=Counter)
    unreadable: dict[str, str] = field(default_factory=dict)
    doubts: dict[str, str] = field(default_factory=dict)

    def add(self, record: Record) -> None:
        self.rates_hz[f"{record.fs_hz:g}"] += 1
        self.lengths_s[f"{record.duration_s:g}"] += 1
        self.leads[" ".join(record.leads)] += 1
        self.with_nan += bool(np.isnan(record.signal_mv).any())
        self.flat_leads.update(flat_leads(record))


def validate(
    task: Task,
    found: Sequence[Example],
    measure: Callable[[Record], None] | None = None,
    max_samples: int | None = None,
) -> DataReport:
    """Open the files of a task's examples, or `max_samples` of them, evenly spread, and count what they hold.

    `measure` is called with every recording in mV on the way.
    """
    files, shown = _Files(), _one_of_each_file(found)
    step = max(len(shown) / max_samples, 1.0) if max_samples else 1.0
    chosen = [shown[int(k * step)] for k in range(min(max_samples or len(shown), len(shown)))]
    for example in tqdm(chosen, desc="opening", disable=not sys.stderr.isatty()):
        _look_at(example, files, measure)
    report: DataReport = {
        "task": task.name,
        "examples": len(found),
        "files": len({example.path for example in found}),
        "subjects": len({example.patient for example in found}),
        "parts": dict(Counter[str](example.part for example in found)),
        "classes": class_counts(found, task),
        "rates_hz": files.rates_hz,
        "lengths_s": files.lengths_s,
        "leads": files.leads,
        "with_nan": files.with_nan,
        "flat_leads": files.flat_leads,
        "unreadable": files.unreadable,
        "doubts": files.doubts,
    }
    return report


def class_counts(found: Sequence[Example], task: Task) -> ClassCounts:
    """How many examples have each label, by group, label and part of the split; none is listed as 0."""
    count = Counter[tuple[str, str, str]](
        (group, name, example.part) for example in found for group in task.groups for name in example.found[group] or ()
    )
    parts = [part for part in ("train", "validation", "test", "unused") if any(e.part == part for e in found)]
    out: ClassCounts = {group: {} for group in task.groups}
    for group, name in columns(task.groups):
        out[group][name] = {part: count[group, name, part] for part in parts}
    return out


def _one_of_each_file(found: Sequence[Example]) -> list[Example]:
    """One example for each file, without its window."""
    firsts = {example.path: example for example in reversed(found)}
    return [replace(example, window_s=None) for example in reversed(firsts.values())]


def _look_at(example: Example, files: _Files, measure: Callable[[Record], None] | None) -> None:
    try:
        record = load_example(example)
    except (OSError, ValueError) as error:
        files.unreadable[str(example.path)] = str(error)
        return
    files.add(record)
    if not example.in_mv:
        return
    doubts = doubts_about(record)
    if doubts:
        files.doubts[str(example.path)] = "; ".join(texts(doubts))
    if measure is not None:
        measure(record)


def as_markdown(report: DataReport) -> str:
    """The report as tables."""
    lines = [
        f"# {report['task']}: {report['examples']} examples, {report['files']} files, {report['subjects']} subjects",
        "",
        ", ".join(f"{count} {part}" for part, count in report["parts"].items()),
        "",
    ]
    for group, names in report["classes"].items():
        parts = list(next(iter(names.values())))
        rows = [
            [name, *(str(count[part]) for part in parts), str(sum(count.values()))] for name, count in names.items()
        ]
        lines += [table([group, *parts, "all"], rows), ""]
    counted = {
        "rates_hz": report["rates_hz"], "lengths_s": report["lengths_s"], "leads": report["leads"],
        "flat_leads": report["flat_leads"],
    }  # fmt: skip
    for title, counts in counted.items():
        most = ", ".join(f"{name} ({count})" for name, count in Counter(counts).most_common(8))
        lines.append(f"{title}: {most or 'none'}")
    lines.append(f"records with NaN: {report['with_nan']}")
    for title, reasons in (("unreadable", report["unreadable"]), ("doubts", report["doubts"])):
        lines.append(f"{title}: {len(reasons)}")
        lines += [f"  {why if path in why else f'{path}: {why}'}" for path, why in [*reasons.items()][:10]]
    return "\n".join(lines)
