"""Which examples an epoch of training shows: all of them once, or as many of every class."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ecg.fit.dataloader import EpochDataset
from ecg.fit.seeds import rng_for

_STREAM = 0xBA1A  # keeps these draws apart from those of the examples
_MAX_REPEATS = 3  # shown more often in one epoch, an example is only overfitted


class Draws:
    """A dataset of `draws` examples of another, drawn anew each epoch.

    With targets [example, label] every label is drawn as often as the others, its examples in turn and none more than
    three times; an example without any label counts as one more label. Without targets the examples are drawn in turn.
    """

    def __init__(self, dataset: EpochDataset, draws: int, seed: int, targets: np.ndarray | None = None) -> None:
        self.dataset, self.draws, self.seed = dataset, draws, seed
        self.pools = [np.arange(len(dataset))] if targets is None else _pools(targets)
        self.set_epoch(0)

    def set_epoch(self, epoch: int) -> None:
        self.dataset.set_epoch(epoch)
        rng = rng_for(self.seed, epoch, _STREAM)
        drawn = [_in_turn(rng, pool, share) for pool, share in _shares(self.pools, self.draws)]
        self.chosen = rng.permutation(np.concatenate(drawn))

    def __len__(self) -> int:
        return len(self.chosen)

    def __getitem__(self, index: int) -> object:
        return self.dataset[int(self.chosen[index])]


def _pools(targets: np.ndarray) -> list[np.ndarray]:
    has = np.nan_to_num(targets) > 0.5
    every = [*has.T, ~has.any(1)]
    return [np.flatnonzero(rows) for rows in every if rows.any()]


def _shares(pools: list[np.ndarray], draws: int) -> Iterator[tuple[np.ndarray, int]]:
    """How many draws each pool gets: what a small one may not take is shared by the larger ones."""
    ordered = sorted(pools, key=len)
    for number, pool in enumerate(ordered):
        share = min(-(-draws // (len(ordered) - number)), _MAX_REPEATS * len(pool))
        draws -= share
        yield pool, share


def _in_turn(rng: np.random.Generator, pool: np.ndarray, count: int) -> np.ndarray:
    rounds = -(-count // len(pool))
    return np.concatenate([rng.permutation(pool) for _ in range(rounds)])[:count]
