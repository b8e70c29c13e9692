"""train.sh as a table of contents: which commands it calls in which stage, and what it leaves out the second time."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# What the last stage does with the networks that were trained.
SHOWN = ("digitize.evaluate", "digitize.visualize", "digitize.infer", "classify.evaluate", "classify.infer")
# Stands in for Python: writes down what it was called with, and leaves what a training leaves.
FAKE = """#!/usr/bin/env bash
echo "$*" >> "$CALLS"
[[ "$*" != "-c "* ]] || { echo "${GPUS:-0}"; exit; }
[[ "$*" == *.train" "* ]] || exit 0
while [ "$1" != --output ]; do shift; done
mkdir -p "$2/run_1/checkpoints"
touch "$2/run_1/checkpoints/last.pth" "$2/run_1/checkpoints/best.pth"
[[ "$2" != *"/${CUT_OFF:-nothing}" ]] || exit 130
"""


@dataclass
class Shell:
    """Runs train.sh with the stand-in."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)

    def __call__(self, *options: str, answer: str = "", **env: str) -> subprocess.CompletedProcess[str]:
        (self.folder / "calls").write_text("")
        own = {key: value for key, value in os.environ.items() if key not in ("SIM_ROOT", "CSV_ROOT")}
        own |= {"PYTHON": str(self.folder / "python"), "CALLS": str(self.folder / "calls")}
        own |= {"WORK": str(self.folder / "work"), **env}
        command = [str(ROOT / "train.sh"), *options]
        return subprocess.run(command, env=own, input=answer, capture_output=True, text=True)

    @property
    def calls(self) -> list[str]:
        every = (self.folder / "calls").read_text().splitlines()
        return [call.removeprefix("-m ") for call in every if not call.startswith("-c ")]

    def names(self) -> list[str]:
        return [call.split()[0] for call in self.calls]


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    fake = tmp_path / "python"
    fake.write_text(FAKE)
    fake.chmod(0o755)
    return Shell(tmp_path)


def test_from_nothing_all_five_stages_are_gone_through_and_then_skipped(shell: Shell) -> None:
    done = shell("--yes")
    assert done.returncode == 0, done.stderr
    assert shell.names() == [
        "ecg.fit.doctor", "simulate", "digitize.training.validate_data", "digitize.train", "classify.train",
        "digitize.train", "classify.train", *SHOWN,
    ]  # fmt: skip
    shown = shell.calls[7:]
    assert all("/pages/run_1/checkpoints/best.pth" in call for call in shown[:3])
    assert "/diagnosis/run_1/checkpoints/best.pth" in shown[3]
    assert "/diagnosis/run_1/checkpoints/best.safetensors" in shown[4]
    debug, full = shell.calls[3], shell.calls[5]
    assert "--config configs/small.yaml" in debug and "--debug" in debug
    assert "--epochs 100" in full and "--resume" not in full and "--debug" not in full
    again = shell("--yes")
    assert (again.returncode, shell.calls) == (0, [])
    assert again.stdout.count("is done") == 5


def test_a_training_that_was_cut_off_is_resumed(shell: Shell) -> None:
    cut = shell("--yes", CUT_OFF="pages")
    assert cut.returncode == 130
    assert "the same command goes on from here" in cut.stderr
    assert shell.names()[-1] == "digitize.train"
    assert shell("--yes").returncode == 0
    assert shell.names() == ["digitize.train", "classify.train", *SHOWN]
    assert shell.calls[0].endswith("/pages/run_1/checkpoints/last.pth")
    assert "--resume" in shell.calls[0] and "--resume" not in shell.calls[1]


def test_ones_own_pages_are_not_drawn_and_get_the_whole_network(shell: Shell) -> None:
    assert shell("--yes", "--stage", "2", SIM_ROOT="/p", CSV_ROOT="/s", ECG_DATA="/e").returncode == 0
    check, validate = shell.calls
    assert check == "digitize.training.validate_data --sim_root /p --csv_root /s"
    assert validate == "classify.validate_data --task ptbxl --root /e"
    shell("--yes", "--stage", "4", SIM_ROOT="/p", EPOCHS="7", ECG_DATA="/e")
    pages, recordings = shell.calls
    assert "--config configs/whole_page.yaml --sim_root /p --csv_root /p" in pages and "--epochs 7" in pages
    assert "--task ptbxl --data /e" in recordings


def test_other_settings_are_another_training(shell: Shell) -> None:
    shell("--yes", "--stage", "4")
    shell("--yes", "--stage", "4", EPOCHS="50")
    assert "--resume" not in shell.calls[0]
    shell("--yes", "--stage", "4")
    assert "--resume" in shell.calls[0]


def test_several_gpus_are_all_used(shell: Shell) -> None:
    shell("--yes", "--stage", "4", GPUS="4")
    assert shell.calls[0].startswith("torch.distributed.run --standalone --nproc_per_node 4 -m digitize.train --config")


def test_it_asks_before_each_stage(shell: Shell) -> None:
    assert shell("--stage", "1", answer="y\n").returncode == 0
    assert shell.names() == ["ecg.fit.doctor"]
    assert shell(answer="n\n").returncode == 0
    assert shell.calls == []
    silent = shell("--stage", "1")
    assert (silent.returncode, shell.calls) == (2, [])
    assert "say --yes" in silent.stderr


@pytest.mark.parametrize(
    ("options", "words"), [(["--stage", "6"], "1 to 5"), (["--stage"], "1 to 5"), (["--al"], "--al")]
)
def test_wrong_options_are_named(options: list[str], words: str, shell: Shell) -> None:
    done = shell(*options)
    assert (done.returncode, shell.calls) == (2, [])
    assert words in done.stderr
