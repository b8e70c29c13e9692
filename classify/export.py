"""Write a classifier as an ONNX file and print by how much its answers differ: `python -m classify.export`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from classify.options import add_weights
from ecg.cli import command_parser, entry


def parser() -> argparse.ArgumentParser:
    p = command_parser("classify.export")
    add_weights(p)
    p.add_argument("--output", type=Path, metavar="FILE", help="where to (default: beside the weights, .onnx)")
    return p


@entry(parser)
def main(options: argparse.Namespace) -> int:
    """0 when it was written, 1 when it could not be, 2 for a wrong command or where the packages are missing."""
    from classify.weights.onnx_export import export

    path, largest = export(options.weights, options.output)
    print(f"{path} ({path.stat().st_size / 1e6:.1f} MB): probabilities differ by {largest:.1e} at most")
    return 0


if __name__ == "__main__":
    sys.exit(main())
