"""Read a hospital's pages into one table: `python -m archive IN OUT`; export, report, rank and learn work on it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from archive.loaders import SHIPPED
from ecg.cli import ENGINES, command_parser, entry

WORDS = ("export", "report", "rank", "learn")


def parser() -> argparse.ArgumentParser:
    p = command_parser("archive")
    p.epilog = "on what is there: python -m archive export | report | rank | learn ..."
    what = "pages: a folder, a pattern, a zip, an fsspec URL (s3://...), or a table (CSV, Parquet) with id, uri[, page]"
    p.add_argument("source", metavar="IN", help=what)
    p.add_argument("output", metavar="OUT", help="folder or fsspec URL for the table; a run that was ended goes on")
    _add_work(p)
    p.add_argument("--engine", choices=("local", "ray"), default="local", help="this machine, or a Ray cluster")
    p.add_argument("--workers", type=int, default=1, help="pages read at once (default: 1)")
    p.add_argument("--address", help="of the Ray cluster, auto for the one of this machine (default: start one)")
    p.add_argument("--part", default="1/1", metavar="K/N", help="only every N-th shard, for clusters without Ray: 3/16")
    p.add_argument("--shard_pages", type=int, default=500, help="pages a file of the table (default: 500)")
    p.add_argument("--limit", type=int, help="only the first so many pages")
    p.add_argument("--retry_errors", action="store_true", help="read pages again that failed; refused ones stay")
    p.add_argument("--time_limit_s", type=float, default=120.0, help="for one page, by the clock (default: 120)")
    p.add_argument("--memory_limit_gb", type=float, default=8.0, help="address space of a worker (default: 8)")
    p.add_argument("--pages_a_worker", type=int, default=300, help="then its process is renewed (default: 300)")
    p.add_argument("--dry_run", action="store_true", help="say what would be done")
    return p


def _add_work(p: argparse.ArgumentParser) -> None:
    p.add_argument("--networks", choices=ENGINES, default=ENGINES[0], help="what runs the networks (default: torch)")
    what = "another digitizer: a function of (device, engine) that gives one, as digitize.engines:load_digitizer does"
    p.add_argument("--loader", default=SHIPPED, metavar="MODULE:FUNCTION", help=what)
    p.add_argument("--layout", help="given, not searched for: 3x4+1, 3x4, 6x2, 12x1 ..., or a YAML file")
    p.add_argument("--mm_per_s", type=float, help="paper speed, if known (usual: 25 or 50)")
    p.add_argument("--mm_per_mv", type=float, help="gain, if known (usual: 5, 10 or 20)")
    p.add_argument("--weights", default="", help="of the classifier, .safetensors (default: the shipped ones)")
    p.add_argument("--no_diagnosis", dest="diagnose", action="store_false", help="digitize alone")


@entry(parser)
def _run(options: argparse.Namespace) -> int:
    """0 when every page has its row, 1 when one has not, 2 for a wrong command."""
    from archive.running import run
    from archive.settings import Part, Run, Work
    from ecg.workers.limits import ProcessLimits

    names = ("layout", "mm_per_s", "mm_per_mv", "diagnose", "weights", "loader")
    work = Work(options.networks, **{name: getattr(options, name) for name in names})
    limits = ProcessLimits(
        options.time_limit_s, memory_bytes=round(options.memory_limit_gb * 2**30), calls=options.pages_a_worker
    )
    part = Part.parse(options.part)
    how = Run(options.engine, options.workers, options.address, part, options.retry_errors, limits)
    given = {name: getattr(options, name) for name in ("shard_pages", "limit", "dry_run")}
    return run(options.source, options.output, work, how, **given)


def main(argv: Sequence[str] | None = None) -> int:
    """Of `export`, `report`, `rank` or `learn` where the first word is one of them, else of a run."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words[:1] and words[0] in WORDS:
        return int(import_module(f"archive.{words[0]}").main(words[1:]))
    return _run(words)


if __name__ == "__main__":
    sys.exit(main())
