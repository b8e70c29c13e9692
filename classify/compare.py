"""Train and measure many networks alike: `python -m classify.compare --list configs/compare_ptbxl.yaml`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ecg.cli import add_data, command_parser, entry


def parser() -> argparse.ArgumentParser:
    p = command_parser("classify.compare")
    p.add_argument("--list", type=Path, required=True, help="YAML with tasks, the common recipe and the runs")
    add_data(p)
    p.add_argument("--output", type=Path, default=Path("experiments/comparison"), help="where results and tables go")
    return p


@entry(parser)
def main(options: argparse.Namespace) -> int:
    """0 when all are measured, 1 when a file cannot be read, 2 for a wrong list, 130 when interrupted."""
    from classify.evaluation.comparison import as_markdown, compare, read_list

    print(as_markdown(compare(read_list(options.list), options.data, options.output)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
