"""Make weights of a checkpoint: `python -m classify.calibrate --checkpoint RUN/checkpoints/best.pth --output W`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from classify.weights import DEFAULT
from ecg.cli import add_data, command_parser, entry


def parser() -> argparse.ArgumentParser:
    p = command_parser("classify.calibrate")
    p.add_argument("--checkpoint", type=Path, required=True, help="best.pth of a training run")
    add_data(p)
    p.add_argument("--output", type=Path, default=DEFAULT, help="the .safetensors file to write")
    p.add_argument("--eight_bit", action="store_true", help="keep kernels in eight bits: half the size")
    return p


@entry(parser)
def main(options: argparse.Namespace) -> int:
    """0 when written, 1 when a file cannot be read or written, 2 for a wrong command or value."""
    from classify.training.calibrate import calibrate

    o = options
    card = calibrate(o.checkpoint, o.data, o.output, o.eight_bit)
    print(f"{o.output}: {card.version}, temperatures {dict(card.temperatures)}, thresholds {dict(card.thresholds)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
