"""Readers on small data sets in their published forms: labels by name, paths that open, and clear words when not."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import numpy as np
import published_forms as forms
import pytest

from classify.datasets.aami import CLASS_OF, DS1, DS1_VALIDATION, DS2
from classify.datasets.chapman import merged
from classify.datasets.collect import collect
from classify.datasets.example import Example
from classify.datasets.readers import examples
from classify.datasets.rhythm5 import single_class
from classify.datasets.sources import load_example
from classify.features.beat_features import rr_features, shape_features
from classify.labels.scp import SCP_GROUPS, assessed
from classify.tasks import TASKS
from ecg.leads import STANDARD

FIVE = ("Atrial_Fibrillation", "Bradycardia", "Bundle_Branch_Block", "Normal", "Tachycardia")


def labels(found: list[Example], group: str) -> list[list[str]]:
    return [sorted(example.found[group] or ()) for example in sorted(found, key=lambda example: int(example.id))]


def opens(example: Example, reference: int) -> None:
    """The example's recording is the tiny one of that number."""
    record, truth = load_example(example), forms.tiny(reference)
    assert (record.fs_hz, record.leads) == (500, STANDARD)
    np.testing.assert_allclose(record.signal_mv, truth.signal_mv, atol=0.01)


def test_mimic_five_classes_by_a_headerless_table(tmp_path: Path) -> None:
    categories = [FIVE[k % 5] for k in range(80)]
    found = examples(TASKS["mimic5"], forms.mimic5(tmp_path, categories, records=2))
    assert [names[0] for names in labels(found, "mimic5")] == categories
    assert Counter(example.part for example in found) == {"test": 12, "validation": 10, "train": 58}
    opens(next(example for example in found if example.id == "1"), 1)
    again = examples(TASKS["mimic5"], tmp_path / "records.csv")
    assert [(e.id, e.part) for e in again] == [(e.id, e.part) for e in found]


def test_mimic_statements_and_heart_rates(tmp_path: Path) -> None:
    said = ["['NORMAL']", "['ARRHYTHMIA', 'ARRHYTHMIA_BRADYCARDIA']", "[]", "['ISCHEMIA']"] * 8
    rr_ms = [800, 1500, 29999, 400] * 8
    root = forms.mimic_table(tmp_path, said, rr_ms)
    many, rates = examples(TASKS["mimic_multilabel"], root), examples(TASKS["mimic_hr"], root)
    assert len(many) == 24 and len(rates) == 24
    by_id = {example.id: example for example in many}
    assert by_id["4001"].found["mimic"] == {"ARRHYTHMIA", "ARRHYTHMIA_BRADYCARDIA"}
    assert by_id["4001"].path == tmp_path / "files/p1000/p10000001/s4001/4001.hea"
    assert [sorted(e.found["heart_rate"] or ())[0] for e in sorted(rates, key=lambda e: e.id)][:3] == [
        "60_80", "below_50", "above_120",
    ]  # fmt: skip


def test_ptbxl_as_physionet_ships_it(tmp_path: Path) -> None:
    codes = ["{'NORM': 100.0, 'SR': 0.0}", "{'IMI': 15.0, '1AVB': 0.0, 'AFIB': 0.0}", "{'NST_': 100.0, 'STACH': 0.0}"]
    root = forms.ptbxl(tmp_path, [codes[k % 3] for k in range(30)], records=1)
    found = examples(TASKS["ptbxl_superdiagnostic"], root)
    assert [sorted(e.found["superclass"] or ()) for e in found[:3]] == [["NORM"], ["CD", "MI"], ["STTC"]]
    parts = {int(example.id[:5]) % 10 + 1: example.part for example in found}
    assert parts == {**dict.fromkeys(range(1, 9), "train"), 9: "validation", 10: "test"}
    first = next(example for example in found if example.id == "00000_hr")
    assert (first.age_years, first.male) == (90.0, 1.0)
    opens(first, 0)
    everything = {e.id: e.found["scp"] for e in examples(TASKS["ptbxl_all"], root)}
    assert everything["00001_hr"] == {"IMI", "1AVB", "AFIB"}


