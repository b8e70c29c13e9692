"""Arrays for training: every recording once on the network's time grid, then masked and varied anew in each epoch."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from classify import features, pagelike
from classify.labels import targets
from classify.prepare import on_grid, prepare
from classify.recipe import DataSettings
from classify.sources import Example
from ecg.formats import atomic_path, read
from ecg.leads import STANDARD
from ecg.record import Record

_ZSCORE_FS_HZ = 125.0
_CACHE_VERSION = 1
_USUAL_SPREAD_MV = 0.15


@dataclass(frozen=True, eq=False)
class Arrays:
    """Recordings on one grid, all arrays [record, ...].

    `signal` is float16 [record, 12, sample] with NaN, `features` [record, 8], `targets` [record, label]; `part` and
    `source` are the part of the split and the collection of every record.
    """

    signal: np.ndarray
    features: np.ndarray
    targets: np.ndarray
    part: np.ndarray
    source: np.ndarray
    fs_hz: float

    def where(self, chosen: np.ndarray) -> Arrays:
        """The records of a boolean mask [record]."""
        return Arrays(
            self.signal[chosen], self.features[chosen], self.targets[chosen],
            self.part[chosen], self.source[chosen], self.fs_hz,
        )  # fmt: skip

    def of(self, part: str) -> Arrays:
        return self.where(self.part == part)

    def __len__(self) -> int:
        return len(self.signal)


def load_example(example: Example) -> Record:
    """The recording of an example; a z-scored one comes in standard deviations, not in mV."""
    if example.path.suffix == ".npy":
        return Record(np.load(example.path), _ZSCORE_FS_HZ, STANDARD)
    return read(example.path)


def collect(found: Sequence[Example], groups: Sequence[str], fs_hz: float, cache: Path) -> Arrays:
    """Read every example (or the cache of an earlier run); one that cannot be read is listed and left out."""
    key = hashlib.sha256(repr((_CACHE_VERSION, [(str(e.path), e.part) for e in found], groups, fs_hz)).encode())
    path = cache / f"arrays_{key.hexdigest()[:16]}.npz"
    if path.is_file():
        kept = dict(np.load(path).items())
        return Arrays(**{**kept, "fs_hz": float(kept["fs_hz"])})
    arrays = _read_all(found, groups, fs_hz)
    with atomic_path(path) as temporary:
        np.savez(temporary, **vars(arrays))
    return arrays


def from_records(records: Sequence[Record], found: Sequence[Example], groups: Sequence[str], fs_hz: float) -> Arrays:
    """Arrays of recordings in memory, `found[i]` telling what is known of `records[i]`."""
    measured = [features.core_features(record) for record in records]
    for row, example in zip(measured, found, strict=True):
        if not example.in_mv:
            row[:2] = np.nan  # the mean and spread of a z-scored lead say nothing
    return Arrays(
        np.stack([on_grid(record, fs_hz) for record in records]).astype(np.float16),
        np.stack(measured),
        np.stack([targets(example.found, groups) for example in found]),
        np.array([example.part for example in found]),
        np.array([example.source for example in found]),
        fs_hz,
    )


def _read_all(found: Sequence[Example], groups: Sequence[str], fs_hz: float) -> Arrays:
    from tqdm import tqdm

    parts: list[Arrays] = []
    for example in tqdm(found, desc="reading records", file=sys.stderr, disable=not sys.stderr.isatty()):
        try:
            parts.append(from_records([load_example(example)], [example], groups, fs_hz))
        except (OSError, ValueError) as error:
            print(f"{example.path}: left out: {error}", file=sys.stderr)
    if not parts:
        raise ValueError("none of the recordings could be read")
    joined = {k: np.concatenate([getattr(p, k) for p in parts]) for k in vars(parts[0]) if k != "fs_hz"}
    return Arrays(**joined, fs_hz=fs_hz)


class TrainingSet:
    """Map-style: item (epoch, index) is always the same; masks and small variations are drawn anew each epoch."""

    def __init__(self, arrays: Arrays, seed: int, settings: DataSettings) -> None:
        self.arrays, self.seed, self.settings, self.epoch = arrays, seed, settings, 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.arrays)

    def __getitem__(self, index: int) -> dict[str, np.ndarray]:
        from ecg.fit.seeds import rng_for

        rng, fs_hz = rng_for(self.seed, self.epoch, index), self.arrays.fs_hz
        signal = self.arrays.signal[index].astype(np.float32)
        measured = self.arrays.features[index]
        if self.settings.vary:
            signal = pagelike.vary(signal, rng, fs_hz)
        if self.settings.page_masks:
            seen = pagelike.draw_mask(rng, fs_hz, signal.shape[1])
            signal = np.where(seen, signal, np.nan)
            measured = _short_of_evidence(measured, seen)
        z, seen, spread = prepare(signal, fs_hz)
        spread_mv = spread if np.isfinite(self.arrays.features[index, 1]) else None
        if self.settings.vary:
            z = pagelike.disturb(z, rng) * seen
            spread_mv = pagelike.misread_gain(spread_mv, rng)
        inputs = stack_channels(z, seen, spread_mv, self.settings)
        return {"signal": inputs, "features": features.for_network(measured), "target": self.arrays.targets[index]}


def _short_of_evidence(measured: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Features as a masked page gives them: nothing of lead II when it is hidden, no RR spread without a long lead."""
    out = measured.copy()
    if not seen[STANDARD.index("II")].any():
        out[:4] = np.nan
    if seen.mean(1).max() < 0.5:
        out[5:] = np.nan
    return out


def stack_channels(z: np.ndarray, seen: np.ndarray, spread_mv: np.ndarray | None, settings: DataSettings) -> np.ndarray:
    """The network's input [channel, sample]: the leads, then per lead what the settings ask for.

    Mask channels are 1 where the lead is printed. Amplitude channels hold log2(spread / 0.15 mV) there, so that voltage
    survives the z-score; they are 0, the usual value, where the unit is not known (`spread_mv` None).
    """
    parts = [z]
    if settings.mask_channels:
        parts.append(seen.astype(np.float32))
    if settings.amplitude_channels:
        known = np.zeros(len(z), np.float32) if spread_mv is None else spread_mv
        level = np.where(known > 0, np.log2(np.maximum(known, 1e-6) / _USUAL_SPREAD_MV), 0.0)
        parts.append((np.clip(level, -3, 3)[:, None] * seen).astype(np.float32))
    return np.concatenate(parts)


def fixed_inputs(arrays: Arrays, layout: str, settings: DataSettings) -> tuple[np.ndarray, np.ndarray]:
    """(signal [record, channel, sample], features [record, 8]) as a page of one layout would show the records."""
    seen = pagelike.printed(layout, ("II",) if layout.endswith("+1") else (), arrays.fs_hz, arrays.signal.shape[2])
    inputs = []
    for signal, in_mv in zip(arrays.signal, np.isfinite(arrays.features[:, 1]), strict=True):
        z, visible, spread = prepare(np.where(seen, signal.astype(np.float32), np.nan), arrays.fs_hz)
        inputs.append(stack_channels(z, visible, spread if in_mv else None, settings))
    measured = np.stack([_short_of_evidence(row, seen) for row in arrays.features])
    return np.stack(inputs), features.for_network(measured)
