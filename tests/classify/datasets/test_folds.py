"""Ten folds are even in every class, whole in their patients, and the same again from their file."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classify.datasets.example import Example
from classify.datasets.folds import by_class_within_sex, by_ten_folds, ten_folds, write_folds
from ecg.files import InputError

CLASSES = ("AF", "LBBB", "NORM", "PVC")


def some(labels: list[set[str]], patients: list[int] | None = None) -> list[Example]:
    whose = patients or list(range(len(labels)))
    return [
        Example(Path(f"A{k:04d}.mat"), "cpsc2018", f"p{who}", "unused", {"cpsc2018": frozenset(its)}, male=float(k % 2))
        for k, (its, who) in enumerate(zip(labels, whose, strict=True))
    ]


@given(st.integers(0, 10_000), st.integers(40, 150))
def test_folds_are_even_and_patients_whole(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    labels = [{CLASSES[k] for k in rng.choice(4, rng.integers(1, 3), p=(0.1, 0.05, 0.6, 0.25))} for _ in range(count)]
    patients = [k // 2 for k in range(len(labels))]
    found = some(labels, patients)
    fold_of = ten_folds(found, "cpsc2018", seed)
    assert fold_of == ten_folds(found[::-1], "cpsc2018", seed)
    assert set(fold_of.values()) <= set(range(1, 11))
    assert len({(one.patient, fold_of[one.id]) for one in found}) == len({one.patient for one in found})
    sizes = Counter({one.patient: fold_of[one.id] for one in found}.values())
    assert max(sizes.values()) - min(sizes.get(fold, 0) for fold in range(1, 11)) <= len(CLASSES)


def test_every_fold_has_its_share_of_a_rare_class() -> None:
    found = some([{"LBBB"}] * 20 + [{"NORM"}] * 180)
    fold_of = ten_folds(found, "cpsc2018")
    rare = Counter(fold_of[one.id] for one in found if "LBBB" in one.found["cpsc2018"])  # type: ignore[operator]
    assert set(rare.values()) == {2} and len(rare) == 10


def test_a_file_of_folds_is_followed(tmp_path: Path) -> None:
    found = some([{"AF"}, {"NORM"}] * 10)
    dealt = by_ten_folds(found, "cpsc2018", tmp_path)
    write_folds([replace(one, fold=1 + k % 10) for k, one in enumerate(found)], tmp_path / "folds.csv")
    followed = by_ten_folds(found, "cpsc2018", tmp_path)
    assert [one.part for one in followed][:10] == ["train"] * 8 + ["validation", "test"]
    write_folds(dealt, tmp_path / "folds.csv")
    assert by_ten_folds(found, "cpsc2018", tmp_path) == dealt


def test_records_that_were_not_assessed_are_in_no_fold(tmp_path: Path) -> None:
    known = some([{"AF"}, {"NORM"}] * 10)
    unknown = [replace(one, path=Path(f"B{k}.mat"), found={"cpsc2018": None}) for k, one in enumerate(known)]
    dealt = by_ten_folds([*unknown, *known], "cpsc2018", tmp_path)
    assert {one.id: one.part for one in dealt if one.fold} == {
        one.id: one.part for one in by_ten_folds(known, "cpsc2018", tmp_path)
    }
    assert all(one.part == "unused" and one.id.startswith("B") for one in dealt if not one.fold)
    write_folds([one for one in dealt if one.fold], tmp_path / "folds.csv")
    assert by_ten_folds([*unknown, *known], "cpsc2018", tmp_path) == dealt


@pytest.mark.parametrize(
    ("text", "words"),
    [("A0000,p0,11", "fold '11'; expected 1 to 10"), ("A0000,p0,1\nA0000,p0,2", "A0000 is in two folds"),
     ("A0000,p0,1", r"no fold for A0001 \(1 such records\)")],
)  # fmt: skip
def test_what_is_wrong_with_a_file_of_folds_is_said(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "folds.csv").write_text(f"id,patient,fold\n{text}\n")
    with pytest.raises(InputError, match=words):
        by_ten_folds(some([{"AF"}, {"NORM"}]), "cpsc2018", tmp_path)


def test_men_and_women_are_each_split_by_class() -> None:
    found = some([{"AF"}] * 40 + [{"NORM"}] * 60)
    shares = {"test": 0.1, "validation": 0.1, "train": 0.8}
    split = by_class_within_sex(found, "cpsc2018", shares, 10)  # type: ignore[arg-type]
    assert len(split) == len(found)
    tested = Counter((one.male, *one.found["cpsc2018"]) for one in split if one.part == "test")  # type: ignore[misc]
    assert tested == {(0.0, "AF"): 2, (1.0, "AF"): 2, (0.0, "NORM"): 3, (1.0, "NORM"): 3}