def test_ptbxl_without_folds_is_split_by_patient(tmp_path: Path) -> None:
    root = forms.ptbxl(tmp_path, ["{'NORM': 100.0}", "{'IMI': 100.0}"] * 20, folds=False)
    parts = Counter(example.part for example in examples(TASKS["ptbxl_superdiagnostic"], root))
    assert parts == {"test": 6, "validation": 5, "train": 29}


def test_hefei_text_files(tmp_path: Path) -> None:
    names = [["SR", "LVHV"], ["AFIB"], ["SBRAD", "SR"], ["SR"], ["FUSION"]] * 6
    found = examples(TASKS["hefei34"], forms.hefei(tmp_path, names, records=2))
    assert labels(found, "hefei34") == [sorted(its) for its in names]
    for name in ("SR", "AFIB", "SBRAD", "LVHV", "FUSION"):
        assert any(name in (e.found["hefei34"] or ()) for e in found if e.part == "test")
    assert Counter(e.part for e in found)["test"] in range(5, 9)
    one = next(example for example in found if example.id == "1")
    assert (one.age_years, one.male) == (51.0, 0.0)
    opens(one, 1)
    assert np.isnan(next(example for example in found if example.id == "3").age_years)
    assert len(TASKS["hefei34"].leads) == 8


def test_cpsc2018_as_published(tmp_path: Path) -> None:
    numbers = [str(k % 9 + 1) for k in range(90)]
    numbers[3] = "4,8"
    found = examples(TASKS["cpsc2018"], forms.cpsc2018(tmp_path, numbers, records=1))
    by_id = {example.id: example for example in found}
    assert by_id["A0002"].found["cpsc2018"] == {"AF"}
    assert by_id["A0004"].found["cpsc2018"] == {"LBBB", "STD"}
    assert Counter(e.part for e in found)["test"] in range(8, 13)
    opens(by_id["A0001"], 0)


def test_chapman_by_headers_and_by_table(tmp_path: Path) -> None:
    codes = ["426177001,164934002", "164890007", "426783006", "427084000", "164934002"] * 2
    found = examples(TASKS["chapman"], forms.chapman_headers(tmp_path / "a", codes))
    said = {example.id: sorted(example.found["chapman"] or ()) for example in found}
    assert said["JS00000"] == ["SB"] and said["JS00001"] == ["AFIB"] and said["JS00003"] == ["GSVT"]
    assert "JS00004" not in said
    opens(next(example for example in found if example.id == "JS00002"), 2)
    table = forms.chapman_table(tmp_path / "b", ["SB", "AFIB", "SA", "SVT"] * 3, records=1)
    first = next(example for example in examples(TASKS["chapman"], table) if example.id == "MUSE_0")
    opens(first, 0)
    assert merged(["SB", "AF"]) is None and merged(["AFIB", "AF"]) == {"AFIB"}


def test_pages_with_labels(tmp_path: Path) -> None:
    table = [
        "image,patient,part,superclass,rhythm",
        "a.png,1,test,MI;CD,AFIB",
        "b.png,2,test,NORM,",
        "c.png,3,unused,,",
    ]
    forms.lines(tmp_path / "pages.csv", *table)
    found = examples(TASKS["images"], tmp_path)
    assert [example.path.name for example in found] == ["a.png", "b.png"]
    assert found[0].found == {"superclass": {"MI", "CD"}, "rhythm": {"AFIB"}}
    assert found[1].found["rhythm"] is None
    with pytest.raises(FileNotFoundError, match=r"a\.png: no such recording"):
        load_example(found[0])


