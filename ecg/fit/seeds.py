"""Randomness as a pure function of where we are: the same (seed, epoch, index) always draws the same numbers."""

from __future__ import annotations

import numpy as np
import torch

# These keep the streams that shuffle and that drop out apart from the streams of the samples.
_ORDER, _STEP = 0x0D3A, 0x57E9


def rng_for(seed: int, epoch: int, index: int) -> np.random.Generator:
    """The generator of one sample in one epoch; independent of workers, order and interruptions."""
    return np.random.default_rng(np.random.SeedSequence((seed, epoch, index)))


def permutation(seed: int, epoch: int, n: int) -> np.ndarray:
    """The order of an epoch, int64 [n]."""
    return np.random.default_rng(np.random.SeedSequence((seed, epoch), spawn_key=(_ORDER,))).permutation(n)


def seed_step(seed: int, step: int, rank: int) -> None:
    """Start torch's own generators (dropout) for one step of one process, so that no resume can move them."""
    sequence = np.random.SeedSequence((seed, step, rank), spawn_key=(_STEP,))
    torch.manual_seed(int(sequence.generate_state(1, np.uint64)[0] >> 1))
