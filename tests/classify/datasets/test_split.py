"""Splits: by patient, by class, written down and read back; and what is refused, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import published_forms as forms
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classify.datasets import split
from classify.datasets.collect import collect
from classify.datasets.example import Example
from classify.datasets.readers import examples
from classify.datasets.sources import load_example
from classify.tasks import TASKS
from ecg.fit import split_file


def beats(count: int, patients: int, classes: str = "NV") -> list[Example]:
    return [
        Example(Path(f"{k}.hea"), "x", str(k % patients), "train", {"aami": frozenset(classes[k % len(classes)])})
        for k in range(count)
    ]


@given(count=st.integers(20, 80), patients=st.integers(10, 40), seed=st.integers(0, 5))
def test_patients_stay_together_and_the_split_is_repeatable(count: int, patients: int, seed: int) -> None:
    found = beats(count, patients)
    one = split.by_patient(found, seed=seed)
    parts: dict[str, set[str]] = {}
    for example in one:
        parts.setdefault(example.patient, set()).add(example.part)
    assert all(len(its) == 1 for its in parts.values())
    assert one == split.by_patient(found, seed=seed)
    assert len({p for p, its in parts.items() if its == {"test"}}) == round(0.15 * len(parts))


def test_every_class_is_shared_out_and_rare_ones_are_tested_first() -> None:
    found = [replace(e, patient=e.id) for e in beats(200, 200, "NNNNNNNNNV")]
    found.append(replace(found[0], name="rare", patient="rare", found={"aami": frozenset("F")}))
    made = split.by_class(found, "aami", {"test": 0.2, "validation": 0.1, "train": 0.7})
    count = Counter((next(iter(e.found["aami"] or ())), e.part) for e in made)
    assert (count["N", "test"], count["N", "validation"], count["N", "train"]) == (36, 18, 126)
    assert (count["V", "test"], count["V", "validation"], count["V", "train"]) == (4, 2, 14)
    assert count["F", "test"] == 1


def test_a_patient_in_two_parts_is_refused() -> None:
    found = [replace(e, part="test" if k == 3 else "train") for k, e in enumerate(beats(8, 2))]
    with pytest.raises(ValueError, match=r"patient 1 is in two parts of the split \(test, train\)"):
        split.check(found, ["aami"])
    split.check([replace(found[0], part="unused"), *found[1:2], *beats(4, 4)], ["aami"])


def test_a_part_of_one_class_is_refused() -> None:
    found = [*beats(6, 6), *[replace(e, part="test", patient="t") for e in beats(3, 3, "N")]]
    with pytest.raises(ValueError, match=r"the test part holds one class only \(N\) in 3 examples"):
        split.check(found, ["aami"])


def test_a_split_that_was_written_down_is_the_one_that_counts(tmp_path: Path) -> None:
    root = forms.ptbxl(tmp_path, ["{'NORM': 100.0}"] * 10 + ["{'IMI': 100.0}"] * 10)
    task = TASKS["ptbxl_superdiagnostic"]
    found = examples(task, root)
    split_file.write(((e.id, e.patient, e.part) for e in found), tmp_path / "split.csv")
    assert examples(task, root, tmp_path / "split.csv") == found
    text = (tmp_path / "split.csv").read_text().splitlines()
    assert text[0] == "id,patient,part"
    forms.lines(tmp_path / "moved.csv", *[line.replace(",validation", ",unused") for line in text])
    moved = examples(task, root, tmp_path / "moved.csv")
    assert {e.part for e in moved} == {"train", "test", "unused"}


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("00000_hr,100,learn", r"part 'learn'; expected one of train"),
        ("00000_hr,100,test\n00000_hr,100,train", r"00000_hr is in two parts"),
        ("nobody,100,test", r"nobody is no example of this task"),
    ],
)
def test_a_split_that_makes_no_sense(tmp_path: Path, row: str, words: str) -> None:
    root = forms.ptbxl(tmp_path, ["{'NORM': 100.0}", "{'IMI': 100.0}"] * 5)
    forms.lines(tmp_path / "split.csv", "id,patient,part", row)
    with pytest.raises(ValueError, match=words):
        examples(TASKS["ptbxl_superdiagnostic"], root, tmp_path / "split.csv")


def test_a_patient_in_two_parts_of_a_given_split(tmp_path: Path) -> None:
    root = forms.mimic5(tmp_path, ["Normal", "Tachycardia"] * 10)
    forms.lines(tmp_path / "given" / "split.csv", "id,patient,part", "0,10000000,train", "1,10000000,test")
    with pytest.raises(ValueError, match="patient 10000000 is in two parts"):
        examples(TASKS["mimic5"], root, tmp_path / "given" / "split.csv")


Broken = Callable[[Path], Path]
BROKEN: list[tuple[str, Broken, str]] = [
    ("mimic5", lambda root: forms.mimic5(root, ["Normal", "Flutter"]), r"row 2: unknown label 'Flutter'"),
    ("mimic5", lambda root: root, r"expected one CSV table here, found none"),
    ("mimic_multilabel", lambda root: forms.mimic_table(root, ["['X']"], [800]), r"study 4000: unknown label 'X'"),
    ("mimic_multilabel", lambda root: forms.mimic_table(root, ["NORMAL"], [800]), r"labels must be a list of names"),
    ("mimic_hr", lambda root: forms.mimic5(root, ["Normal"]), r"rr_interval must be a number of ms, got 'Normal'"),
    ("ptbxl_all", lambda root: forms.ptbxl(root, ["{'WHAT': 1}"]), r"record 0: unknown statement WHAT"),
    ("ptbxl_all", lambda root: forms.ptbxl(root, ["oops"]), r"ptbxl_database.csv: record 0"),
    ("ptbxl_all", lambda root: root, r"expected ptbxl_database.csv .* or ptbxl/index.csv"),
    ("hefei34", lambda root: forms.hefei(root, [["SR"], ["心"]]), r"line 2: unknown label '心'"),
    ("hefei34", lambda root: root, r"expected the table hf_round2_train.txt"),
    ("cpsc2018", lambda root: forms.cpsc2018(root, ["1", "12"]), r"A0002: unknown label '12'"),
    ("cpsc2018", lambda root: root, r"expected REFERENCE.csv"),
    ("chapman", lambda root: forms.chapman_table(root, ["SB", "TANGO"]), r"MUSE_1: unknown label 'TANGO'"),
    ("chapman", lambda root: root, r"expected WFDBRecords/"),
    ("aami_inter", lambda root: root, r"expected the MIT-BIH records"),
    ("aami_inter", lambda root: forms.mitbih(root, ["100"]), r"101.atr: no readable annotations"),
    ("images", lambda root: root, r"pages.csv: no such table"),
]


@pytest.mark.parametrize(("task", "make", "words"), BROKEN, ids=[f"{row[0]}-{k}" for k, row in enumerate(BROKEN)])
def test_what_cannot_be_read_says_why(tmp_path: Path, task: str, make: Broken, words: str) -> None:
    with pytest.raises((ValueError, FileNotFoundError), match=words):
        examples(TASKS[task], make(tmp_path))


def test_a_wrong_column_is_named_with_those_that_are_there(tmp_path: Path) -> None:
    forms.lines(tmp_path / "ptbxl_database.csv", "ecg_id,patient_id,codes,filename_hr,filename_lr", "1,1,x,y,z")
    with pytest.raises(ValueError, match=r"no column scp_codes \(columns: ecg_id, patient_id, codes"):
        examples(TASKS["ptbxl_all"], tmp_path)
    forms.lines(tmp_path / "pages" / "pages.csv", "image,patient,part,colour", "a.png,1,test,red")
    with pytest.raises(ValueError, match="column 'colour' is no label group"):
        examples(TASKS["images"], tmp_path / "pages")


def test_a_recording_without_its_rate_is_left_out_and_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = forms.chapman_table(tmp_path, ["SB", "SR"] * 10, records=2)
    (tmp_path / "ECGData/MUSE_1.csv").write_text("I,II\n1,x\n")
    task = TASKS["chapman"]
    found = sorted(examples(task, root), key=lambda e: int(e.id[5:]))[:3]
    made = collect(task, found, 100.0, tmp_path / "cache")
    assert made.id.tolist() == ["MUSE_0"]
    said = capsys.readouterr().err
    assert "MUSE_1.csv: left out" in said and "MUSE_2.csv: no such recording" in said
    forms.lines(tmp_path / "bare.csv", "I,II", "0.1,0.2")
    bare = replace(found[0], path=tmp_path / "bare.csv", source="x")
    with pytest.raises(ValueError, match=r"sampling rate must be given"):
        load_example(bare)


def test_every_task_has_groups_and_leads_that_exist() -> None:
    from classify.labels import columns
    from ecg.leads import is_known

    for task in TASKS.values():
        assert columns(task.groups)
        assert all(is_known(name) for lead in task.leads for name in lead.split("|"))


def test_demographics_travel_with_the_arrays(tmp_path: Path) -> None:
    root = forms.hefei(tmp_path, [["SR"], ["AFIB"]] * 8, records=3)
    task = TASKS["hefei34"]
    found = [e for e in examples(task, root) if e.id in "012"]
    made = collect(task, found, 500.0, tmp_path / "cache")
    assert made.signal.shape == (3, 8, 5000)
    rows = dict(zip(made.id.tolist(), made.demographics.tolist(), strict=True))
    assert rows["1"] == [51.0, 0.0]
    assert np.isnan(rows["0"][0]) and rows["0"][1] == 1.0
    again = collect(task, found, 500.0, tmp_path / "cache")
    np.testing.assert_array_equal(again.demographics, made.demographics)


def test_names_with_commas_come_back(tmp_path: Path) -> None:
    rows = [("a, b.png", 'p "1"', "train"), ("c", "p2", "val")]
    split_file.write(rows, tmp_path / "split.csv")
    assert split_file.read(tmp_path / "split.csv") == {name: (patient, part) for name, patient, part in rows}
