"""Samples of drawn pages: what the row pass shows of each, and whether it was read near the truth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
import torch

from digitize.errors import NotAnEcg
from digitize.evaluation.confidence_metrics import confidence_and_error_uv
from digitize.evaluation.ground_truth import Truth
from digitize.evaluation.layout_metrics import layout_agreement
from digitize.evaluation.simulated_pages import drawn_pages
from digitize.pipeline import Digitizer
from digitize.stages import PageHints
from digitize.trace.confidence import SIGNS, WITHIN_MM, confidence, scale_share, signs
from digitize.trace.lead_traces import boxes_with_rows, columns_of
from digitize.trace.row_reading import read_rows
from digitize.trace.strayed import without_strays
from ecg.files import atomic_path
from ecg.page import Page
from ecg.reading import Reading

SAMPLES_A_PAGE = 4000  # so that no page outweighs the others


@dataclass(frozen=True, eq=False)
class PageSamples:
    """Samples of one page: `seen` [len(SIGNS), sample], the row pass's own `certainty` [sample] and `near` [sample],
    whether it is near the truth. A page that was refused has none.

    `codes` are those of the page's notes, `is_right` tells whether rows, names, speed and gain were read right.
    """

    seen: np.ndarray
    certainty: np.ndarray
    near: np.ndarray
    codes: tuple[str, ...] = ()
    is_right: bool = False

    def stated(self, weights: Mapping[str, float]) -> np.ndarray:
        """The confidence 0..1 of every sample by these weights, with what the notes say of the scale."""
        return scale_share(self.codes) * np.minimum(confidence(self.seen, weights), self.certainty)

    def save(self, path: Path) -> None:
        with atomic_path(path) as temporary:
            np.savez_compressed(temporary, **vars(self))

    @classmethod
    def load(cls, path: Path) -> PageSamples:
        with np.load(path) as kept:
            codes = tuple(str(code) for code in kept["codes"])
            return cls(kept["seen"], kept["certainty"], kept["near"], codes, bool(kept["is_right"]))


REFUSED = PageSamples(np.zeros((len(SIGNS), 0)), np.zeros(0), np.zeros(0, bool))


def gathered(
    presets: Sequence[str], count: int, seed: int, data: Path | None, folder: Path, device: str = "cpu"
) -> Iterator[tuple[str, PageSamples]]:
    """(preset, samples) of `count` fresh pages of each preset, the presets in turn.

    Each page's samples are kept in `folder` and taken from there where they are.
    """
    for number, preset in product(range(seed, seed + count), presets):
        path = folder / f"{preset}-{number}.npz"
        if not path.is_file():
            _, page, truth = next(drawn_pages([preset], 1, number, data))
            samples_of(_digitizer(device), page, truth, np.random.default_rng(number)).save(path)
        yield preset, PageSamples.load(path)


@cache
def _digitizer(device: str) -> Digitizer:
    torch.set_num_threads(1)
    return Digitizer.load(device=device)


def samples_of(digitizer: Digitizer, page: Page, truth: Truth, rng: np.random.Generator) -> PageSamples:
    """A page's samples, as many as `SAMPLES_A_PAGE` at most."""
    hints = PageHints()
    try:
        page, located = digitizer.place(page, hints)
        rows = without_strays(read_rows(page, located, digitizer.nets.row))
        reading = digitizer.assembled(page, located, rows, hints)
    except NotAnEcg:
        return REFUSED
    along = [
        np.vstack([signs(row, columns), row.certainty[columns]])
        for columns, row in ((columns_of(box, row), row) for box, row in boxes_with_rows(reading.layout, rows))
    ]
    found = [
        confidence_and_error_uv(truth.record, _with_confidence(reading, [values[k] for values in along]))
        for k in range(len(SIGNS) + 1)
    ]
    shown = np.stack([np.concatenate([value for value, _ in leads]) for leads in found])
    error_uv = np.concatenate([error for _, error in found[0]])
    known = np.flatnonzero(np.isfinite(shown).all(0))
    some = rng.choice(known, min(SAMPLES_A_PAGE, known.size), replace=False)
    near = error_uv[some] * reading.layout.mm_per_mv <= 1000 * WITHIN_MM
    right = truth.layout is not None and min(layout_agreement(truth.layout, reading.layout).values()) == 1
    codes = tuple(dict.fromkeys(note.code for note in reading.notes))
    return PageSamples(shown[:-1, some], shown[-1, some], near, codes, right)


def _with_confidence(reading: Reading, values: Sequence[np.ndarray]) -> Reading:
    """The reading with other values [point] in place of each trace's confidence."""
    pairs = zip(reading.traces, values, strict=True)
    return replace(reading, traces=tuple(replace(trace, confidence=value) for trace, value in pairs))
