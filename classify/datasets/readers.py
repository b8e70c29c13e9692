"""Who reads the recordings of each task, and with which split."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from classify.datasets import split
from classify.datasets.aami import aami_inter, aami_intra
from classify.datasets.chapman import chapman
from classify.datasets.cinc import cinc_mix
from classify.datasets.cpsc2018 import cpsc2018
from classify.datasets.example import Example
from classify.datasets.hefei import hefei34
from classify.datasets.images import images
from classify.datasets.mimic import mimic5, mimic_hr, mimic_multilabel
from classify.datasets.ptbxl import ptbxl
from classify.datasets.rhythm5 import rhythm5
from classify.tasks import Task
from ecg.files import InputError

Reader = Callable[[Path], Iterable[Example]]


def ptbxl_and_cinc(root: Path) -> list[Example]:
    """PTB-XL, and the CinC mix for training."""
    return [*ptbxl(root), *cinc_mix(root)]


READERS: Mapping[str, Reader] = {
    "ptbxl": ptbxl_and_cinc,
    "ptbxl_wide": ptbxl_and_cinc,
    "ptbxl_all": ptbxl,
    "ptbxl_diagnostic": ptbxl,
    "ptbxl_subdiagnostic": ptbxl,
    "ptbxl_superdiagnostic": ptbxl,
    "ptbxl_form": ptbxl,
    "ptbxl_rhythm": ptbxl_and_cinc,
    "ptbxl_rhythm_only": ptbxl,
    "rhythm5": rhythm5,
    "mimic5": mimic5,
    "mimic_multilabel": mimic_multilabel,
    "mimic_hr": mimic_hr,
    "hefei34": hefei34,
    "cpsc2018": cpsc2018,
    "chapman": chapman,
    "images": images,
}
BEAT_READERS: Mapping[str, Callable[[Path, str], Iterable[Example]]] = {
    "aami_inter": aami_inter,
    "aami_intra": aami_intra,
}


def examples(
    task: Task, root: Path, split_file: Path | None = None, base_path: str = "", records: str = ""
) -> list[Example]:
    """The task's examples below `root` with its own split, or with the one that the table `split_file` holds.

    Their paths start in `base_path`, if one is named; of recordings of single beats those in `records` are taken.
    Examples for which none of the task's groups was assessed are left out. Raises ValueError when a patient stands in
    two parts or a part holds a single class.
    """
    found = [
        example
        for example in _read(task, root, records)
        if any(example.found.get(group) is not None for group in task.groups)
    ]
    if not found:
        raise InputError(f"{root}: no example of task {task.name!r}")
    if base_path:
        start = root.parent if root.is_file() else root
        found = [replace(example, path=Path(base_path) / example.path.relative_to(start)) for example in found]
    if split_file is not None:
        found = split.apply(found, split_file)
    split.check(found, task.groups, task.patients)
    return [replace(example, found={group: example.found.get(group) for group in task.groups}) for example in found]


def _read(task: Task, root: Path, records: str) -> Iterable[Example]:
    if task.name in BEAT_READERS:
        return BEAT_READERS[task.name](root, records)
    if records:
        raise ValueError(f"--records chooses recordings of single beats; task {task.name!r} takes all of its table")
    return READERS[task.name](root)
