"""A run's folder: `run_YYYYmmdd_HHMMSS/` with checkpoints, board, logs, recipe, origin and metrics."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ecg.files import InputError, JsonMapping, JsonObject
from ecg.formats import write_text

ROOT = "experiments"


@dataclass(frozen=True)
class RunFolder:
    """Where one training keeps everything it writes."""

    path: Path

    @classmethod
    def create(cls, recipe: JsonMapping, root: str | Path = ROOT) -> RunFolder:
        """A new folder under `root` with the recipe in it; a second run in the same second gets -2."""
        stem = datetime.now().strftime("run_%Y%m%d_%H%M%S")
        for number in range(1, 1000):
            path = Path(root) / (stem if number == 1 else f"{stem}-{number}")
            try:
                path.mkdir(parents=True)
            except FileExistsError:
                continue
            return cls(path)._furnish(recipe)
        raise FileExistsError(f"{root}: a thousand runs named {stem} already")

    @classmethod
    def of_checkpoint(cls, checkpoint: str | Path) -> RunFolder:
        """The folder that a checkpoint lies in, so that a resumed run goes on in it."""
        path = Path(checkpoint).resolve().parent.parent
        if not (path / "config.json").is_file():
            if not Path(checkpoint).is_file():
                raise FileNotFoundError(f"{checkpoint}: no such checkpoint")
            raise ValueError(f"{checkpoint}: not inside a run folder (no config.json in {path})")
        return cls(path)

    @classmethod
    def open(cls, recipe: JsonMapping, root: str | Path, resume: str | Path | None) -> RunFolder:
        """The folder of the checkpoint to go on from, with the recipe that it goes on with, or a new one."""
        return cls.of_checkpoint(resume)._furnish(recipe) if resume else cls.create(recipe, root)

    def _furnish(self, recipe: JsonMapping) -> RunFolder:
        for folder in (self.checkpoints, self.tensorboard, self.path / "logs"):
            folder.mkdir(exist_ok=True)
        write_text(self.path / "config.json", json.dumps(recipe, indent=2))
        return self

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    @property
    def tensorboard(self) -> Path:
        return self.path / "tensorboard"

    def check_there(self) -> None:
        """Raise InputError where the folder has vanished: nothing of the run would be found again."""
        if not self.checkpoints.is_dir():
            raise InputError(f"{self.path}: the run's folder has vanished; start anew, or put it back and --resume")

    def keep_source(self, places: Mapping[str, Path | None]) -> None:
        """Note where the data lie that the run is trained on, for whoever resumes it."""
        whole = {name: str(place.resolve()) if place else None for name, place in places.items()}
        write_text(self.path / "source.json", json.dumps(whole, indent=2))

    def source(self) -> dict[str, Path | None]:
        """Where the data lie, by the names that they were kept under; empty for a run of an earlier version."""
        kept = self.path / "source.json"
        places: JsonObject = json.loads(kept.read_text()) if kept.is_file() else {}
        return {name: Path(place) if place else None for name, place in places.items()}

    def start(self, facts: JsonMapping, epoch: int) -> None:
        """Note a start after `epoch` epochs: its origin in starts.jsonl; what a killed start left beyond goes."""
        _append(self.path / "starts.jsonl", {**facts, "after_epoch": epoch})
        for left in self.checkpoints.glob(".*.pth"):
            left.unlink()
        kept = [json.dumps(row) + "\n" for row in self.rows() if row["epoch"] <= epoch]
        write_text(self.path / "metrics.jsonl", "".join(kept))

    def starts(self) -> list[JsonObject]:
        return _lines(self.path / "starts.jsonl")

    def metrics(self, row: JsonMapping) -> None:
        """Append one line to metrics.jsonl."""
        self.check_there()
        _append(self.path / "metrics.jsonl", _without_nan(row))

    def rows(self) -> list[JsonObject]:
        """The lines of metrics.jsonl, one per epoch."""
        return _lines(self.path / "metrics.jsonl")

    def recipe(self) -> JsonObject:
        """The recipe that the run was started with."""
        path = self.path / "config.json"
        try:
            loaded = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InputError(f"{path}: the run's recipe cannot be read ({error})") from error
        if not isinstance(loaded, dict):
            raise InputError(f"{path}: the run's recipe must be an object, got {type(loaded).__name__}")
        return loaded

    def log(self, line: str) -> None:
        """A line for people: to logs/train.log with the time, and to stderr."""
        print(line, file=sys.stderr, flush=True)
        self.check_there()
        with (self.path / "logs" / "train.log").open("a") as file:
            file.write(f"{datetime.now():%Y-%m-%d %H:%M:%S}  {line}\n")


def _append(path: Path, row: JsonMapping) -> None:
    with path.open("a") as file:
        file.write(json.dumps(row) + "\n")


def _without_nan(row: JsonMapping) -> JsonObject:
    """JSON knows no NaN: a metric that could not be computed is null."""
    return {key: _without_nan(item) if isinstance(item, Mapping) else _null_for_nan(item) for key, item in row.items()}


def _null_for_nan(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _lines(path: Path) -> list[JsonObject]:
    """The rows of a .jsonl file; a last line that a kill cut short is left out."""
    rows = []
    for line in path.read_text().splitlines() if path.is_file() else ():
        try:
            rows.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return rows
