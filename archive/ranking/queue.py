"""The pages of an archive that a person should look at first, as a list and as a folder of pages."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from archive.ranking import rules
from archive.ranking.ensemble import members
from archive.row import READ
from archive.selection.exporting import stem_of
from archive.selection.rows import records, where, without_signals
from archive.sources.fetch import Fetcher
from archive.storage import manifest
from archive.storage.labels import thresholds
from archive.storage.manifest import Manifest
from archive.storage.store import Store
from archive.storage.table import probability_column
from classify.classifier import Classifier
from classify.features.catalog import ALL
from classify.queue import LIST
from digitize.page.open import iter_pages
from ecg.files import InputError, atomic_path, csv_text, named, write_text

_COLUMNS = ("rank", "file", "id", "uri", "page", "score", "confidence", "layout")
Rule = Callable[[pd.DataFrame, Manifest, Store], np.ndarray]


def _reading(rows: pd.DataFrame, found: Manifest, store: Store) -> np.ndarray:
    return 1 - rows["confidence"].to_numpy(np.float64)


def _margin(rows: pd.DataFrame, found: Manifest, store: Store) -> np.ndarray:
    return rules.margin(_probability(rows, found), thresholds(found.work))


def _entropy(rows: pd.DataFrame, found: Manifest, store: Store) -> np.ndarray:
    return rules.entropy(_probability(rows, found))


def _uncertainty(rows: pd.DataFrame, found: Manifest, store: Store) -> np.ndarray:
    """Of the reading, and of the diagnosis where there is one."""
    parts = [_reading, _entropy] if found.labels else [_reading]
    return sum((rules.percentiles(rule(rows, found, store)) for rule in parts), np.zeros(len(rows))) / len(parts)


def _k_centre(rows: pd.DataFrame, found: Manifest, store: Store) -> np.ndarray:
    """The first that is taken scores highest."""
    if not found.labels:
        raise ValueError("--by k-centre needs what a diagnosis measures; this archive was made with --no_diagnosis")
    vectors = rules.standardised(rows[list(ALL)].to_numpy(np.float64))
    taken = rules.k_centre(vectors, min(len(rows), _MOST_CENTRES))
    score = np.full(len(rows), np.nan)
    score[taken] = np.arange(len(taken), 0, -1)
    return score


def _disagreement(rows: pd.DataFrame, found: Manifest, store: Store) -> np.ndarray:
    """The networks look at the signals again, each for itself."""
    classifier = Classifier.load(found.work.weights or None)
    scores = {name: rules.disagreement(members(classifier, record)) for name, record in records(store, rows)}
    return np.array([float(scores[name][0]) for name in rows["id"]])


_MOST_CENTRES = 2000
RULES: dict[str, Rule] = {
    "uncertainty": _uncertainty,
    "reading": _reading,
    "margin": _margin,
    "entropy": _entropy,
    "disagreement": _disagreement,
    "k-centre": _k_centre,
}


def _probability(rows: pd.DataFrame, found: Manifest) -> np.ndarray:
    """[record, label]; NaN where the classifier abstained."""
    if not found.labels:
        raise ValueError("this archive was made with --no_diagnosis; rank it --by reading")
    return rows[[probability_column(label) for label in found.labels]].to_numpy(np.float64)


def rank(archive: str, by: Sequence[str], count: int, output: str | Path, condition: str = "") -> int:
    """Write queue.csv and the pages themselves, the first to be looked at first; 1 if a page cannot be opened, else 0.

    Several rules are added as ranks. Raises ValueError for a rule or condition that makes no sense, InputError where
    `output` holds a queue already, whose labels would be lost.
    """
    unknown = [name for name in by if name not in RULES]
    if unknown or not by or count < 1:
        raise ValueError(f"--by {' '.join(by)} --count {count}: expected some of {', '.join(RULES)}, and 1 or more")
    if (Path(output) / LIST).exists():
        raise InputError(f"{output}: holds a queue already; name another --output", "output-exists")
    store = Store(archive)
    found = manifest.load(store)
    rows = where(without_signals(found, store), condition)
    rows = rows[rows["status"] == READ].reset_index(drop=True)
    chosen = rows.assign(score=_score(rows, found, store, by)).nlargest(count, "score", keep="first")
    return _write(chosen, Path(output), tuple(dict.fromkeys(group for group, _ in found.labels)))


def _score(rows: pd.DataFrame, found: Manifest, store: Store, by: Sequence[str]) -> np.ndarray:
    scores = [RULES[name](rows, found, store) for name in by]
    if len(scores) == 1:
        return scores[0]
    return np.mean([rules.percentiles(score) for score in scores], axis=0)


def _write(chosen: pd.DataFrame, folder: Path, groups: Sequence[str]) -> int:
    """With an empty column for each group of labels that the archive was diagnosed with."""
    digits, lines, failed = len(str(len(chosen))), list[dict[str, object]](), 0
    with Fetcher() as fetch:
        for number, row in enumerate(chosen.to_dict("records"), start=1):
            file = f"{number:0{digits}}-{stem_of(row['id']).replace('/', '_')}.png"
            try:
                _save_page(fetch, row["uri"], row["page"], folder / file)
            except (InputError, OSError) as error:
                failed, file = failed + 1, ""
                print(f"error: {named(error, row['uri'])}", file=sys.stderr)
            lines.append({**row, "rank": number, "file": file})
    write_text(folder / LIST, csv_text(lines, (*_COLUMNS, *groups)))
    words = f"{len(lines) - failed} pages in {folder}, listed in {LIST}; look at them: python -m serve --queue {folder}"
    print(words, file=sys.stderr)
    return int(failed > 0)


def _save_page(fetch: Fetcher, uri: str, number: int, path: Path) -> None:
    """The page as it is read: upright and alone."""
    page = next((page for page in iter_pages(fetch(uri)) if page.index == number), None)
    if page is None:
        raise InputError(f"{uri}: has no page {number + 1} any more")
    with atomic_path(path) as temporary:
        Image.fromarray(page.pixels).save(temporary, compress_level=2, dpi=(page.dpi, page.dpi) if page.dpi else None)
