"""How well the pages are read that each rule of `archive rank` puts first, where their truth is known."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from archive.ranking.queue import RULES
from archive.row import READ
from archive.selection.rows import records, without_signals
from archive.storage import manifest
from archive.storage.store import Store
from digitize.evaluation.ground_truth import find_truth, load_truth
from digitize.evaluation.metrics import score_page
from ecg.files import InputError
from ecg.markdown import table

DRAWS = 10_000


def compare(archive: str, count: int) -> str:
    """Markdown: mean SNR in dB of the first `count` pages of each rule, of as many at random and of the worst.

    Raises InputError for a page without truth.
    """
    store = Store(archive)
    found = manifest.load(store)
    rows = without_signals(found, store)
    rows = rows[rows["status"] == READ].reset_index(drop=True)
    snr_db = quality_db(store, rows)
    means = {"the worst": float(np.sort(snr_db)[:count].mean())}
    for name, rule in RULES.items():
        try:
            score = pd.Series(rule(rows, found, store))
        except ValueError as error:
            print(f"{name}: {error}", file=sys.stderr)
            continue
        means[name] = float(snr_db[score.nlargest(count, keep="first").index].mean())
    drawn = random_means_db(snr_db, count)
    lines = [[name, f"{mean:.1f}", f"{np.mean(drawn <= mean):.4f}"] for name, mean in means.items()]
    lines.append([f"at random (mean of {DRAWS} draws)", f"{drawn.mean():.1f} ± {drawn.std():.1f}", ""])
    head = [f"first {count} of {len(rows)} pages by", "mean dB", "share of random draws as low"]
    return table(head, lines, padded=True)


def quality_db(store: Store, rows: pd.DataFrame) -> np.ndarray:
    """SNR [row] of what was read against the truth beside each picture."""
    pages = {str(row["id"]): Path(str(row["uri"])) for row in rows.to_dict("records")}
    found = dict[str, float]()
    for name, record in records(store, rows):
        truth = find_truth(pages[name])
        if truth is None:
            raise InputError(f"{pages[name]}: no truth lies beside it; expected a page that `simulate` drew")
        found[name] = score_page(load_truth(truth, pages[name]).record, record).snr_db
    return np.array([found[name] for name in pages])


def random_means_db(snr_db: np.ndarray, count: int) -> np.ndarray:
    """The means [draw] of `count` pages drawn without replacement."""
    chance = np.random.default_rng(0)
    order = chance.random((DRAWS, len(snr_db))).argpartition(min(count, len(snr_db) - 1), axis=1)[:, :count]
    means: np.ndarray = snr_db[order].mean(axis=1)
    return means
