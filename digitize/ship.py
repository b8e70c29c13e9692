"""Put a trained pass into the package: `python -m digitize.ship`."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_SYNTHETIC = {"name": "synthetic hearts of galvano's simulator", "licence": "MIT", "role": "a fifth of the pages"}
_RECORDED = [
    {
        "name": "PTB-XL 1.0.3, stratified fold 10 (patients of folds 0-2 of a patient-disjoint split in four)",
        "source": "Wagner et al., Scientific Data 2020",
        "licence": "CC BY 4.0",
        "role": "signals drawn on simulated pages",
    },
    {
        "name": "PhysioNet/CinC Challenge 2020-21: CPSC2018, Chapman-Shaoxing/Ningbo, Georgia, PTB-XL (326 recordings)",
        "source": "Perez Alday et al., Physiological Measurement 2020",
        "licence": "CC BY 4.0",
        "role": "signals drawn on simulated pages",
    },
]


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        prog="python -m digitize.ship",
        description="Write a checkpoint's weights in half precision, with their card, where the digitizer loads them.",
    )
    p.add_argument("--checkpoint", type=Path, required=True, help="best.pth or last.pth of a run of digitize.train")
    p.add_argument("--synthetic", action="store_true", help="the run drew synthetic hearts only")
    p.add_argument("--hardware", default=f"{os.cpu_count()} CPU cores", help="what it was trained on, for the card")
    p.add_argument("--output", type=Path, help="folder to write to (default: the package's own)")
    return p


def main(argv: Sequence[str] | None = None) -> int:
    args = parser().parse_args(argv)
    from digitize.weights import ship
    from ecg.fit.checkpoint import CheckpointError

    facts = {
        "data": [_SYNTHETIC] if args.synthetic else [*_RECORDED, _SYNTHETIC],
        "validation": last_metrics(args.checkpoint),
        "hardware": args.hardware,
        "purpose": "Reads printed ECGs for research. Not a medical device.",
    }
    try:
        path = ship(args.checkpoint, facts, args.output)
    except (CheckpointError, OSError) as error:
        print(f"digitize.ship: {error}", file=sys.stderr)
        return 2
    print(f"{path} ({path.stat().st_size / 1e6:.1f} MB)")
    return 0


def last_metrics(checkpoint: Path) -> dict[str, Any]:
    """The last epoch's line of the run that a checkpoint lies in; empty where there is none yet."""
    path = checkpoint.parent.parent / "metrics.jsonl"
    lines = path.read_text().splitlines() if path.is_file() else []
    return json.loads(lines[-1])["val"] if lines else {}


if __name__ == "__main__":
    sys.exit(main())
