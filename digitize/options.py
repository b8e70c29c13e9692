"""What a command line lets the user say of pages."""

from __future__ import annotations

import argparse


def add_page_options(parser: argparse.ArgumentParser) -> None:
    """`--layout`, `--mm_per_s`, `--mm_per_mv` and `--device`."""
    parser.add_argument("--layout", help="given, not searched for: 3x4+1, 3x4, 6x2, 12x1 ..., or a YAML file")
    parser.add_argument("--mm_per_s", type=float, help="paper speed, if known (usual: 25 or 50)")
    parser.add_argument("--mm_per_mv", type=float, help="gain, if known (usual: 5, 10 or 20)")
    parser.add_argument("--device", default="cpu", help="where the networks run (default: cpu)")
