"""What each rule of `archive rank` is worth: `python -m archive.studies.active_learning --data $ECG_DATA --output OUT`.

PTB-XL's training part stands for an archive without labels (`archive.studies.label_curves`).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ecg.cli import add_data, entry


def parser() -> argparse.ArgumentParser:
    what = "AUC on PTB-XL against the number of labels, for every rule of archive rank and for chance."
    made = argparse.ArgumentParser(prog="python -m archive.studies.active_learning", description=what)
    add_data(made)
    what = "folder for plot, table and measured features (default: active_learning)"
    made.add_argument("--output", type=Path, default=Path("active_learning"), help=what)
    made.add_argument("--seeds", type=int, default=5, help="repetitions (default: 5)")
    return made


@entry(parser)
def main(options: argparse.Namespace) -> int:
    """0 when all was measured."""
    from archive.studies.label_curves import RULES, as_table, curves, dataset, plot
    from classify.report.figures import save_png
    from ecg.files import write_text

    if options.data is None:
        raise ValueError("--data is needed, or ECG_DATA")
    pool, test = dataset(options.data, options.output / "features.npz")
    found = {name: curves(choose, pool, test, options.seeds) for name, choose in RULES.items()}
    text = as_table(found)
    print(text)
    write_text(options.output / "active_learning.md", text + "\n")
    save_png(plot(found), options.output / "active_learning.png")
    return 0


if __name__ == "__main__":
    sys.exit(main())
