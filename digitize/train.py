"""Train the page, the row or the name network: `python -m digitize.train --config configs/row.yaml`."""

from __future__ import annotations

import argparse
from pathlib import Path

from ecg.cli import add_data, add_page_folder, command_parser, entry
from ecg.fit.launch import finish
from ecg.fit.options import add_cache, add_options, changes

LOSSES = ("seg", "grid", "baseline", "theta", "signal")
RECIPE = "configs/whole_page.yaml"
KEYS = {
    "max_samples": "pages.samples pages.limit",
    "val_fraction": "pages.val_fraction",
    **{f"loss_weight_{name}": f"losses.{name}" for name in LOSSES},
}
DEBUG = ("pages.samples=100", "pages.limit=100", "pages.validation_samples=16")


def parser() -> argparse.ArgumentParser:
    made = command_parser("digitize.train")
    add_options(made, RECIPE)
    add_page_folder(made)
    add_data(made)
    add_cache(made)
    what = "share of the recordings under --sim_root that are held out to validate (default: the recipe's, 0.1)"
    made.add_argument("--val_fraction", type=float, help=what)
    what = "the recordings or pictures that are held out instead, one name a line"
    made.add_argument("--val_list", type=Path, metavar="FILE", help=what)
    what = "start the encoder from ImageNet weights (needs a download)"
    made.add_argument("--pretrained", action="store_true", help=what)
    for name in LOSSES:
        made.add_argument(f"--loss_weight_{name}", type=float, help=f"how much the head {name} counts")
    return made


@entry(parser)
def main(options: argparse.Namespace) -> int:
    """0 when trained, 1 when a file cannot be read or written, 2 for a wrong recipe or value, 130 when interrupted."""
    from digitize.training.trainer import Source, train_and_report
    from ecg.fit.resumed import config_of, source_of

    o = options
    config, places = config_of(o, RECIPE), source_of(o, "sim_root", "csv_root", "data", "val_list")
    source = Source(**places, cache=o.cache, cache_dir=o.cache_dir, cache_gb=o.cache_gb)
    return train_and_report(config, changes(o, KEYS, DEBUG), source, o.output, o.resume, o.pretrained, o.start)


if __name__ == "__main__":
    finish(main)