@pytest.fixture(scope="module")
def hearts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every record of the AAMI protocols and a paced one; 114 has its leads the other way round."""
    root = tmp_path_factory.mktemp("beats")
    forms.mitbih(root / "mitdb", sorted({*DS1, *DS2, "102"} - {"114"}))
    forms.mitbih(root / "mitdb", ["114"], leads=("V5", "MLII"))
    return root


def test_beats_between_patients(hearts: Path) -> None:
    found = examples(TASKS["aami_inter"], hearts)
    parts = {example.path.stem: example.part for example in found}
    assert {name for name, part in parts.items() if part == "test"} == set(DS2)
    assert {name for name, part in parts.items() if part == "validation"} == DS1_VALIDATION
    assert parts["201"] == "unused" and "102" not in parts
    assert {e.patient for e in found if e.path.stem in ("201", "202")} == {"201"}
    assert [sorted(e.found["aami"] or ())[0] for e in found[:10]] == list("NNNSVNNNFN")


def test_a_beat_is_300_samples_around_its_peak_by_lead_name(hearts: Path, tmp_path: Path) -> None:
    task = TASKS["aami_inter"]
    found = [e for e in examples(task, hearts) if e.path.stem in ("101", "114")]
    beats = collect(task, found, 360.0, tmp_path / "cache")
    assert beats.signal.shape == (20, 2, 300)
    assert np.isnan(beats.signal[0, :, :40]).all()  # before the recording
    middle = beats.signal[1:9].astype(float)
    assert (middle[:, 0].argmax(1) == 150).all()
    wrong_way_round = beats.where(np.char.startswith(beats.id, "114:"))
    assert (np.nanmin(wrong_way_round.signal[:, 0].astype(float), axis=1) < -0.4).all()  # MLII is its second channel
    np.testing.assert_allclose(beats.features[4], [1, 1, 1, 1, 1, 1, 0, 0], atol=0.02)
    assert np.isnan(beats.features[0, 0]) and np.isnan(beats.features[9, 1])
    assert beats.feature_names[0] == "rr_before_ratio"


def test_beats_whoever_they_are_of(hearts: Path) -> None:
    found = examples(TASKS["aami_intra"], hearts / "mitdb")
    assert len({example.id for example in found}) == len(found) == 440
    for name in "NSVF":
        parts = Counter(example.part for example in found if example.found["aami"] == {name})
        assert parts["test"] / sum(parts.values()) == pytest.approx(0.2, abs=0.02)
        assert parts["validation"] / sum(parts.values()) == pytest.approx(0.08, abs=0.03)


def test_where_escape_beats_go() -> None:
    assert {code: CLASS_OF[code] for code in "ejLAVF/"} == dict(zip("ejLAVF/", "NNNSVFQ", strict=True))


def test_intervals_beside_those_of_the_recording() -> None:
    rows = rr_features([0.0, 1.0, 2.0, 2.5, 4.0])
    np.testing.assert_allclose(rows[3, :2], [0.5, 1.5])
    np.testing.assert_allclose(rows[1:3, 2], 1.0)
    np.testing.assert_allclose(rows[4, 3], 0.5)
    np.testing.assert_allclose(rr_features([0.0, 0.5, 1.0, 1.25, 2.0]), rows)  # at twice the rate
    assert np.isnan(rr_features([1.0])).all()


def test_the_shape_of_a_beat_beside_the_usual_one() -> None:
    beats_s = np.arange(1.0, 8.0)
    time_s, height = np.arange(0, 9, 1 / 360), np.array([1, 1, 2, 1, -1, 1, 1])
    wave = (height[:, None] * np.exp(-0.5 * ((time_s - beats_s[:, None]) / 0.02) ** 2)).sum(0)
    rows = shape_features(np.stack([wave, np.full_like(wave, np.nan)]), 360.0, beats_s)
    np.testing.assert_allclose(rows[:, 0], np.sign(height), atol=1e-3)
    np.testing.assert_allclose(rows[:, 2], np.log2(np.abs(height)), atol=1e-3)
    assert np.isnan(rows[:, [1, 3]]).all()


def test_a_gap_in_one_beat_leaves_the_shapes_of_the_others() -> None:
    beats_s = np.arange(1.0, 6.0)
    time_s = np.arange(0, 7, 1 / 360)
    wave = np.exp(-0.5 * ((time_s - beats_s[:, None]) / 0.02) ** 2).sum(0)
    wave[round(2.0 * 360)] = np.nan
    rows = shape_features(wave[None], 360.0, beats_s)
    assert np.isnan(rows[1]).all()
    np.testing.assert_allclose(rows[[0, 2, 3, 4]], [[1, 0]] * 4, atol=1e-3)


def test_beats_of_a_recording_without_a_signal_have_their_intervals(tmp_path: Path) -> None:
    folder = forms.mitbih(tmp_path / "mitdb", sorted({*DS1, *DS2}))
    (folder / "101.dat").unlink()
    rows = np.array([e.measured for e in examples(TASKS["aami_inter"], tmp_path) if e.path.stem == "101"])
    assert np.isfinite(rows[2:-1, :4]).all() and np.isnan(rows[:, 4:]).all()


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ({"AFIB", "CLBBB"}, None),
        ({"AFIB", "LVH"}, "Atrial_Fibrillation"),
        ({"SR", "CRBBB"}, "Bundle_Branch_Block"),
        ({"SR", "IRBBB"}, None),
        ({"SR", "NORM"}, "Normal"),
        ({"SBRAD", "NORM"}, "Bradycardia"),
        ({"Normal"}, "Normal"),
        ({"NSR", "LVH"}, None),
        (set(), None),
    ],
)
def test_five_classes_of_which_exactly_one_holds(said: set[str], meant: str | None) -> None:
    assert single_class(said) == meant


def test_statements_fall_into_their_groups() -> None:
    found = assessed(["NST_", "1AVB", "SR"])
    assert found["superclass"] == {"STTC", "CD"}
    assert found["subclass"] == {"NST", "AVB"}
    assert found["form"] == {"NST"}
    assert found["rhythm12"] == {"SR"}
    assert assessed(["SR"])["superclass"] is None
    assert {group.name: len(group.classes) for group in SCP_GROUPS} == {
        "superclass": 5, "subclass": 23, "diagnostic": 44, "form": 19, "rhythm12": 12, "scp": 71,
    }  # fmt: skip


def test_the_statements_of_ptbxl_are_those_of_its_own_tables(ecg_data: Path) -> None:
    table = {
        row[""]: row for row in csv.DictReader((ecg_data / "labels/scp_statements.csv").open(encoding="utf-8-sig"))
    }
    for code, row in table.items():
        found = assessed([code])
        assert (found["superclass"] or {""}) == {row["diagnostic_class"]}, code
        assert (found["subclass"] or {""}) == {row["diagnostic_subclass"].strip("_")}, code
        assert (found["form"] is not None, found["rhythm12"] is not None) == (row["form"] != "", row["rhythm"] != ""), (
            code
        )
    for row in csv.DictReader((ecg_data / "ptbxl/index.csv").open()):
        if row["scp_codes"]:
            codes = [code.strip(" '\"{}").split("'")[0] for code in row["scp_codes"].split(",")]
            assert ";".join(sorted(assessed(codes)["superclass"] or ())) == ";".join(
                sorted(filter(None, row["super_class"].split(";")))
            )


@pytest.mark.slow
def test_the_beats_of_mit_bih_are_as_many_as_others_count(ecg_data: Path) -> None:
    """As de Chazal et al. (2004) divide them, escape beats in N."""
    found = examples(TASKS["aami_inter"], ecg_data)
    count = Counter((example.path.stem in DS2, sorted(example.found["aami"] or ())[0]) for example in found)
    assert [count[False, name] for name in "NSVF"] == [45866, 944, 3788, 415]
    assert [count[True, name] for name in "NSVF"] == [44259, 1837, 3221, 388]
