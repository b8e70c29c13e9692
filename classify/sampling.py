"""Which examples an epoch of training shows: all of them once, or as many of every class."""

from __future__ import annotations

from typing import Any

import numpy as np

from ecg.fit.batches import EpochDataset
from ecg.fit.seeds import rng_for

_STREAM = 0xBA1A  # keeps these draws apart from those of the examples


class Draws:
    """A dataset of `draws` examples of another, drawn anew each epoch.

    With targets [example, label] every label is drawn as often as the others, and its examples in turn, with
    replacement where they are few; an example without any label counts as one more label. Without targets the examples
    are drawn without replacement as long as they last.
    """

    def __init__(self, dataset: EpochDataset, draws: int, seed: int, targets: np.ndarray | None = None) -> None:
        self.dataset, self.draws, self.seed = dataset, draws, seed
        self.pools = [np.arange(len(dataset))] if targets is None else _pools(targets)
        self.set_epoch(0)

    def set_epoch(self, epoch: int) -> None:
        self.dataset.set_epoch(epoch)
        rng = rng_for(self.seed, epoch, _STREAM)
        share = -(-self.draws // len(self.pools))
        drawn = np.concatenate([_in_turn(rng, pool, share) for pool in self.pools])
        self.chosen = rng.permutation(drawn)[: self.draws]

    def __len__(self) -> int:
        return self.draws

    def __getitem__(self, index: int) -> Any:
        return self.dataset[int(self.chosen[index])]


def _pools(targets: np.ndarray) -> list[np.ndarray]:
    has = np.nan_to_num(targets) > 0.5
    every = [*has.T, ~has.any(1)]
    return [np.flatnonzero(rows) for rows in every if rows.any()]


def _in_turn(rng: np.random.Generator, pool: np.ndarray, count: int) -> np.ndarray:
    rounds = -(-count // len(pool))
    return np.concatenate([rng.permutation(pool) for _ in range(rounds)])[:count]
