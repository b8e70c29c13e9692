"""Where training pages come from: a folder of them, or drawn as they are asked for; and the pages kept for judging."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from digitize.training.drawn_samples import DrawnSamples
from digitize.training.page_files import find_pages, shortly
from digitize.training.page_samples import PageDataset
from digitize.training.prepared_pages import PreparedPages
from digitize.training.recipe import Pages, Recipe
from digitize.training.row_samples import RowDataset
from digitize.training.word_samples import WordDataset
from ecg.fit.cache import GB, DiskCache, MemoryCache
from ecg.fit.dataloader import EpochDataset
from ecg.fit.options import CACHE_GB
from simulate.dataset.page_stream import MixedHearts, PageStream, training_hearts, validation_hearts


@dataclass(frozen=True)
class Source:
    """Where training pages come from: `sim_root` and `csv_root` on disk, or drawn from the recordings under `data`.

    `cache` keeps prepared pages of `sim_root` in memory, `cache_dir` on disk, each up to `cache_gb`.
    """

    sim_root: Path | None = None
    csv_root: Path | None = None
    data: Path | None = None
    cache: bool = False
    cache_dir: Path | None = None
    cache_gb: float = CACHE_GB


SYNTHETIC = Source()

# What each kind of recipe draws from a stream: (stream, samples, size of the input (width, height) in px).
_DRAWN: Mapping[str, Callable[[PageStream, int, tuple[int, int]], DrawnSamples]] = {
    "page": PageDataset,
    "row": lambda stream, samples, size_px: RowDataset(stream, samples, size_px[0]),
    "names": WordDataset,
}


def datasets(recipe: Recipe, source: Source) -> tuple[EpochDataset, DrawnSamples]:
    """The training set of a recipe, and its held-out pages."""
    held_out = held_out_pages(recipe, source.data)
    if not source.sim_root:
        return _drawn(recipe, training_hearts(source.data), recipe.pages.seed, recipe.pages.samples), held_out
    if recipe.kind != "page":
        raise ValueError("--sim_root holds whole pages: use a recipe of kind page")
    return _from_disk(recipe.pages, recipe.fit.num_workers, source.sim_root, source), held_out


def held_out_pages(recipe: Recipe, data: Path | None) -> DrawnSamples:
    """The pages that a recipe is judged on, of recordings (under `data`, else synthetic) that no training draws."""
    return _drawn(recipe, validation_hearts(data), recipe.pages.seed + 1, recipe.pages.validation_samples)


def _drawn(recipe: Recipe, hearts: MixedHearts, seed: int, samples: int) -> DrawnSamples:
    pages = recipe.pages
    stream = PageStream(hearts, seed, pages.shares, pages.difficulty)
    return _DRAWN[recipe.kind](stream, samples, pages.size_px)


def _from_disk(pages: Pages, num_workers: int, sim_root: Path, source: Source) -> PreparedPages:
    found, left_out = find_pages(sim_root, source.csv_root or sim_root)
    if left_out:
        print(f"{len(left_out)} pictures have no truth, left out: {shortly(left_out)}", file=sys.stderr)
    limit = int(source.cache_gb * GB)
    memory = MemoryCache(limit) if source.cache else None
    disk = DiskCache(source.cache_dir, limit) if source.cache_dir else None
    prepared = PreparedPages(found[: pages.samples or None], pages.size_px, pages.seed, memory, disk)
    prepared.fill(num_workers)
    return prepared
