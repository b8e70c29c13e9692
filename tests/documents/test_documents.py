"""Every line of docs/documents.md is run, on small data in the original form, with networks of a test's size."""

from __future__ import annotations

import importlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import page_forms
import published_forms as forms
import pytest
import torch
import yaml
from documents.lines import DOCUMENTS, MARK, Line, tables
from tiny_runs import NET

from classify.datasets.aami import DS1, DS2
from classify.training.calibrate import calibrate
from ecg.formats import write
from simulate.dataset.writer import write_pages

torch.set_num_threads(1)
ROOT = Path(__file__).parents[2]
FIVE = ("Atrial_Fibrillation", "Bradycardia", "Bundle_Branch_Block", "Normal", "Tachycardia")
LABELS = [["SR", "LVHV"], ["AFIB"], ["SBRAD", "SR"], ["SR"]]
# What makes a test of a command's training: fewer epochs, smaller networks, the same road.
SMALL_CLASSIFIER = ("fit.epochs=1", "fit.num_workers=0", "fit.batch_size=8", "fit.amp=off", "data.draws=16")
SMALL_PRETRAINING = (
    "fit.epochs=1", "fit.batch_size=16", "fit.amp=off", "net.options.planes=[8,8,8,8]", "linear.epochs=1",
    "finetune.epochs=1", "finetune.amp=off",
)  # fmt: skip
SMALL_READER = (
    f"net.encoder={NET['encoder']}", f"net.decoder_channels={NET['decoder_channels']}", "pages.size_px=[128,96]",
    "fit.batch_size=2", "fit.show_every=0", "fit.amp=off", "fit.device=cpu",
)  # fmt: skip


def sets(changes: Sequence[str]) -> list[str]:
    return [word for change in changes for word in ("--set", change)]


def small(module: str, words: list[str]) -> list[str]:
    """What is added to a command so that it takes seconds."""
    if module == "classify.train":
        narrow = (
            [] if any(word.startswith(("net.name", "configs/")) for word in words) else ["net.options.widths=[8,8]"]
        )
        beats = "aami" in " ".join(words) and "net.name" not in " ".join(words)
        return [*sets([*SMALL_CLASSIFIER, *([] if beats else narrow)]), "--force_cpu"]
    if module == "classify.pretrain" and "--curves" not in words:
        return sets(SMALL_PRETRAINING)
    if module == "digitize.train" and "--resume" not in words:
        return sets(SMALL_READER)
    return []


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The user's data by the words that stand for them."""
    root = tmp_path_factory.mktemp("user")
    forms.mimic5(root / "mimic", [FIVE[k % 5] for k in range(30)], records=30)
    (root / "table").mkdir()
    shutil.copy(root / "mimic/records.csv", root / "table/records.csv")
    forms.mimic_table(root / "statements", ["['NORMAL']", "['ISCHEMIA']"] * 10, [800, 1500] * 10)
    for k in range(20):
        subject, study = 10_000_000 + k, 4000 + k
        write(forms.tiny(k), root / f"statements/files/p1000/p{subject}/s{study}/{study}.hea")
    forms.mitbih(root / "mitbih", sorted({*DS1, *DS2}), codes="NNNAVNNNFN" * 3)
    forms.hefei(root / "hefei", LABELS * 6, records=24)
    forms.cpsc2018(root / "cpsc", [str(k % 9 + 1) for k in range(90)], records=90)
    forms.chapman_table(root / "chapman", ["SB", "AFIB", "SR", "SVT"] * 8, records=32)
    write_pages(root / "pages", count=7, seed=3, preset="clean", long_side_px=400, csv_output=root / "csvs")
    write_pages(root / "scan", count=1, seed=5, preset="clean", layout="3x4+1", long_side_px=1500)
    (root / "losses.json").write_text('{"loss_weights": {"seg": 0.5, "signal": 3.0}}')
    (root / "compare.yaml").write_text(yaml.safe_dump(_comparison()))
    (root / "zoo.yaml").write_text(yaml.safe_dump(_zoo()))
    return {
        "MIMIC": f"{root}/mimic", "TABLE": f"{root}/table/records.csv", "STATEMENTS": f"{root}/statements",
        "MITBIH": f"{root}/mitbih", "HEFEI": f"{root}/hefei", "PAGES": f"{root}/pages", "CSVS": f"{root}/csvs",
        "PICTURE": str(next((root / "scan").glob("*.png"))), "LOSSES": f"{root}/losses.json",
        "COMPARE": f"{root}/compare.yaml", "ROOT": str(root), "CPSC": f"{root}/cpsc", "CHAPMAN": f"{root}/chapman",
        "ZOO": f"{root}/zoo.yaml",
    }  # fmt: skip


