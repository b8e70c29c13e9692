"""The recordings of chosen rows, a file each."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from archive.selection.rows import records, where, without_signals
from archive.storage import manifest
from archive.storage.store import Store
from digitize.output import OutputFolder
from ecg.files import named
from ecg.formats import write
from ecg.formats.table import by_name


def export(
    archive: str, formats: Sequence[str], output: str | Path, condition: str = "", *, overwrite: bool = False
) -> int:
    """Write the recordings of all rows for which `condition` holds, named by their ids; 1 if one failed, else 0.

    Raises ValueError for a condition that cannot be understood, InputError where results of an earlier run would be
    replaced without `overwrite`.
    """
    store = Store(archive)
    chosen = where(without_signals(manifest.load(store), store), condition)
    endings = _endings(formats)
    folder, failed, count = OutputFolder(output, (), overwrite), 0, 0
    with tqdm(total=int((chosen["status"] == "read").sum()), desc="export", unit="page", file=sys.stderr) as bar:
        for name, record in records(store, chosen):
            bar.update()
            try:
                stem = folder.claim(stem_of(name), endings)
                folder.check_absent(stem, endings)
                for format, ending in zip(formats, endings, strict=True):
                    write(record, Path(output) / f"{stem}{ending}", format)
                count += 1
            except Exception as error:  # what one recording cannot be written as must not cost the rest
                failed += 1
                bar.write(f"error: {named(error, name)}", file=sys.stderr)
    rest = len(chosen) - count - failed
    print(f"{count} of {len(chosen)} rows written to {output}; {rest} hold no signal", file=sys.stderr)
    return int(failed > 0)


def _endings(formats: Sequence[str]) -> list[str]:
    """Raises ValueError for two formats of one ending, InputError for one of which a package is missing."""
    chosen = [by_name(name) for name in formats]
    for row in chosen:
        row.require(f"--format {row.name}")
    endings = [row.suffixes[0] for row in chosen]
    twice = next((ending for ending in endings if endings.count(ending) > 1), None)
    if twice:
        raise ValueError(f"--format {' '.join(formats)}: two of them end in {twice}; export them into two folders")
    return endings


def stem_of(name: str) -> str:
    """The folders of an id stay; a suffix such as .png does not, but -p2 after it does."""
    folder, _, leaf = name.rpartition("/")
    stem, dot, rest = leaf.rpartition(".")
    page = rest.partition("-")[2]
    leaf = (f"{stem}-{page}" if page else stem) if dot and stem else leaf
    return f"{folder}/{leaf}" if folder else leaf
