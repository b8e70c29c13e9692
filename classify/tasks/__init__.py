"""The tasks: a label set, the reader of its recordings with its split, and the figure that heads its table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from classify.datasets import split
from classify.datasets.aami import LEADS as BEAT_LEADS
from classify.datasets.aami import aami_inter, aami_intra
from classify.datasets.chapman import chapman
from classify.datasets.cinc import cinc_mix
from classify.datasets.cpsc2018 import cpsc2018
from classify.datasets.example import Example, Part
from classify.datasets.hefei import hefei34
from classify.datasets.images import images
from classify.datasets.mimic import mimic5, mimic_hr, mimic_multilabel
from classify.datasets.ptbxl import ptbxl
from classify.datasets.rhythm5 import rhythm5
from classify.features.catalog import BEAT_FEATURES, NAMES
from classify.labels import GROUPS

__all__ = ["CREDITS", "TASKS", "Example", "Part", "Task", "examples"]

_EIGHT_LEADS = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")
_BEAT_NAMES = tuple(info.name for info in BEAT_FEATURES)


@dataclass(frozen=True)
class Task:
    """What is asked of which recordings.

    `leads` are the rows of the signal by name ("V1|V5": the first that a recording has), none for the twelve standard
    ones; `seconds` is the signal's length; `patients` says that no patient may stand in two parts of the split.
    """

    name: str
    groups: tuple[str, ...]
    read: Callable[[Path], Iterable[Example]]
    metric: str = "macro AUC"
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


def _ptbxl_and_cinc(root: Path) -> Iterable[Example]:
    return [*ptbxl(root), *cinc_mix(root)]


def _beats(name: str, read: Callable[[Path], Iterable[Example]], patients: bool) -> Task:
    return Task(name, ("aami",), read, "macro F1", BEAT_LEADS, 300 / 360, _BEAT_NAMES, patients)


TASKS: Mapping[str, Task] = {
    task.name: task
    for task in (
        Task("ptbxl", ("superclass", "rhythm"), _ptbxl_and_cinc),
        Task("ptbxl_wide", ("superclass", "rhythm", "subclass", "form"), _ptbxl_and_cinc),
        Task("ptbxl_all", ("scp",), ptbxl),
        Task("ptbxl_diagnostic", ("diagnostic",), ptbxl),
        Task("ptbxl_subdiagnostic", ("subclass",), ptbxl),
        Task("ptbxl_superdiagnostic", ("superclass",), ptbxl),
        Task("ptbxl_form", ("form",), ptbxl),
        Task("ptbxl_rhythm", ("rhythm12",), _ptbxl_and_cinc),
        Task("rhythm5", ("mimic5",), rhythm5, "macro F1"),
        Task("mimic5", ("mimic5",), mimic5, "macro F1"),
        Task("mimic_multilabel", ("mimic",), mimic_multilabel),
        Task("mimic_hr", ("heart_rate",), mimic_hr),
        Task("hefei34", ("hefei34",), hefei34, "micro F1", _EIGHT_LEADS),
        Task("cpsc2018", ("cpsc2018",), cpsc2018, "macro F1"),
        Task("chapman", ("chapman",), chapman, "macro F1"),
        Task("images", ("superclass", "rhythm"), images),
        _beats("aami_inter", aami_inter, patients=True),
        _beats("aami_intra", aami_intra, patients=False),
    )
}

CREDITS: Mapping[str, str] = {
    "ptbxl": "PTB-XL 1.0.3 (part of stratified fold 10), CC BY 4.0",
    "ptbxl_zscore": "PTB-XL folds 1-9 (part, z-scored, 125 Hz), CC BY 4.0",
    "cinc_mix": "PhysioNet/CinC Challenge 2020-21: CPSC2018, CPSC-Extra, Chapman/Ningbo, Georgia, CC BY 4.0",
    "mitdb": "MIT-BIH Arrhythmia Database, ODC-By 1.0",
    "mimic": "MIMIC-IV-ECG 1.0, ODbL",
    "hefei": "Hefei ECG competition 2019, second round",
    "cpsc2018": "China Physiological Signal Challenge 2018",
    "chapman": "Chapman-Shaoxing and Ningbo 12-lead ECG database, CC BY 4.0",
    "chapman_csv": "Chapman-Shaoxing 12-lead ECG database, CC BY 4.0",
    "images": "pages with labels, given by the user",
    "simulated": "recordings invented by this program's simulator",
}


def examples(task: Task, root: Path, given: Path | None = None) -> list[Example]:
    """The task's examples below `root` with their split, or with the one that the table `given` writes down.

    Examples for which none of the task's groups was assessed are left out. Raises ValueError when a patient stands in
    two parts or a part holds a single class.
    """
    found = [
        example for example in task.read(root) if any(example.found.get(group) is not None for group in task.groups)
    ]
    if not found:
        raise ValueError(f"{root}: no example of task {task.name!r}")
    if given is not None:
        found = split.apply(found, given)
    split.check(found, task.groups, task.patients)
    return [replace(example, found={group: example.found.get(group) for group in task.groups}) for example in found]
