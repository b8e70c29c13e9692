"""How fast a training goes here: reading pages, one step, and whole runs of both, with the bottleneck named."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ecg.cli import add_page_folder, add_recipe, command_parser, entry
from ecg.markdown import table as markdown_table

if TYPE_CHECKING:
    from torch import Tensor

    from digitize.training.prepared_pages import PreparedPages
    from digitize.training.recipe import PassRecipe
    from ecg.fit.cache import DiskCache, MemoryCache

_WORKERS = (0, 1, 2)


@dataclass(frozen=True)
class Row:
    """One way to do one thing: pages a second by the clock, and processor time a page, whatever else runs here."""

    what: str
    how: str
    pages_per_s: float
    cpu_ms: float
    on_gpu: bool = False

    @property
    def cost_ms(self) -> float:
        """What a page takes: by the clock on a GPU, else processor time, which is the same when nothing else runs."""
        return 1000 / self.pages_per_s if self.on_gpu else self.cpu_ms


class Clock:
    """Runs from its making until it is read; processor time counts worker processes that have ended."""

    def __init__(self) -> None:
        self.wall_s, self.cpu_s = time.perf_counter(), _cpu_s()

    def row(self, what: str, how: str, pages: int) -> Row:
        wall_s, cpu_s = time.perf_counter() - self.wall_s, _cpu_s() - self.cpu_s
        return Row(what, how, pages / wall_s, 1000 * cpu_s / pages)


def _cpu_s() -> float:
    """Of this process and of its children that have ended."""
    return sum(os.times()[:4])


def measure(recipe: PassRecipe, sim_root: Path, csv_root: Path, steps: int) -> list[Row]:
    """Rows for loading (caches, workers) and for one step (precision, memory layout), from one run."""
    if steps < 1:
        raise ValueError(f"steps must be at least 1, got {steps}")
    return [*_loading(recipe, sim_root, csv_root, steps), *_stepping(recipe, sim_root, csv_root, steps)]


def bottleneck(rows: Sequence[Row]) -> str:
    """What a page waits for, with every cache: reading it or the best step."""
    step = min((r for r in rows if r.what == "step"), key=lambda r: r.cost_ms)
    lines = [f"the best step ({step.how}) takes {step.cost_ms:.0f} ms a page"]
    for row in rows:
        if row.what == "load" and row.how.endswith(f" {_WORKERS[0]} workers"):
            slower = "loading" if row.cost_ms > step.cost_ms else "the step"
            lines.append(f"{row.how}: loading takes {row.cost_ms:.0f} ms, {slower} is the bottleneck")
    return "\n".join(lines)


def _pages(
    recipe: PassRecipe,
    sim_root: Path,
    csv_root: Path,
    memory: MemoryCache | None = None,
    disk: DiskCache | None = None,
) -> PreparedPages:
    from digitize.training.page_files import find_pages
    from digitize.training.prepared_pages import PreparedPages

    return PreparedPages(find_pages(sim_root, csv_root)[0], recipe.pages.size_px, recipe.pages.seed, memory, disk)


def _loading(recipe: PassRecipe, sim_root: Path, csv_root: Path, steps: int) -> list[Row]:
    from ecg.fit.cache import GB, DiskCache, MemoryCache

    rows = []
    with tempfile.TemporaryDirectory() as folder:
        kinds: dict[str, Callable[[], PreparedPages]] = {
            "no cache": lambda: _pages(recipe, sim_root, csv_root),
            "--cache_dir": lambda: _pages(recipe, sim_root, csv_root, disk=DiskCache(Path(folder), GB)),
            "--cache": lambda: _pages(recipe, sim_root, csv_root, memory=MemoryCache(GB)),
        }
        for name, make in kinds.items():
            pages = make()
            for index in range(len(pages)) if name == "--cache_dir" else ():
                pages.prepared(index)
            pages.fill(0)
            for workers in _WORKERS:
                rows.append(_load(pages, recipe.fit.batch_size, workers, steps, f"{name}, {workers} workers"))
    return rows


def _load(pages: PreparedPages, batch_size: int, workers: int, steps: int, how: str) -> Row:
    from ecg.fit.dataloader import loader

    pages[0]  # libraries are loaded on first use
    order = [[(k * batch_size + i) % len(pages) for i in range(batch_size)] for k in range(steps)]
    clock = Clock()
    return clock.row("load", how, sum(len(batch["image"]) for batch in loader(pages, order, workers)))


def _stepping(recipe: PassRecipe, sim_root: Path, csv_root: Path, steps: int) -> list[Row]:
    from ecg.fit.dataloader import loader
    from ecg.fit.device import pick_amp, pick_device

    pages = _pages(recipe, sim_root, csv_root)
    size = recipe.fit.batch_size
    batch = next(loader(pages, [[i % len(pages) for i in range(size)]], 0))
    fast = pick_amp("auto", pick_device(recipe.fit.device))
    rows = []
    for amp in dict.fromkeys(("off", fast if fast != "off" else "bf16")):
        for channels_last in (False, True):
            fit = replace(recipe.fit, amp=amp, channels_last=channels_last)
            how = f"{'fp32' if amp == 'off' else amp}{', channels_last' if channels_last else ''}"
            rows.append(_step(replace(recipe, fit=fit), batch, steps, how))
    return rows


def _step(recipe: PassRecipe, batch: dict[str, Tensor], steps: int, how: str) -> Row:
    from itertools import repeat

    from digitize.training.losses import total_loss
    from digitize.training.trainer import build
    from ecg.fit.engine import Engine

    engine = Engine(build(recipe), lambda net, b: total_loss(net(b["image"]), b, recipe.losses), recipe.fit)
    engine.join_team()
    engine.model.train()
    stream, group = repeat(batch), [list(range(len(batch["image"])))]
    engine.step(stream, group, recipe.fit.lr, 1, lambda: False)  # memory is taken on first use
    clock = Clock()
    for number in range(steps):
        engine.step(stream, group, recipe.fit.lr, 2 + number, lambda: False)
    row = clock.row("step", how, steps * len(group[0]))
    return replace(row, on_gpu=engine.device.type != "cpu")


def table(rows: Sequence[Row]) -> str:
    """Markdown, and the bottleneck."""
    figures = [[r.what, r.how, f"{r.pages_per_s:.2f}", f"{r.cpu_ms:.0f}"] for r in rows]
    return f"{markdown_table(['', 'how', 'pages/s', 'CPU ms/page'], figures)}\n\n{bottleneck(rows)}"


def parser() -> argparse.ArgumentParser:
    made = command_parser("digitize.studies.training_speed")
    add_page_folder(made, required=True)
    add_recipe(made, "configs/whole_page.yaml")
    made.add_argument("--device", help="auto, cpu, cuda or mps (default: the recipe's)")
    made.add_argument("--steps", type=int, default=3, help="batches measured of each (default: 3)")
    return made


@entry(parser)
def main(options: argparse.Namespace) -> int:
    """0 when measured, 1 when a file cannot be read, 2 for a wrong command or recipe."""
    from digitize.training.recipe import load_pass_recipe

    device = [f"fit.device={options.device}"] if options.device else []
    recipe = load_pass_recipe(options.config, [*device, *options.changes])
    print(table(measure(recipe, options.sim_root, options.csv_root or options.sim_root, options.steps)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
