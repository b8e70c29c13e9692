"""Measure the digitizer on pages whose signal is known: `python -m digitize.evaluate --pages FOLDER`."""

from __future__ import annotations

import argparse
import sys

from ecg.cli import (
    CLASSICAL,
    add_checkpoint,
    add_device,
    add_drawing,
    add_engine,
    add_output,
    add_pages,
    command_parser,
    entry,
)


def parser() -> argparse.ArgumentParser:
    made = command_parser("digitize.evaluate")
    add_pages(made)
    add_drawing(made, (), 24, None, "--drawn")
    add_output(made, "out/evaluate", "folder for the report")
    made.add_argument("--stress", default="none", help="none, all, or names joined by commas: noise,half,jpeg30 ...")
    add_checkpoint(made, "; it is also judged on the pages that its run held out")
    add_device(made)
    add_engine(made, CLASSICAL)
    return made


@entry(parser)
def main(options: argparse.Namespace) -> int:
    """0 when no page crashed, 1 when one did, 2 for a wrong command."""
    from digitize.evaluation.report import markdown
    from digitize.evaluation.runner import evaluate

    report = evaluate(**vars(options))
    print(markdown(report))
    return int(any(group["crashed"] for group in report["groups"]))


if __name__ == "__main__":
    sys.exit(main())
