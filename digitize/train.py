"""Train the page, the row or the name network: `python -m digitize.train --config configs/row.yaml`."""

from __future__ import annotations

import argparse

from ecg.cli import add_data, add_page_folder, command_parser, entry
from ecg.fit.launch import finish
from ecg.fit.options import add_cache, add_options, changes

LOSSES = ("seg", "grid", "baseline", "theta", "signal")
KEYS = {"max_samples": "pages.samples", **{f"loss_weight_{name}": f"losses.{name}" for name in LOSSES}}
DEBUG = ("pages.samples=100", "pages.validation_samples=16")


def parser() -> argparse.ArgumentParser:
    made = command_parser("digitize.train")
    add_options(made, "configs/whole_page.yaml")
    add_page_folder(made)
    add_data(made)
    add_cache(made)
    what = "start the encoder from ImageNet weights (needs a download)"
    made.add_argument("--pretrained", action="store_true", help=what)
    for name in LOSSES:
        made.add_argument(f"--loss_weight_{name}", type=float, help=f"how much the head {name} counts")
    return made


@entry(parser)
def main(options: argparse.Namespace) -> int:
    """0 when trained, 1 when a file cannot be read or written, 2 for a wrong recipe or value, 130 when interrupted."""
    from digitize.training.trainer import Source, train_and_report

    o = options
    source = Source(o.sim_root, o.csv_root, o.data, o.cache, o.cache_dir, o.cache_gb)
    return train_and_report(o.config, changes(o, KEYS, DEBUG), source, o.output, o.resume, o.pretrained, o.start)


if __name__ == "__main__":
    finish(main)
