"""The tasks: which labels are asked of which leads and features; who reads the recordings is not their business."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from classify.features.catalog import BEAT_FEATURES, NAMES
from classify.labels import GROUPS

__all__ = ["BEAT_FS_HZ", "BEAT_LEADS", "BEAT_SAMPLES", "TASKS", "Metric", "Task"]

Metric = Literal["macro AUC", "macro F1", "micro F1"]

BEAT_LEADS = ("II", "V1|V5|V2|V4")
BEAT_FS_HZ, BEAT_SAMPLES = 360.0, 300  # the window around a beat, at the rate of MIT-BIH
_EIGHT_LEADS = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")
_BEAT_NAMES = tuple(info.name for info in BEAT_FEATURES)


@dataclass(frozen=True)
class Task:
    """A label set and the rule of its split.

    `groups` are label groups, `metric` the figure that heads its tables. `leads` are the rows of the signal by name
    ("V1|V5": the first that a recording has), none for the twelve standard ones; `seconds` is the signal's length;
    `patients` says that no patient may stand in two parts of the split.
    """

    name: str
    groups: tuple[str, ...]
    metric: Metric = "macro AUC"
    leads: tuple[str, ...] = ()
    seconds: float = 10.0
    features: tuple[str, ...] = NAMES
    patients: bool = True

    @property
    def exclusive(self) -> bool:
        """Whether exactly one label holds for every example."""
        return all(GROUPS[group].exclusive for group in self.groups)

    @property
    def of_beats(self) -> bool:
        """Whether an example is a single beat, one of many of its recording."""
        return self.features == _BEAT_NAMES


def _of_beats(name: str, patients: bool) -> Task:
    return Task(name, ("aami",), "macro F1", BEAT_LEADS, BEAT_SAMPLES / BEAT_FS_HZ, _BEAT_NAMES, patients)


TASKS: Mapping[str, Task] = {
    task.name: task
    for task in (
        Task("ptbxl", ("superclass", "rhythm")),
        Task("ptbxl_wide", ("superclass", "rhythm", "subclass", "form")),
        Task("ptbxl_all", ("scp",)),
        Task("ptbxl_diagnostic", ("diagnostic",)),
        Task("ptbxl_subdiagnostic", ("subclass",)),
        Task("ptbxl_superdiagnostic", ("superclass",)),
        Task("ptbxl_form", ("form",)),
        Task("ptbxl_rhythm", ("rhythm12",)),
        Task("ptbxl_rhythm_only", ("rhythm12",), "macro F1"),
        Task("rhythm5", ("mimic5",), "macro F1"),
        Task("mimic5", ("mimic5",), "macro F1"),
        Task("mimic_multilabel", ("mimic",)),
        Task("mimic_hr", ("heart_rate",)),
        Task("hefei34", ("hefei34",), "micro F1", _EIGHT_LEADS),
        Task("cpsc2018", ("cpsc2018",), "macro F1"),
        Task("chapman", ("chapman",), "macro F1"),
        Task("images", ("superclass", "rhythm")),
        _of_beats("aami_inter", patients=True),
        _of_beats("aami_intra", patients=False),
    )
}
