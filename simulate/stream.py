"""Hearts and scenes without end: which record goes on which page is a pure function of (seed, epoch, index)."""

from __future__ import annotations

import csv
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np

from ecg.leads import STANDARD
from ecg.reading import Page, Reading
from ecg.record import Record
from simulate.scene import Scene

# These PTB-XL recordings stand on the photographed pages that measure the digitizer.
HELD_OUT_ECG_IDS = frozenset({"1630", "2579", "2694", "3515", "3908"})


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
        from simulate.heart import synthetic_record

        return synthetic_record(self.seed * 1_000_003 + index)


class RecordedHearts:
    """Recordings kept in memory as int16 microvolts, [record, 12, sample] at 500 Hz; NaN is the lowest number."""

    def __init__(self, paths: Sequence[Path], duration_s: float = 10.0) -> None:
        from ecg.formats import read

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
            raise ValueError(f"none of the {len(paths)} recordings could be read; expected WFDB, CSV or JSON records")
        self.store = np.stack(rows)

    def __len__(self) -> int:
        return len(self.store)

    def __getitem__(self, index: int) -> Record:
        counts = self.store[index]
        signal = np.where(counts == -32768, np.nan, counts.astype(np.float32) / 1000)
        return Record(signal, 500.0, STANDARD, 0.0, {"source": self.paths[index].stem})


@dataclass(frozen=True, eq=False)
class MixedHearts:
    """Several sources, each with a share of the draws."""

    sources: Sequence[Hearts]
    shares: Sequence[float]

    def draw(self, rng: np.random.Generator) -> Record:
        """One record, sometimes with its amplitude changed a little."""
        weights = np.array(self.shares) / np.sum(self.shares)
        source = self.sources[int(rng.choice(len(self.sources), p=weights))]
        record = source[int(rng.integers(len(source)))]
        scale = float(np.exp(rng.normal(0, 0.15))) if rng.random() < 0.5 else 1.0
        return replace(record, signal_mv=record.signal_mv * scale)


def ptbxl_records(root: Path, keep: Callable[[Mapping[str, str]], bool]) -> list[Path]:
    """Header paths of the PTB-XL recordings under `root` whose row of index.csv is kept, held-out ones never."""
    rows = {row["ecg_id"]: row for row in csv.DictReader((root / "index.csv").open(newline=""))}
    found = []
    for path in sorted(root.rglob("*_hr.hea")):
        ecg_id = path.stem.removesuffix("_hr").lstrip("0")
        if ecg_id in rows and ecg_id not in HELD_OUT_ECG_IDS and keep(rows[ecg_id]):
            found.append(path)
    return found


def training_hearts(data: Path | None) -> MixedHearts:
    """Real recordings (PTB-XL folds 0-2 and the CinC mix under `data`) with a share of synthetic ones.

    Without `data` all hearts are synthetic.
    """
    synthetic = SyntheticHearts()
    if data is None:
        return MixedHearts([synthetic], [1.0])
    real = RecordedHearts(ptbxl_records(data / "ptbxl", lambda row: row["cv5"] in ("0", "1", "2")))
    mixed = RecordedHearts(sorted((data / "cinc_mix").glob("*.hea")))
    return MixedHearts([real, mixed, synthetic], [0.65, 0.15, 0.2])


def validation_hearts(data: Path | None) -> MixedHearts:
    """Hearts that training never draws: PTB-XL fold 3 under `data`, or synthetic ones of other seeds."""
    if data is None:
        return MixedHearts([SyntheticHearts(seed=7)], [1.0])
    return MixedHearts([RecordedHearts(ptbxl_records(data / "ptbxl", lambda row: row["cv5"] == "3"))], [1.0])


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
