"""Many processes: every page is the same however many draw it, and none outlives the run."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import pytest

from simulate import Scene
from simulate.dataset.workers import spread
from simulate.heart import synthetic_record
from simulate.presets import presets

SEEDS = range(2)


def fingerprint(task: tuple[str, int]) -> tuple[tuple[str, int], str]:
    """A page's pixels and truth as one number."""
    preset, seed = task
    page, truth = replace(Scene.sample(seed, preset), long_side_px=300).render(synthetic_record(seed))
    told = json.dumps(truth.to_dict()).encode()
    return task, hashlib.sha256(page.pixels.tobytes() + truth.record.signal_mv.tobytes() + told).hexdigest()


@pytest.mark.slow
def test_a_page_is_the_same_in_any_process() -> None:
    tasks = [(preset, seed) for preset in presets() for seed in SEEDS]
    alone, spread_out = (dict(spread(fingerprint, tasks, workers)) for workers in (1, 2))
    assert alone == spread_out and len(set(alone.values())) == len(tasks)
    assert dict(map(fingerprint, reversed(tasks))) == alone  # nor does what was drawn before matter
