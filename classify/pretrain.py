"""Pretrain an encoder without labels, or measure what that is worth: `python -m classify.pretrain [--curves FILE]`."""

from __future__ import annotations

import argparse
from pathlib import Path

from ecg.cli import add_data, add_output, add_recipe, command_parser, entry
from ecg.fit.launch import finish

DEFAULT_RECIPE = Path(__file__).resolve().parent.parent / "configs" / "pretrain_cpc.yaml"


def parser() -> argparse.ArgumentParser:
    p = command_parser("classify.pretrain")
    add_recipe(p, str(DEFAULT_RECIPE))
    add_data(p)
    add_output(p, "experiments", "where the run folder, or the curves, are made")
    p.add_argument("--resume", type=Path, help="go on from a last.pth")
    what = "measure pretrainings, of one network and budget, instead of making one"
    p.add_argument("--curves", type=Path, nargs="+", metavar="CHECKPOINT", help=what)
    p.add_argument("--shares", type=float, nargs="+", help="of labels, for --curves (default: 0.01 0.05 0.25 1)")
    p.add_argument("--noise_db", type=float, nargs="+", help="signal to noise, for --curves (default: inf 24 12 6 0)")
    p.add_argument("--protocols", nargs="+", choices=("linear", "finetune", "scratch"), help="for --curves (all)")
    return p


@entry(parser)
def main(options: argparse.Namespace) -> int:
    """0 when done, 1 when a file cannot be read or written, 2 for a wrong recipe or value, 130 when interrupted."""
    o = options
    if o.curves is None:
        from classify.pretraining.runner import pretrain_and_report

        return pretrain_and_report(o.config, o.changes, o.data, o.output, o.resume)
    from classify.pretraining.curves import curves

    asked = {"shares": o.shares, "noise_db": o.noise_db, "protocols": o.protocols}
    print(curves(o.curves, o.data, o.output, **{key: value for key, value in asked.items() if value}))
    return 0


if __name__ == "__main__":
    finish(main)
