"""Randomness as a pure function of where we are: the same (seed, epoch, index) always draws the same numbers."""

from __future__ import annotations

import numpy as np

_ORDER = 0x0D3A  # keeps the stream that shuffles apart from the streams of the samples


def rng_for(seed: int, epoch: int, index: int) -> np.random.Generator:
    """The generator of one sample in one epoch; independent of workers, order and interruptions."""
    return np.random.default_rng(np.random.SeedSequence((seed, epoch, index)))


def permutation(seed: int, epoch: int, n: int) -> np.ndarray:
    """The order of an epoch, int64 [n]."""
    return np.random.default_rng(np.random.SeedSequence((seed, epoch), spawn_key=(_ORDER,))).permutation(n)
