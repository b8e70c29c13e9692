"""Where training pages come from: a folder of them, or drawn as they are asked for; and the pages kept for judging."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from digitize.training.recipe import PassRecipe

CACHE_GB = 8.0


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


def datasets(recipe: PassRecipe, source: Source) -> tuple[Any, Any]:
    """The training set of a recipe, and its held-out pages."""
    from simulate.dataset.page_stream import training_hearts

    data = Path(source.data) if source.data else None
    held_out = held_out_pages(recipe, data)
    if not source.sim_root:
        return _drawn(recipe, training_hearts(data), recipe.pages.seed, recipe.pages.samples), held_out
    if recipe.kind != "page":
        raise ValueError("--sim_root holds whole pages: use a recipe of kind page")
    return _from_disk(recipe, source.sim_root, source), held_out


def held_out_pages(recipe: PassRecipe, data: Path | None) -> Any:
    """The pages that a recipe is judged on, of recordings (under `data`, else synthetic) that no training draws."""
    from simulate.dataset.page_stream import validation_hearts

    return _drawn(recipe, validation_hearts(data), recipe.pages.seed + 1, recipe.pages.validation_samples)


def _drawn(recipe: PassRecipe, hearts: Any, seed: int, samples: int) -> Any:
    from digitize.training.samples import PageDataset, RowDataset
    from simulate.dataset.page_stream import PageStream

    stream = PageStream(hearts, seed, recipe.pages.shares, recipe.pages.difficulty)
    if recipe.kind == "page":
        return PageDataset(stream, samples, recipe.pages.size_px)
    return RowDataset(stream, samples, recipe.pages.size_px[0])


def _from_disk(recipe: PassRecipe, sim_root: Path, source: Source) -> Any:
    from digitize.training.page_files import find_pages, shortly
    from digitize.training.prepared_pages import PreparedPages
    from ecg.fit.cache import GB, DiskCache, MemoryCache

    found, left_out = find_pages(sim_root, source.csv_root or sim_root)
    if left_out:
        print(f"{len(left_out)} pictures have no truth, left out: {shortly(left_out)}", file=sys.stderr)
    limit = int(source.cache_gb * GB)
    memory = MemoryCache(limit) if source.cache else None
    disk = DiskCache(source.cache_dir, limit) if source.cache_dir else None
    chosen = found[: recipe.pages.samples or None]
    made = PreparedPages(chosen, recipe.pages.size_px, recipe.pages.seed, memory, disk)
    made.fill(recipe.fit.num_workers)
    return made
