"""`Job`: which pages are asked for. Every page is a pure function of the job, its number and its recording."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypedDict

import numpy as np

from ecg import read
from ecg.files import JsonObject
from ecg.formats.rates import Rates, rate_of
from ecg.layout import Layout, template
from ecg.page import DURATION_S, FS_HZ
from ecg.reading import Reading, SceneTruth
from ecg.record import Record
from simulate.dataset.page_stream import SyntheticHearts
from simulate.presets import MIXED, presets
from simulate.printed.sheet import printed
from simulate.scene import Scene

_SHORTEST_S = 1.0  # with less of any lead on it, a page is not worth printing
_TRIES = 60


class JobOptions(TypedDict, total=False):
    """The fields of a `Job`, as functions take them on."""

    seed: int
    preset: str
    layout: str | None
    difficulty: float
    long_side_px: int | None
    fs_hz: Rates
    unit: str | None


@dataclass(frozen=True)
class Job:
    """A preset ("mixed" draws from all, each by its share), a layout by name, and how hard: `difficulty` in 0..1.

    `layout` None draws one, `long_side_px` None leaves the size to the preset. `fs_hz` and `unit` are those of CSV
    recordings that do not say it themselves.
    """

    seed: int = 0
    preset: str = MIXED
    layout: str | None = None
    difficulty: float = 1.0
    long_side_px: int | None = None
    fs_hz: Rates = None
    unit: str | None = None

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise ValueError(f"seed must be 0 or more, got {self.seed}")
        if self.preset not in (*presets(), MIXED):
            raise ValueError(f"unknown preset {self.preset!r}: expected one of {', '.join(presets())}, {MIXED}")
        if self.layout is not None:
            template(self.layout)
        if not 0 <= self.difficulty <= 1:
            raise ValueError(f"difficulty must lie between 0 (none) and 1 (all), got {self.difficulty:g}")
        if self.long_side_px is not None and not 200 <= self.long_side_px <= 10_000:
            raise ValueError(f"long_side_px must lie between 200 and 10000, got {self.long_side_px}")

    def sources(self, records: Sequence[Path] | None, count: int) -> list[Path | None]:
        """The recordings of pages 0, 1 ...: each once in a shuffled order, then again; None if synthetic."""
        if records is None:
            return [None] * count
        order = np.random.default_rng([self.seed, 22]).permutation(len(records))
        return [records[int(order[index % len(records)])] for index in range(count)]

    def page(self, index: int, source: Path | None) -> Reading:
        """Draw page `index` from a recording (None: a synthetic heart); its pixels are in the reading.

        Raises OSError or ValueError, with the recording's name, for one that cannot be read or shows nothing.
        """
        rng = np.random.default_rng([self.seed, index, 21])
        if source is None:
            record = SyntheticHearts(seed=self.seed)[index]
        else:
            whole = read(source, rate_of(self.fs_hz, Path(source)), self.unit)
            for note in whole.notes:
                warnings.warn(f"{source}: {note.text}", stacklevel=2)
            record = stretch(whole, source, rng)
        scene = self._scene(rng, record)
        if scene is None:
            where = f"the layout {self.layout}" if self.layout else "any layout"
            raise ValueError(f"{source}: {where} would print less than {_SHORTEST_S:g} s of {', '.join(record.leads)}")
        _, reading = scene.render(record)
        drawn = replace(reading.scene or SceneTruth(), simulated=self._settings(index, scene, record, source))
        return replace(reading, scene=drawn)

    def _scene(self, rng: np.random.Generator, record: Record) -> Scene | None:
        """The first scene at random whose layout shows enough of the record; most records are shown by all."""
        names = list(presets()) if self.preset == MIXED else [self.preset]
        shares = np.array([presets()[name]["share"] for name in names])
        for _ in range(_TRIES):
            preset = str(rng.choice(names, p=shares / shares.sum()))
            scene = Scene.sample(int(rng.integers(2**31)), preset, self.difficulty, self.layout)
            if _shown_s(record, scene.layout) >= _SHORTEST_S:
                return replace(scene, long_side_px=self.long_side_px or scene.long_side_px)
        return None

    def _settings(self, index: int, scene: Scene, record: Record, source: Path | None) -> JsonObject:
        labels = record.meta.get("labels", [])
        return {
            "index": index,
            "source": source.stem if source else "synthetic",
            "start_s": record.meta.get("start_s", 0.0),
            "labels": [labels] if isinstance(labels, str) else list(labels),
            "preset": scene.preset,
            "seed": self.seed,
            "scene_seed": scene.seed,
            "difficulty": self.difficulty,
            "effects": {name: round(strength, 4) for name, strength in scene.effects.items()},
        }


def stretch(record: Record, source: Path, rng: np.random.Generator) -> Record:
    """Ten seconds at 500 Hz from anywhere in a record, as time 0; a shorter one is followed by nothing (NaN).

    `meta["start_s"]` is where they began. Raises ValueError when there is no value in them.
    """
    spare_s = max(0.0, record.duration_s - DURATION_S)
    first = int(rng.uniform(0, spare_s) * record.fs_hz)
    cut = replace(record, start_s=0.0).crop(first / record.fs_hz, DURATION_S)
    if not np.isfinite(cut.signal_mv).any():
        raise ValueError(f"{source}: no lead has a value in the {DURATION_S:g} s from {cut.start_s:.1f} s on")
    begins = {"start_s": round(record.start_s + cut.start_s, 4)}
    cut = replace(cut, start_s=0.0, meta={**record.meta, **begins})
    return cut if cut.fs_hz == FS_HZ else cut.resample(FS_HZ)


def _shown_s(record: Record, layout: Layout) -> float:
    """How much of its best lead a layout prints, s."""
    return float(np.isfinite(printed(record, layout).signal_mv).sum(1).max() / record.fs_hz)
