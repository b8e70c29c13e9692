"""What the row pass adds: pages read by a whole-page network's signal head alone, beside the two passes."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ecg.cli import add_device, add_output, add_pages, command_parser, entry


def parser() -> argparse.ArgumentParser:
    made = command_parser("digitize.studies.single_pass")
    what = "best.pth of a run of configs/whole_page.yaml"
    made.add_argument("--checkpoint", type=Path, required=True, metavar="FILE", help=what)
    add_pages(made, required=True)
    add_output(made, "out/single_pass", "folder for both reports")
    add_device(made)
    return made


@entry(parser)
def main(options: argparse.Namespace) -> int:
    """0 when measured, 1 when a file cannot be read or written, 2 for a wrong command."""
    from digitize.evaluation.report import markdown
    from digitize.evaluation.runner import evaluate
    from digitize.evaluation.whole_page import SinglePass

    single = SinglePass.load(options.checkpoint, options.device)
    asked = {name: getattr(options, name) for name in ("truth", "printed", "limit")}
    for name, digitizer in (("one pass", single), ("two passes", single.digitizer)):
        report = evaluate(options.pages, options.output / name.replace(" ", "_"), digitizer=digitizer, **asked)
        print(f"{name}\n\n{markdown(report)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
