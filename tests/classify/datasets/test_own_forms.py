"""Collections as their publishers hand them out: elsewhere than their table, headless, as a workbook, in part."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import numpy as np
import openpyxl
import published_forms as forms
import pytest

from classify import validate_data
from classify.datasets.aami import DS1, DS2
from classify.datasets.collect import load_arrays
from classify.datasets.hefei import HEFEI_SPELT
from classify.datasets.readers import examples
from classify.datasets.sources import load_example
from classify.labels.hefei import HEFEI_NAMES
from classify.recipe import Recipe
from classify.tasks import TASKS
from ecg.fit.recipe import from_dict
from ecg.formats import write
from ecg.record import Record

FIVE = ("Atrial_Fibrillation", "Bradycardia", "Bundle_Branch_Block", "Normal", "Tachycardia")


@pytest.mark.slow
def test_a_table_elsewhere_than_its_recordings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    forms.mimic5(tmp_path / "waves", [FIVE[k % 5] for k in range(30)], records=30)
    (tmp_path / "tables").mkdir()
    table = (tmp_path / "waves/records.csv").rename(tmp_path / "tables/records.csv")
    data = {"fs_hz": 50, "cache": str(tmp_path / "cache"), "base_path": str(tmp_path / "waves")}
    arrays = load_arrays(from_dict(Recipe, {"task": "mimic5", "data": data}), table)
    assert len(arrays) == 30
    lost = from_dict(Recipe, {"task": "mimic5", "data": {**data, "base_path": ""}})
    with pytest.raises(ValueError, match=r"nor any of the other 29; if they lie in another folder .* --base_path"):
        load_arrays(lost, table)
    given = ["--task", "mimic5", "--root", str(table), "--output", str(tmp_path / "out")]
    assert validate_data.main([*given, "--base_path", str(tmp_path / "waves"), "--max_samples", "3"]) == 0
    said = capsys.readouterr().out
    assert "unreadable: 0" in said and "rates_hz: 500 (3)" in said
    assert sum(int(part.split()[0]) for part in said.splitlines()[2].split(", ")) == 30


def test_tables_without_heads(tmp_path: Path) -> None:
    rows = [f'{10_000_000 + k},{4000 + k},"{["NORMAL"] if k % 2 else ["ISCHEMIA"]}"' for k in range(24)]
    forms.lines(tmp_path / "a/statements.csv", *rows)
    found = examples(TASKS["mimic_multilabel"], tmp_path / "a")
    assert Counter(next(iter(e.found["mimic"] or ())) for e in found) == {"NORMAL": 12, "ISCHEMIA": 12}
    assert {e.id: e.path for e in found}["4001"] == tmp_path / "a/files/p1000/p10000001/s4001/4001.hea"
    rates = [f"{10_000_000 + k},files/p1/x{k}/{k},{800 if k % 2 else 1500}" for k in range(24)]
    forms.lines(tmp_path / "b/rates.csv", *rates)
    bands = examples(TASKS["mimic_hr"], tmp_path / "b")
    assert Counter(next(iter(e.found["heart_rate"] or ())) for e in bands) == {"60_80": 12, "below_50": 12}
    assert {e.path for e in bands} == {tmp_path / f"b/files/p1/x{k}/{k}.hea" for k in range(24)}
    whole = forms.mimic_table(tmp_path / "c", ["['NORMAL']", "['ISCHEMIA']"] * 12, [800, 1500] * 12)
    text = (whole / "statements.csv").read_text().splitlines()
    wide = ['{},{},{},"{}",1,"[]",{},0,0,0'.format(*_cells(line)) for line in text[1:]]
    forms.lines(whole / "statements.csv", *wide)
    assert len(examples(TASKS["mimic_hr"], whole)) == len(examples(TASKS["mimic_multilabel"], whole)) == 24


def _cells(line: str) -> list[str]:
    before, labels, after = line.split('"')
    return [*before.strip(",").split(","), labels, after.split(",")[-1]]


def test_cpsc_as_the_challenges_passed_it_on(tmp_path: Path) -> None:
    codes = ("426783006", "164889003,59118001", "RBBB", "270492004", "429622005", "10370003")
    for k in range(60):
        record = forms.tiny(k)
        meta = {"Age": str(40 + k % 30), "Sex": "Female", "Dx": codes[k % 6]}
        write(Record(record.signal_mv, 500, record.leads, meta=meta), tmp_path / f"g1/A{k + 1:04d}.hea")
    found = examples(TASKS["cpsc2018"], tmp_path)
    said = {e.id: sorted(e.found["cpsc2018"] or ()) for e in found}
    assert (said["A0001"], said["A0002"], said["A0003"]) == (["NORM"], ["AF", "RBBB"], ["RBBB"])
    assert "A0006" not in said  # paced: none of the nine
    assert load_example(found[0]).meta["age"].isdigit()


def workbook(root: Path, rhythms: list[str]) -> Path:
    forms.chapman_table(root, rhythms, records=2)
    book = openpyxl.Workbook()
    rows = (root / "Diagnostics.csv").read_text().splitlines()
    for k, row in enumerate(rows):
        book.active.append([*row.split(","), *(("PatientAge", "Gender") if not k else (50 + k, "FEMALE"))])
    (root / "Diagnostics.csv").unlink()
    book.save(root / "Diagnostics.xlsx")
    return root


def test_chapmans_workbook_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = workbook(tmp_path, ["SB", "AFIB", "SA", "SVT"] * 5)
    found = {e.id: e for e in examples(TASKS["chapman"], root)}
    assert (found["MUSE_0"].found["chapman"], found["MUSE_0"].age_years, found["MUSE_0"].male) == ({"SB"}, 51.0, 0.0)
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(ValueError, match=r"Diagnostics\.xlsx: an Excel workbook needs openpyxl; run .*galvano\[xlsx\]"):
        examples(TASKS["chapman"], root)


def test_a_workbook_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "Diagnostics.xlsx").write_bytes(b"no workbook")
    with pytest.raises(ValueError, match=r"Diagnostics\.xlsx: not a readable Excel workbook"):
        examples(TASKS["chapman"], tmp_path)
    openpyxl.Workbook().save(tmp_path / "Diagnostics.xlsx")
    with pytest.raises(ValueError, match=r"no column FileName, Rhythm \(columns: none\)"):
        examples(TASKS["chapman"], tmp_path)


def test_hefei_labels_in_every_spelling() -> None:
    assert len(HEFEI_SPELT) >= 2 * len(HEFEI_NAMES) and set(HEFEI_SPELT.values()) == {
        s for s, _ in HEFEI_NAMES.values()
    }


def test_hefei_labels_in_words(tmp_path: Path) -> None:
    rows = [f"{k}.txt\t50\tMALE\t{('Sinus rhythm', 'sinus Bradycardia', 'AFIB', '窦性心律')[k % 4]}" for k in range(40)]
    forms.lines(tmp_path / "hf_round2_train.txt", *rows)
    found = {e.id: e.found["hefei34"] for e in examples(TASKS["hefei34"], tmp_path)}
    assert (found["0"], found["1"], found["2"], found["3"]) == ({"SR"}, {"SBRAD"}, {"AFIB"}, {"SR"})


@pytest.fixture(scope="module")
def hearts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("beats")
    forms.mitbih(root, sorted({*DS1, *DS2}), codes="NNNAVNNNFN" * 4)
    forms.mitbih(root, ["102", "217"], codes="//N//V//f/" * 4)
    return root


@pytest.mark.slow
def test_a_choice_of_records_with_paced_beats(hearts: Path) -> None:
    found = examples(TASKS["aami_intra"], hearts, records="100-104")
    assert {e.path.stem for e in found} == {"100", "101", "102", "103"}
    assert Counter(next(iter(e.found["aami"] or ())) for e in found if e.path.stem == "102") == {
        "Q": 32,
        "N": 4,
        "V": 4,
    }
    inter = examples(TASKS["aami_inter"], hearts, records="100,101,102,114,116,217,200")
    parts = {e.path.stem: e.part for e in inter}
    assert (parts["100"], parts["101"], parts["102"], parts["114"]) == ("test", "train", "train", "validation")
    with pytest.raises(ValueError, match="has none of the records 300-400; there are 100, 101"):
        examples(TASKS["aami_intra"], hearts, records="300-400")
    with pytest.raises(ValueError, match="--records all: expected numbers and ranges"):
        examples(TASKS["aami_intra"], hearts, records="all")
    with pytest.raises(ValueError, match="chooses recordings of single beats; task 'chapman'"):
        examples(TASKS["chapman"], hearts, records="100")


def test_one_lead_or_two(hearts: Path, tmp_path: Path) -> None:
    data = {"fs_hz": 360, "page_masks": False, "vary": False, "mask_channels": False, "cache": str(tmp_path)}
    for leads, rows in (([], 2), (["II"], 1)):
        recipe = from_dict(Recipe, {"task": "aami_intra", "data": {**data, "leads": leads, "records": "100-106"}})
        assert recipe.channels == rows
        arrays = load_arrays(recipe, hearts)
        assert arrays.signal.shape[1:] == (rows, 300)
        assert np.isfinite(arrays.beats_s[:, 0]).all()
