"""Draw pages of ECGs with their exact truth: for each a picture, a reading (JSON) and the signal (CSV, mV, 500 Hz)."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import warnings
from collections.abc import Sequence
from concurrent.futures.process import BrokenProcessPool

from ecg.cli import add_csv_options
from ecg.fit.allocator import keep_memory
from ecg.layout import TEMPLATES
from simulate.presets import MIXED, presets


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m simulate", description=__doc__)
    made.add_argument("--records", metavar="PATH", nargs="+", default=["synthetic"],
                      help="recordings of any readable format, folders or patterns; or synthetic")  # fmt: skip
    made.add_argument("--count", type=int, default=10, help="pages; on a contact sheet, pages in a row (default: 10)")
    made.add_argument("--seed", type=int, default=0, help="another seed, other pages (default: 0)")
    made.add_argument("--preset", default=MIXED, help=f"{', '.join(presets())} or {MIXED} (default)")
    made.add_argument("--layout", help=f"drawn at random if not one of {', '.join(TEMPLATES)}")
    made.add_argument("--difficulty", type=float, default=1.0, help="0 (no wear, no tilt) to 1 (default)")
    made.add_argument("--long_side_px", type=int, help="size of the pictures (default: by the preset)")
    add_csv_options(made)
    target = made.add_mutually_exclusive_group(required=True)
    target.add_argument("--output", metavar="DIR", help="folder for the pages; an interrupted run goes on there")
    target.add_argument("--contact_sheet", metavar="PICTURE", help="instead of pages, one picture of many small ones")
    made.add_argument("--csv_output", metavar="DIR", help="folder for the signals (default: beside the pages)")
    made.add_argument("--picture", default="png", help="png (default) or jpg")
    made.add_argument("--rows", default="preset", help="a row of the contact sheet is a preset (default) or a layout")
    made.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes (default: one a core)")
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """0 when every page is there, 1 when one could not be drawn, 2 for a wrong command, 130 when interrupted."""
    made = parser()
    options = vars(made.parse_args(argv))
    try:
        return _sheet(options) if options["contact_sheet"] else _pages(options)
    except (ValueError, FileNotFoundError) as error:
        made.error(str(error))
    except (OSError, BrokenProcessPool) as error:
        print(f"{made.prog}: error: {error}; the same command goes on from here", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"{made.prog}: interrupted; the same command goes on from here", file=sys.stderr)
        return 130


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _pages(options: dict) -> int:
    from ecg.formats.rates import known_rates
    from simulate.dataset.writer import write_pages

    options["fs_hz"] = known_rates(options["fs_hz"])
    output, only = options.pop("output"), ("contact_sheet", "rows")
    outcome = write_pages(output, **{name: value for name, value in options.items() if name not in only})
    print(f"{output}: {outcome.drawn} pages drawn, {outcome.kept} were there, {len(outcome.failures)} left out")
    return int(bool(outcome.failures))


def _sheet(options: dict) -> int:
    from simulate.dataset.contact_sheet import contact_sheet

    path = options.pop("contact_sheet")
    only = ("output", "csv_output", "picture", "workers", "long_side_px", "fs_hz", "unit")
    contact_sheet(path, **{name: value for name, value in options.items() if name not in only})
    print(path)
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _interrupt)
    warnings.formatwarning = lambda message, *_: f"{message}\n"
    keep_memory()
    sys.exit(main())