def _comparison() -> dict[str, object]:
    """Two of the runs of configs/compare_hefei.yaml with its recipe in small."""
    whole = yaml.safe_load((ROOT / "configs/compare_hefei.yaml").read_text())
    recipe = {**whole["recipe"], "data": {**whole["recipe"]["data"], "fs_hz": 50}, "fit": {"epochs": 1, "amp": "off"}}
    runs = {name: whole["runs"][name] for name in ("gru_v1_shared, basic", "gru_v1_shared, age and sex")}
    return {"tasks": whole["tasks"], "recipe": recipe, "runs": runs}


def _zoo() -> dict[str, object]:
    """Two of the runs of configs/compare_zoo.yaml, for the task of its document."""
    whole = yaml.safe_load((ROOT / "configs/compare_zoo.yaml").read_text())
    runs = {name: whole["runs"][name] for name in ("beat_cnn", "clocs")}
    return {"tasks": ["cpsc2018"], "recipe": whole["recipe"], "runs": runs}


@pytest.fixture(scope="module")
def made(places: dict[str, str]) -> dict[str, str]:
    """What the user trained before: a reader of pages, weights for beats, a network with attention, an encoder."""
    root = Path(places["ROOT"])
    given = ["--sim_root", places["PAGES"], "--csv_root", places["CSVS"], "--epochs", "1", *sets(SMALL_READER)]
    assert run("digitize.train", [*given, "--output", str(root / "reader")]) == 0
    (reader,) = (root / "reader").iterdir()
    given = ["--task", "aami_inter", "--data", places["MITBIH"], *sets(SMALL_CLASSIFIER), "--force_cpu"]
    assert run("classify.train", [*given, "--cache_dir", str(root / "cache"), "--output", str(root / "beats")]) == 0
    (beats,) = (root / "beats").iterdir()
    calibrate(beats / "checkpoints/best.pth", Path(places["MITBIH"]), root / "beats.safetensors")
    former = ["net.name=inceptionformer_tiny", "net.options={dims: [16, 24, 32, 40], depths: [1, 2, 2, 2]}"]
    given = ["--task", "cpsc2018", "--data", places["CPSC"], *sets([*SMALL_CLASSIFIER, *former]), "--force_cpu"]
    assert run("classify.train", [*given, "--cache_dir", str(root / "cache"), "--output", str(root / "former")]) == 0
    (judge,) = (root / "former").iterdir()
    calibrate(judge / "checkpoints/best.pth", Path(places["CPSC"]), root / "former.safetensors")
    shared = ["--config", "configs/pretrain_shared.yaml", *sets([*SMALL_PRETRAINING, "task=cpsc2018"])]
    assert run("classify.pretrain", [*shared, "--data", places["CPSC"], "--output", str(root / "encoder")]) == 0
    (encoder,) = (root / "encoder").iterdir()
    checkpoints = reader / "checkpoints"
    return {
        "LAST": str(checkpoints / "last.pth"), "BEST": str(checkpoints / "best.pth"),
        "BEATS": str(root / "beats.safetensors"), "JUDGE": str(judge / "checkpoints/best.pth"),
        "FORMER": str(root / "former.safetensors"), "ENCODER": str(encoder / "checkpoints/best.pth"),
    }  # fmt: skip


