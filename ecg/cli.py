"""The one vocabulary of the command lines, and the one way in which a command begins and ends."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from ecg import commands
from ecg.files import InputError

ENGINES = ("torch", "onnx")
CLASSICAL = "classical"
WRITTEN_FORMATS = (
    "csv",
    "wfdb",
    "dicom",
    "dicom-pdf",
    "aecg",
    "edf",
    "bdf",
    "fhir",
    "fhir-r5",
    "parquet",
    "pdf",
)  # of `ecg.formats.FORMATS`; the JSON beside them is a reading's own
INPUT_FAILED, INTERRUPTED = 1, 130  # exit codes; 0 is all well, and argparse ends a wrong command with 2


class Main(Protocol):
    """The function `main` of a command: arguments (default: the process's own) to exit code."""

    def __call__(self, argv: Sequence[str] | None = None) -> int: ...


# --- how a command begins and ends ------------------------------------------------------------------------------------


def command_parser(module: str) -> argparse.ArgumentParser:
    """A parser without options that introduces itself with the words of the table of commands."""
    return argparse.ArgumentParser(prog=f"python -m {module}", description=commands.of_module(module).purpose)


def run(parser: argparse.ArgumentParser, argv: Sequence[str] | None, command: Callable[..., int]) -> int:
    """Parse, call `command` with the options as keywords, and end with one line of words where it fails.

    0 when all is well, 1 when an input failed, 2 for a wrong command, recipe or value, 130 when interrupted.
    """
    options = parser.parse_args(argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # names of files need not be text in the terminal's encoding
            stream.reconfigure(errors="backslashreplace")
    try:
        return command(**vars(options))
    except KeyboardInterrupt:
        print(f"{parser.prog}: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # whoever read what is printed has gone: head, less
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return INPUT_FAILED
    except (OSError, InputError) as error:
        print(f"{parser.prog}: error: {error}", file=sys.stderr)
        return INPUT_FAILED
    except ValueError as error:
        parser.error(str(error))


def entry(parser: Callable[[], argparse.ArgumentParser]) -> Callable[[Callable[[argparse.Namespace], int]], Main]:
    """Make `main(argv)` of a function of parsed options, by `run`: its imports wait until the command line is right."""

    def of(body: Callable[[argparse.Namespace], int]) -> Main:
        def main(argv: Sequence[str] | None = None) -> int:
            return run(parser(), argv, lambda **options: body(argparse.Namespace(**options)))

        main.__doc__ = body.__doc__
        return main

    return of


# --- what a command works on ------------------------------------------------------------------------------------------


def add_images(parser: argparse.ArgumentParser) -> None:
    """`--image`: what is read."""
    what = "pictures or PDFs, folders of them, or patterns"
    parser.add_argument("--image", dest="images", metavar="PATH", nargs="+", required=True, help=what)


def add_csv_options(parser: argparse.ArgumentParser) -> None:
    """`--fs_hz` and `--unit`: what a CSV may leave unsaid, as `ecg.formats.read` takes them."""
    what = "sampling rate of recordings that do not say it (CSV), or a CSV table id,fs with the rate of each"
    parser.add_argument("--fs_hz", metavar="HZ", help=what)
    parser.add_argument("--unit", choices=("mV", "uV", "V"), help="unit of CSV recordings (default: mV)")


def add_corners(parser: argparse.ArgumentParser) -> None:
    """`--corners`: where the grid lies, for a page on which it is not found."""
    what = "four crossings of the grid that make a rectangle, in px: upper left, upper right, lower right, lower left"
    parser.add_argument("--corners", metavar="X,Y", nargs=4, type=_point, dest="corners_px", help=what)


def _point(text: str) -> tuple[float, float]:
    """(x, y) from "x,y"; argparse says what is wrong."""
    x, y = text.split(",")
    return float(x), float(y)


def add_pages(parser: argparse.ArgumentParser, *, required: bool = False) -> None:
    """`--pages`, `--truth`, `--printed`, `--limit`: pages that are there, and the signals that they print."""
    what = "folders of pages (or single pages)"
    parser.add_argument("--pages", metavar="FOLDER", nargs="+", default=(), required=required, help=what)
    parser.add_argument("--truth", metavar="FOLDER", help="recordings named like the pages (default: beside each page)")
    parser.add_argument(
        "--printed", metavar="LAYOUT", help="what the pages print of whole recordings: 3x4+1 ..., or YAML"
    )
    parser.add_argument("--limit", type=int, help="only the first so many files of each folder")


def add_page_folder(parser: argparse.ArgumentParser, *, required: bool = False) -> None:
    """`--sim_root`, also named `--pages`, and `--csv_root`: a folder of pages of our simulator, and their signals."""
    parser.add_argument("--sim_root", "--pages", type=Path, required=required, metavar="FOLDER",
                        help="folder of simulated pages (png or jpg with json)")  # fmt: skip
    parser.add_argument("--csv_root", type=Path, metavar="FOLDER", help="their signals (csv); default: the same folder")


def add_data(parser: argparse.ArgumentParser, *aliases: str) -> None:
    """`--data` (and older names of it): by default what ECG_DATA names; an empty one names nothing."""
    named, what = os.environ.get("ECG_DATA") or None, "folder of real recordings (default: $ECG_DATA)"
    parser.add_argument("--data", *aliases, dest="data", type=Path, default=named, help=what)


def add_drawing(
    parser: argparse.ArgumentParser, presets: Sequence[str], count: int, seed: int | None, *aliases: str
) -> None:
    """`--preset` (and older names of it), `--count` of each, `--seed` and `--data`: pages that are drawn anew."""
    what = f"pages drawn anew: clean, scan, photo ... (default: {' '.join(presets) or 'none'})"
    parser.add_argument("--preset", *aliases, dest="presets", metavar="NAME", nargs="+", default=presets, help=what)
    parser.add_argument("--count", type=int, default=count, help=f"pages of each preset (default: {count})")
    what = f"of the first page (default: {seed or 'seeds that trained nothing'})"
    parser.add_argument("--seed", type=int, default=seed, help=what)
    add_data(parser)


def add_output(parser: argparse.ArgumentParser, default: str, what: str = "folder for the results") -> None:
    """`--output`."""
    parser.add_argument("--output", type=Path, default=Path(default), help=f"{what} (default: {default})")


def add_formats(parser: argparse.ArgumentParser) -> None:
    """`--format`: one or several, of the signals of pages."""
    what = f"of the signals: {', '.join(WRITTEN_FORMATS)} (default: csv wfdb)"
    parser.add_argument("--format", dest="formats", nargs="+", default=("csv", "wfdb"), metavar="FORMAT",
                        choices=WRITTEN_FORMATS, help=what)  # fmt: skip


def add_overwrite(parser: argparse.ArgumentParser) -> None:
    """`--overwrite`."""
    what = "replace results of an earlier run that lie in the output folder"
    parser.add_argument("--overwrite", action="store_true", help=what)


# --- what is known of the pages, and what runs the networks -----------------------------------------------------------


def add_page_options(parser: argparse.ArgumentParser) -> None:
    """`--layout`, `--mm_per_s`, `--mm_per_mv` and `--device`."""
    parser.add_argument("--layout", help="given, not searched for: 3x4+1, 3x4, 6x2, 12x1 ..., or a YAML file")
    parser.add_argument("--mm_per_s", type=float, help="paper speed, if known (usual: 25 or 50)")
    parser.add_argument("--mm_per_mv", type=float, help="gain, if known (usual: 5, 10 or 20)")
    add_device(parser)


def add_device(parser: argparse.ArgumentParser) -> None:
    """`--device`, for every network that runs."""
    parser.add_argument("--device", default="cpu", help="where the networks run: cpu, cuda, mps (default: cpu)")


def add_engine(parser: argparse.ArgumentParser, *others: str) -> None:
    """`--engine`: what runs the networks, or one of `others`, which does without."""
    what = "what runs the networks (default: torch); onnx needs `python -m digitize.export` once"
    if others:
        what += f"; without networks: {', '.join(others)}"
    parser.add_argument("--engine", choices=(*ENGINES, *others), default=ENGINES[0], help=what)


def add_checkpoint(parser: argparse.ArgumentParser, also: str = "") -> None:
    """`--checkpoint`: a network of one's own that reads."""
    what = f"best.pth of a run of digitize.train: it reads in place of the shipped network of its kind{also}"
    parser.add_argument("--checkpoint", type=Path, metavar="FILE", help=what)


# --- what is trained --------------------------------------------------------------------------------------------------


def add_recipe(parser: argparse.ArgumentParser, config: str) -> None:
    """`--config` and `--set`: the recipe that is followed, and changes of single values of it."""
    parser.add_argument("--config", default=config, help=f"recipe, YAML or JSON (default: {config})")
    what = "change the recipe: fit.epochs=3"
    parser.add_argument("--set", dest="changes", action="append", default=[], metavar="KEY=VALUE", help=what)


def add_start(parser: argparse.ArgumentParser) -> None:
    """`--start`: weights to begin with."""
    what = "start from the weights, where they fit, of a checkpoint or of a shipped .safetensors"
    parser.add_argument("--start", type=Path, help=what)
