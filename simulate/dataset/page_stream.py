"""Hearts and scenes without end: which record goes on which page is a pure function of (seed, epoch, index)."""

from __future__ import annotations

import csv
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np

from ecg.formats import read
from ecg.leads import STANDARD
from ecg.page import Page
from ecg.reading import Reading
from ecg.record import Record
from simulate.dataset.held_out import is_held_out, ptbxl_id
from simulate.heart import synthetic_record
from simulate.scene import Scene

_TALL_SHARE = 0.08  # of the hearts that are trained on
_ELECTRODE_OFF = 0.03  # how often a synthetic patient has lost an electrode
_TRAIN, _VALIDATE = ("0", "1", "2"), "3"  # values of cv5 in PTB-XL's index.csv: folds apart by patient
_EXPECTED = (
    "expected a folder of real recordings with ptbxl/index.csv (ecg_id, cv5), ptbxl/**/*_hr.hea and cinc_mix/*.hea; "
    "without --data and ECG_DATA hearts are synthetic"
)


class Hearts(Protocol):
    """Any source of records by number."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int) -> Record: ...


class SyntheticHearts:
    """`simulate.heart` without end, one record a seed."""

    def __init__(self, count: int = 1_000_000, seed: int = 0) -> None:
        self.count, self.seed = count, seed

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Record:
        number = self.seed * 1_000_003 + index
        has_lost = np.random.default_rng([number, 31]).random() < _ELECTRODE_OFF
        return synthetic_record(number, electrode_off=bool(has_lost))


class RecordedHearts:
    """Recordings kept in memory as int16 microvolts, [record, 12, sample] at 500 Hz; NaN is the lowest number."""

    def __init__(self, paths: Sequence[Path], duration_s: float = 10.0) -> None:
        self.paths: list[Path] = []
        rows = []
        for path in paths:
            try:
                record = read(str(path)).resample(500.0)
            except (OSError, ValueError) as error:
                warnings.warn(f"left out: {error}", stacklevel=2)
                continue
            mv = replace(record, start_s=0.0).crop(0.0, duration_s).select().signal_mv
            counts = np.clip(np.round(mv * 1000), -32767, 32767)
            rows.append(np.where(np.isfinite(counts), counts, -32768).astype(np.int16))
            self.paths.append(path)
        if not rows:
            raise ValueError(f"none of the {len(paths)} recordings could be read; see docs/formats.md for what is")
        self.store = np.stack(rows)

    def __len__(self) -> int:
        return len(self.store)

    def __getitem__(self, index: int) -> Record:
        counts = self.store[index]
        signal = np.where(counts == -32768, np.nan, counts.astype(np.float32) / 1000)
        return Record(signal, 500.0, STANDARD, 0.0, {"source": self.paths[index].stem})


@dataclass(frozen=True, eq=False)
class MixedHearts:
    """Several sources, each with a share of the draws; `tall` of these are as tall as hypertrophy makes them."""

    sources: Sequence[Hearts]
    shares: Sequence[float]
    tall: float = 0.0

    def draw(self, rng: np.random.Generator) -> Record:
        """One record, sometimes with its amplitude changed a little."""
        weights = np.array(self.shares) / np.sum(self.shares)
        source = self.sources[int(rng.choice(len(self.sources), p=weights))]
        record = source[int(rng.integers(len(source)))]
        kind, scale = rng.random(), 1.0
        if kind < self.tall:
            scale = float(rng.uniform(1.3, 2.2))
        elif kind < 0.5:
            scale = float(np.exp(rng.normal(0, 0.15)))
        return replace(record, signal_mv=record.signal_mv * scale)


def ptbxl_records(root: Path, keep: Callable[[Mapping[str, str]], bool]) -> list[Path]:
    """Header paths of the PTB-XL recordings under `root` whose row of index.csv is kept, held-out ones never."""
    rows = _ptbxl_rows(root)
    found = [path for path in sorted(root.rglob("*_hr.hea")) if not is_held_out(path)]
    return [path for path in found if (ecg_id := ptbxl_id(path)) in rows and keep(rows[ecg_id])]


def _ptbxl_rows(root: Path) -> dict[str | None, dict[str, str]]:
    path = root / "index.csv"
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file; {_EXPECTED}")
    with path.open(newline="") as file:
        table = csv.DictReader(file)
        missing = {"ecg_id", "cv5"} - set(table.fieldnames or ())
        if missing:
            raise ValueError(f"{path}: lacks the columns {', '.join(sorted(missing))}; {_EXPECTED}")
        return {row["ecg_id"]: row for row in table}


def _cinc_records(data: Path) -> list[Path]:
    """The CinC recordings but for those that are PTB-XL's under another name and are held out or validate."""
    rows = _ptbxl_rows(data / "ptbxl")
    found = [path for path in sorted((data / "cinc_mix").glob("*.hea")) if not is_held_out(path)]
    if not found:
        raise FileNotFoundError(f"{data / 'cinc_mix'}: no recordings here; {_EXPECTED}")
    return [path for path in found if rows.get(ptbxl_id(path), {}).get("cv5") != _VALIDATE]


def training_hearts(data: Path | None) -> MixedHearts:
    """Real recordings (PTB-XL folds 0-2 and the CinC mix under `data`) with a share of synthetic ones.

    Without `data` all hearts are synthetic.
    """
    synthetic = SyntheticHearts()
    if data is None:
        return MixedHearts([synthetic], [1.0], _TALL_SHARE)
    real = RecordedHearts(ptbxl_records(data / "ptbxl", lambda row: row["cv5"] in _TRAIN))
    mixed = RecordedHearts(_cinc_records(data))
    return MixedHearts([real, mixed, synthetic], [0.65, 0.15, 0.2], _TALL_SHARE)


def validation_hearts(data: Path | None) -> MixedHearts:
    """Hearts that training never draws: PTB-XL fold 3 under `data`, or synthetic ones of other seeds."""
    if data is None:
        return MixedHearts([SyntheticHearts(seed=7)], [1.0])
    return MixedHearts([RecordedHearts(ptbxl_records(data / "ptbxl", lambda row: row["cv5"] == _VALIDATE))], [1.0])


@dataclass(frozen=True)
class PageStream:
    """Endless pages with their truth; `shares` gives each preset's part."""

    hearts: MixedHearts
    seed: int
    shares: Mapping[str, float]
    difficulty: float = 1.0

    def scene(self, rng: np.random.Generator) -> Scene:
        names, weights = list(self.shares), np.array(list(self.shares.values()), dtype=float)
        preset = str(rng.choice(names, p=weights / weights.sum()))
        return Scene.sample(int(rng.integers(2**31)), preset, self.difficulty)

    def page(self, rng: np.random.Generator, long_side_px: int | None = None) -> tuple[Page, Reading]:
        """One page; `long_side_px` overrides the scene's own size."""
        scene, record = self.scene(rng), self.hearts.draw(rng)
        if long_side_px is not None:
            scene = replace(scene, long_side_px=long_side_px)
        return scene.render(record)