def run(module: str, words: list[str]) -> int:
    name = f"{module}.__main__" if module == "classify.features" else module
    return int(importlib.import_module(name).main(words))


@pytest.mark.slow
@pytest.mark.parametrize(
    "line",
    [pytest.param(line, id=f"{title[:5]} {line.sentence}") for title, lines in DOCUMENTS.items() for line in lines],
)
def test_a_line_of_the_documents_does_what_it_says(
    line: Line, places: dict[str, str], made: dict[str, str], tmp_path: Path,
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(ROOT)
    stand_for = {**places, **made, "OUT": str(tmp_path)}
    _, _, module, *words = shlex.split(line.command)
    words = [re.sub("[A-Z]+", lambda found: stand_for.get(found[0], found[0]), word) for word in words]
    cache = ["--cache_dir", str(tmp_path / "cache")] if module == "classify.train" else []
    capsys.readouterr()
    assert run(module, [*words, *cache, *small(module, words)]) == 0
    said = "".join(capsys.readouterr())
    assert line.says in said
    for pattern in line.leaves:
        assert list(tmp_path.glob(pattern)), f"{pattern} in {sorted(map(str, tmp_path.rglob('*')))}"


def test_the_document_shows_these_lines() -> None:
    text = (ROOT / "docs/documents.md").read_text(encoding="utf-8")
    assert text.partition(MARK)[2].strip() == tables().strip()


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize("own", [False, True], ids=["from nothing", "on pages by id"])
def test_train_sh_goes_through_its_five_stages(own: bool, places: dict[str, str], tmp_path: Path) -> None:
    recipe = {
        "kind": "page", "net": NET, "pages": {"shares": {"clean": 1.0}, "size_px": [128, 96], "validation_samples": 2},
        "fit": {"batch_size": 2, "amp": "off", "show_every": 0, "device": "cpu"},
    }  # fmt: skip
    judge = {
        "data": {"fs_hz": 100, "simulated": 20}, "net": {"options": {"widths": [8, 8], "blocks": 1}},
        "fit": {"epochs": 1, "batch_size": 8, "amp": "off", "device": "cpu"},
    }  # fmt: skip
    for name, content in (("reader.yaml", recipe), ("judge.yaml", judge)):
        (tmp_path / name).write_text(yaml.safe_dump(content))
    env = {key: value for key, value in os.environ.items() if key not in ("ECG_DATA", "SIM_ROOT", "CSV_ROOT")}
    env |= {"PYTHON": sys.executable, "WORK": str(tmp_path / "work"), "EPOCHS": "1", "PAGES": "3"}
    env |= {"CONFIG": str(tmp_path / "reader.yaml"), "DIAGNOSIS": str(tmp_path / "judge.yaml")}
    if own:
        root = page_forms.by_id(tmp_path / "own", Path(places["PICTURE"]).parent)
        shutil.copytree(root / "1006427285", root / "1006427299")
        env |= {"SIM_ROOT": str(root), "CSV_ROOT": str(root)}
        for path in (root / "1006427299").iterdir():
            path.rename(path.with_name(path.name.replace("7285", "7299")))
        with (tmp_path / "own/train.csv").open("a") as table:
            table.write("1006427299,250,2500\n")
    done = subprocess.run([str(ROOT / "train.sh"), "--yes"], env=env, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr[-3000:]
    (home,) = [path.parent for path in (tmp_path / "work").glob("*/done")]
    assert (home / "review/report.md").is_file() and (home / "diagnosis-evaluation/evaluation.md").is_file()
    assert (home / "sample/page.png").is_file() and list((home / "sample").glob("*.diagnosis.json"))
    assert "what was just trained" in done.stdout
