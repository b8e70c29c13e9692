"""A run's folder: `run_YYYYmmdd_HHMMSS/{checkpoints,tensorboard,logs,config.json,metrics.jsonl}`."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

ROOT = "experiments"


@dataclass(frozen=True)
class RunFolder:
    """Where one training keeps everything it writes."""

    path: Path

    @classmethod
    def create(cls, recipe: Mapping[str, Any], root: str | Path = ROOT) -> RunFolder:
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
            raise ValueError(f"{checkpoint}: not inside a run folder (no config.json in {path})")
        return cls(path)

    def _furnish(self, recipe: Mapping[str, Any]) -> RunFolder:
        from ecg.formats import write_text

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

    def metrics(self, row: Mapping[str, Any]) -> None:
        """Append one line to metrics.jsonl."""
        with (self.path / "metrics.jsonl").open("a") as file:
            file.write(json.dumps(row) + "\n")

    def log(self, line: str) -> None:
        """A line for people: to logs/train.log with the time, and to stderr."""
        print(line, file=sys.stderr, flush=True)
        with (self.path / "logs" / "train.log").open("a") as file:
            file.write(f"{datetime.now():%Y-%m-%d %H:%M:%S}  {line}\n")
