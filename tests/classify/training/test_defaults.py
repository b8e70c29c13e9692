"""Every task trains with nothing but its name and its data, in the form in which the data are published."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import published_forms as forms
import pytest
import torch

from classify.classifier import Classifier
from classify.datasets.aami import DS1, DS2
from classify.train import main
from classify.training.calibrate import calibrate
from ecg.formats import write

torch.set_num_threads(1)

FIVE = ("Atrial_Fibrillation", "Bradycardia", "Bundle_Branch_Block", "Normal", "Tachycardia")
SMALL = ("net.options.widths=[8,8]", "fit.epochs=1", "fit.num_workers=0", "data.draws=16")


def mimic_tables(root: Path) -> Path:
    forms.mimic_table(root, ["['NORMAL']", "['ISCHEMIA']"] * 10, [800, 1500] * 10)
    for k in range(20):
        subject, study = 10_000_000 + k, 4000 + k
        write(forms.tiny(k), root / f"files/p1000/p{subject}/s{study}/{study}.hea")
    return root


def beats(root: Path) -> Path:
    forms.mitbih(root, sorted({*DS1, *DS2}))
    return root


HEFEI = [["SR", "LVHV"], ["AFIB"], ["SBRAD", "SR"], ["SR"]] * 5
PTBXL = ["{'NORM': 100.0, 'SR': 0.0}", "{'IMI': 15.0, '1AVB': 0.0, 'AFIB': 0.0}", "{'NST_': 100.0, 'STACH': 0.0}"]
# task -> what writes its data into a folder
DATA: dict[str, Callable[[Path], Path]] = {
    "ptbxl": lambda root: forms.ptbxl(root, [PTBXL[k % 3] for k in range(40)], folds=False, records=40),
    "mimic5": lambda root: forms.mimic5(root, [FIVE[k % 5] for k in range(30)], records=30),
    "mimic_multilabel": mimic_tables,
    "mimic_hr": mimic_tables,
    "hefei34": lambda root: forms.hefei(root, HEFEI, records=len(HEFEI)),
    "cpsc2018": lambda root: forms.cpsc2018(root, [str(k % 9 + 1) for k in range(90)], records=90),
    "chapman": lambda root: forms.chapman_table(root, ["SB", "AFIB", "SR", "SVT"] * 8, records=32),
    "aami_intra": beats,
    "aami_inter": beats,
}


def run_of(task: str, folder: Path, *options: str) -> Path:
    given = ["--task", task, "--data", str(folder / "data"), "--cache_dir", str(folder / "cache")]
    sets = [word for change in options for word in ("--set", change)]
    assert main([*given, "--output", str(folder / "runs"), "--force_cpu", *sets]) == 0
    (run,) = (folder / "runs").iterdir()
    return run


@pytest.mark.slow
@pytest.mark.parametrize("task", DATA)
def test_a_task_trains_with_its_defaults(task: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ECG_DATA", raising=False)
    DATA[task](tmp_path / "data")
    run = run_of(task, tmp_path, *SMALL)
    (row,) = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert np.isfinite(row["train"]["total"])
    recipe = json.loads((run / "config.json").read_text())
    assert recipe["task"] == task
    assert recipe["net"]["name"] == ("beat_cnn" if task.startswith("aami") else "resnet1d")


def test_a_task_that_cannot_be_trained_leaves_no_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    beats(tmp_path / "data")
    given = ["--task", "aami_intra", "--data", str(tmp_path / "data"), "--output", str(tmp_path / "runs")]
    with pytest.raises(SystemExit, match="2"):
        main([*given, "--config", "configs/diagnosis.yaml"])
    assert "data.page_masks and data.vary" in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


def test_recordings_are_taken_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ECG_DATA", str(tmp_path / "nowhere"))
    assert main(["--task", "chapman", "--output", str(tmp_path / "runs")]) == 1
    assert f"{tmp_path / 'nowhere'}: expected" in capsys.readouterr().err


@pytest.mark.slow
def test_age_and_sex_reach_a_network_in_training_and_in_use(tmp_path: Path) -> None:
    """Labels that only age and sex tell are learnt, and asked for where they are not known."""
    names = [["AFIB"] if k % 2 else ["SR"] for k in range(60)]
    forms.hefei(tmp_path / "data", names, records=60)
    people = ("30\tFEMALE\t窦性心律", "80\tMALE\t心房颤动")
    forms.lines(tmp_path / "data/hf_round2_train.txt", *(f"{k}.txt\t{people[k % 2]}" for k in range(60)))
    changes = (
        "net.options.widths=[8,8]", "net.options.demographics=true", "net.options.dropout=0.0", "data.page_masks=false",
        "fit.lr=0.03", "fit.ema_decay=0", "fit.epochs=12", "fit.batch_size=8", "fit.num_workers=0",
    )  # fmt: skip
    run = run_of("hefei34", tmp_path, *changes)
    rows_of = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert max(row["val"]["hefei34_auc_full"] or 0 for row in rows_of) > 0.95
    weights = tmp_path / "w.safetensors"
    calibrate(run / "checkpoints" / "best.pth", tmp_path / "data", weights)
    classifier = Classifier.load(weights)
    one = forms.tiny(1)
    said = {age: classifier(type(one)(one.signal_mv, one.fs_hz, one.leads, meta=meta)) for age, meta in
            {"old": {"age": "80", "sex": "M"}, "young": {"age": "30", "sex": "F"}, "": {}}.items()}  # fmt: skip
    p = {age: {label.name: label.probability for label in d.labels}["AFIB"] for age, d in said.items()}
    assert p["old"] > p[""] > p["young"]
    assert any("age or sex is not known" in words for words in said[""].warnings)
    assert not any("age or sex" in words for words in said["old"].warnings)
