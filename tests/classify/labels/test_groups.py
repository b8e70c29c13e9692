"""Labels by name, and the readers of collections."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from classify.datasets.readers import examples
from classify.labels import GROUPS, columns, targets, title
from classify.tasks import TASKS


@pytest.mark.parametrize("groups", [("superclass",), ("rhythm", "superclass"), ("superclass", "rhythm")])
def test_every_target_stands_where_its_name_does(groups: tuple[str, ...]) -> None:
    for k, (group, name) in enumerate(columns(groups)):
        row = targets({g: frozenset([name] if g == group else []) for g in GROUPS}, groups)
        assert row[k] == 1
        assert np.delete(row, k).sum() == 0


def test_an_unassessed_group_is_unknown_and_not_absent() -> None:
    row = targets({"superclass": None, "rhythm": frozenset(["AFIB"])}, ("superclass", "rhythm"))
    assert np.isnan(row[:5]).all()
    assert row[5:].tolist() == [0, 1, 0, 0, 0, 0]


def test_names_that_are_not_known() -> None:
    with pytest.raises(ValueError, match="unknown label group colour"):
        columns(["colour"])
    assert title("rhythm", "AFIB") == "Atrial fibrillation"
    assert title("rhythm", "TORSADE") == "TORSADE"


def test_no_patient_is_in_two_parts_and_the_overlap_is_left_out(ecg_data: Path) -> None:
    found = examples(TASKS["ptbxl"], ecg_data)
    patients = {part: {e.patient for e in found if e.part == part and e.source != "cinc_mix"} for part in
                ("train", "validation", "test")}  # fmt: skip
    assert all(len(p) > 150 for p in patients.values())
    assert not patients["train"] & patients["validation"]
    assert not patients["test"] & (patients["train"] | patients["validation"])
    assert not any(e.path.stem.startswith("HR") for e in found)


def test_a_missing_collection_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"ptbxl.*index\.csv"):
        examples(TASKS["ptbxl"], tmp_path)
