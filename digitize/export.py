"""Write the networks as ONNX files for `--engine onnx` and say by how much their outputs differ."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from ecg.cli import run


def export(output: str | Path | None = None) -> dict[str, Mapping[str, float]]:
    """Write every shipped network to `<kind>.onnx` in a folder (default: beside the weights, where it is looked for).

    Gives the largest difference of every head's outputs from the network's own, by file name.
    """
    from digitize.engines import onnx
    from digitize.nets.pretrained import FOLDER, load_networks

    done = onnx.export(load_networks(exact=True), Path(output) if output else FOLDER)
    return {str(one.path): one.largest_difference for one in done}


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m digitize.export", description=__doc__)
    made.add_argument("--output", metavar="FOLDER", help="where to (default: beside the shipped weights)")
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """0 when all were written, 1 when one could not be, 2 where the packages for it are missing."""
    return run(parser(), argv, _export_and_tell)


def _export_and_tell(output: str | None) -> int:
    for path, differences in export(output).items():
        heads = ", ".join(f"{head} {value:.1e}" for head, value in differences.items())
        print(f"{path} ({Path(path).stat().st_size / 1e6:.1f} MB): largest difference of {heads}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
