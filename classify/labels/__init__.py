"""The labels: groups of names, always looked up by name and never by a position written down elsewhere."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from classify.labels.group import LabelGroup
from classify.labels.hefei import HEFEI34
from classify.labels.one_of import EXCLUSIVE_GROUPS
from classify.labels.other import MULTI_GROUPS
from classify.labels.scp import SCP_GROUPS

__all__ = ["GROUPS", "LabelGroup", "columns", "targets", "title"]

GROUPS: Mapping[str, LabelGroup] = {
    group.name: group for group in (*SCP_GROUPS, *MULTI_GROUPS, HEFEI34, *EXCLUSIVE_GROUPS)
}


def columns(groups: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """(group, name) of every output of a network that answers these groups, in order."""
    unknown = [name for name in groups if name not in GROUPS]
    if unknown:
        raise ValueError(f"unknown label group {', '.join(unknown)}: expected some of {', '.join(GROUPS)}")
    return tuple((group, name) for group in groups for name in GROUPS[group].classes)


def targets(found: Mapping[str, Collection[str] | None], groups: Sequence[str]) -> np.ndarray:
    """1 present, 0 absent, NaN where a group is not known for this record; float32 [label]."""
    values = []
    for group, name in columns(groups):
        names = found.get(group)
        values.append(np.nan if names is None else float(name in names))
    return np.array(values, np.float32)


def title(group: str, name: str) -> str:
    """A label in words; a name from weights of another label set stands for itself."""
    return GROUPS[group].titles.get(name, name) if group in GROUPS else name
