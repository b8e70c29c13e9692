"""Where training pages come from: a folder of them, or drawn as they are asked for; and the pages kept for judging."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from digitize.training.drawn_samples import DrawnSamples
from digitize.training.page_files import PageFiles, find_pages, shortly
from digitize.training.page_samples import PageDataset
from digitize.training.prepared_pages import PreparedPages
from digitize.training.recipe import Pages, Recipe
from digitize.training.row_samples import RowDataset
from digitize.training.word_samples import WordDataset
from ecg.files import InputError
from ecg.fit.cache import GB, DiskCache, MemoryCache
from ecg.fit.dataloader import EpochDataset, ItemDataset
from ecg.fit.options import CACHE_GB
from simulate.dataset.page_stream import MixedHearts, PageStream, training_hearts, validation_hearts


@dataclass(frozen=True)
class Source:
    """Where training pages come from: `sim_root` and `csv_root` on disk, or drawn from the recordings under `data`.

    `val_list` names the recordings of `sim_root`, or single pictures, that are held out, one a line; without it the
    recipe's share of the recordings is. `cache` keeps prepared pages of `sim_root` in memory, `cache_dir` on disk, each
    up to `cache_gb`.
    """

    sim_root: Path | None = None
    csv_root: Path | None = None
    data: Path | None = None
    cache: bool = False
    cache_dir: Path | None = None
    cache_gb: float = CACHE_GB
    val_list: Path | None = None


SYNTHETIC = Source()
PLACES = ("sim_root", "csv_root", "data", "val_list")  # what a run remembers of its source

# What each kind of recipe draws from a stream: (stream, samples, size of the input (width, height) in px).
_DRAWN: Mapping[str, Callable[[PageStream, int, tuple[int, int]], DrawnSamples]] = {
    "page": PageDataset,
    "row": lambda stream, samples, size_px: RowDataset(stream, samples, size_px[0]),
    "names": WordDataset,
}


def datasets(recipe: Recipe, source: Source) -> tuple[EpochDataset, ItemDataset]:
    """The training set of a recipe, and its held-out pages: a part of those under `sim_root`, or drawn ones."""
    if not source.sim_root:
        drawn = _drawn(recipe, training_hearts(source.data), recipe.pages.seed, recipe.pages.samples)
        return drawn, drawn_held_out(recipe, source.data)
    if recipe.kind != "page":
        raise ValueError("--sim_root holds whole pages: use a recipe of kind page")
    train, held_out = _from_disk(recipe, source.sim_root, source)
    return train, held_out or drawn_held_out(recipe, source.data)


def held_out_pages(recipe: Recipe, source: Source) -> ItemDataset:
    """The pages that a recipe is judged on, of recordings that no training of it sees."""
    return datasets(recipe, source)[1] if source.sim_root else drawn_held_out(recipe, source.data)


def drawn_held_out(recipe: Recipe, data: Path | None) -> DrawnSamples:
    """Pages of recordings (under `data`, else synthetic) that no training draws."""
    return _drawn(recipe, validation_hearts(data), recipe.pages.seed + 1, recipe.pages.validation_samples)


def _drawn(recipe: Recipe, hearts: MixedHearts, seed: int, samples: int) -> DrawnSamples:
    pages = recipe.pages
    stream = PageStream(hearts, seed, pages.shares, pages.difficulty)
    return _DRAWN[recipe.kind](stream, samples, pages.size_px)


def _from_disk(recipe: Recipe, sim_root: Path, source: Source) -> tuple[PreparedPages, PreparedPages | None]:
    """The pages that train, all of them unless the recipe has a limit, and those held out (None: no share is)."""
    pages = recipe.pages
    found, left_out = find_pages(sim_root, source.csv_root or sim_root)
    if left_out:
        print(f"{len(left_out)} pictures have no truth, left out: {shortly(left_out)}", file=sys.stderr)
    train, held_out = split_pages(found[: pages.limit or None], pages, source.val_list)
    judged_on = f"{len(held_out)} are held out" if held_out else "none is held out: judged on drawn ones"
    print(f"{sim_root}: {len(found)} pages; {len(train)} train, {judged_on}", file=sys.stderr)
    prepared = PreparedPages(train, pages.size_px, pages.seed, *_caches(source))
    prepared.fill(recipe.fit.num_workers)
    judged = PreparedPages(held_out, pages.size_px, pages.seed, None, _caches(source)[1], varied=False)
    return prepared, judged if held_out else None


def split_pages(
    found: Sequence[PageFiles], pages: Pages, val_list: Path | None = None
) -> tuple[list[PageFiles], list[PageFiles]]:
    """The pages that train and those that are held out; all pages of a recording stay together.

    Raises InputError where no recording is left to train on, or a name of the list is that of no page.
    """
    records = sorted({page.record for page in found})
    if val_list is not None:
        chosen = _listed(val_list, found)
    else:
        count = min(round(pages.val_fraction * len(records)) or int(pages.val_fraction > 0), len(records) - 1)
        chosen = set(np.random.default_rng(pages.seed).permutation(records)[:count].tolist())
    held_out = [page for page in found if page.record in chosen]
    train = [page for page in found if page.record not in chosen]
    if not train:
        raise InputError(f"no page is left to train on: all {len(found)} are held out")
    return train, held_out


def _listed(val_list: Path, found: Sequence[PageFiles]) -> set[str]:
    """The recordings that a list names, by themselves or by one of their pictures."""
    lines = val_list.read_text(encoding="utf-8-sig").splitlines()
    names = [line.split(",")[0].strip() for line in lines if line.strip() and not line.startswith("#")]
    record_of = {name: page.record for page in found for name in (page.record, page.picture.stem, page.picture.name)}
    unknown = [name for name in names if name not in record_of and name != "id"]
    if unknown:
        raise InputError(f"{val_list}: {unknown[0]} is no page or recording here ({len(unknown)} such names)")
    return {record_of[name] for name in names if name != "id"}


def _caches(source: Source) -> tuple[MemoryCache | None, DiskCache | None]:
    limit = int(source.cache_gb * GB)
    return (
        MemoryCache(limit) if source.cache else None,
        DiskCache(source.cache_dir, limit) if source.cache_dir else None,
    )
