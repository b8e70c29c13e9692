"""Train a classifier: `python -m classify.train [--task ptbxl] [--config configs/diagnosis.yaml] [--data FOLDER]`."""

from __future__ import annotations

import argparse
from pathlib import Path

from classify.options import add_places, add_task
from classify.tasks import TASKS
from ecg.cli import add_data, command_parser, entry
from ecg.fit.launch import finish
from ecg.fit.options import add_options, changes

RECIPE, BEATS_RECIPE = "configs/diagnosis.yaml", "configs/beats.yaml"
KEYS = {
    "task": "task",
    "max_samples": "data.draws",
    "cache_dir": "data.cache",
    "base_path": "data.base_path",
    "records": "data.records",
}
DEBUG = ("data.draws=100", "data.simulated=100")


def parser() -> argparse.ArgumentParser:
    p = command_parser("classify.train")
    add_options(p, f"{RECIPE}, or {BEATS_RECIPE} for a task of single beats")
    add_task(p, "labels and collections (default: the recipe's)", default=None)
    add_data(p)
    add_places(p)
    p.add_argument("--cache_dir", type=Path, help="where recordings once read are kept (default: the recipe's)")
    return p


@entry(parser)
def main(options: argparse.Namespace) -> int:
    """0 when trained, 1 when a file cannot be read or written, 2 for a wrong recipe or value, 130 when interrupted."""
    from classify.training.trainer import train_and_report
    from ecg.fit.resumed import config_of, source_of

    o = options
    config, data = config_of(o, default_recipe(o.task)), source_of(o, "data")["data"]
    return train_and_report(config, changes(o, KEYS, DEBUG), data, o.output, o.resume, o.start)


def default_recipe(task: str | None) -> str:
    """The recipe that is followed where none is named."""
    return BEATS_RECIPE if task and TASKS[task].of_beats else RECIPE


if __name__ == "__main__":
    finish(main)
