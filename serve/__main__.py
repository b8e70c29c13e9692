"""The page in the browser: `python -m serve`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from ecg.cli import ENGINES, command_parser, entry
from serve.settings import TOKEN_VARIABLE, Limits, Settings


def parser() -> argparse.ArgumentParser:
    made, limits = command_parser("serve"), Limits()
    made.add_argument("--host", default="127.0.0.1", help="another one needs a token (default: 127.0.0.1)")
    made.add_argument("--port", type=int, default=8000, help="0: any that is free (default: 8000)")
    what = f"what others have to send or to open the page with (default: ${TOKEN_VARIABLE})"
    made.add_argument("--token", default=os.environ.get(TOKEN_VARIABLE), help=what)
    what = "processes that read pages (default: one for every two cores)"
    made.add_argument("--workers", type=int, default=0, help=what)
    made.add_argument("--engine", choices=ENGINES, default=ENGINES[0], help="what runs the networks (default: torch)")
    what = f"for one page, by the clock (default: {limits.job_s:g})"
    made.add_argument("--time_limit_s", type=float, default=limits.job_s, help=what)
    what = f"address space of a worker (default: {limits.memory_bytes / 2**30:g})"
    made.add_argument("--memory_limit_gb", type=float, default=limits.memory_bytes / 2**30, help=what)
    what = f"jobs that may wait; more are turned away (default: {limits.waiting})"
    made.add_argument("--waiting", type=int, default=limits.waiting, help=what)
    what = "pages to label or put right, one after the other: what `python -m archive rank` wrote"
    made.add_argument("--queue", type=Path, metavar="LIST", help=what)
    made.add_argument("--no_browser", action="store_true", help="do not open the page in the browser")
    return made


@entry(parser)
def main(options: argparse.Namespace) -> int:
    """130 when it was interrupted, 1 where the address is taken or the queue is none, 2 for a wrong command."""
    limits = Limits(
        job_s=options.time_limit_s, memory_bytes=round(options.memory_limit_gb * 2**30), waiting=options.waiting
    )
    words = (options.host, options.port, options.token or None, options.workers, options.engine)
    settings = Settings(*words, limits=limits, queue=options.queue)
    try:
        from serve.server import serve
    except ImportError as error:
        raise OSError(f"{error.name} is missing; install it with: pip install 'galvano[serve]'") from error

    return serve(settings, open_browser=not options.no_browser)


if __name__ == "__main__":
    sys.exit(main())
