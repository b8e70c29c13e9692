"""What a person put right or labelled in a queue, in the forms that `digitize.train` and `classify.train` read."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from archive.ranking.queue import LIST
from classify.datasets.csv_table import columns_of, names, rows
from classify.labels import GROUPS
from digitize.batch import read_file
from digitize.corrections import Correction, PageKey, by_page, correcting, load_corrections
from digitize.engines import Digitize, load_digitizer
from digitize.stages import PageHints
from ecg.files import InputError, atomic_path, check_writable, csv_text, write_text
from ecg.formats import write

LABELS = "pages.csv"


def training_pages(
    queue: str | Path,
    output: str | Path,
    corrections: str | Path | None = None,
    *,
    part: str = "train",
    engine: str = "torch",
    digitizer: Digitize | None = None,
) -> int:
    """Write the corrected pages of a queue with their truth, and the labelled ones with their labels; 1 if one failed.

    `corrections` is what the browser saves; the pages that it names are read and put right again: `<stem>.png`, `.json`
    and `.csv`, as `simulate` writes them (`--sim_root`). Labels are the columns of queue.csv that are named like a
    group of them (superclass, rhythm ...), joined by ";": a page with any becomes a row of pages.csv in `part`.
    Raises InputError for what is no queue, ValueError for corrections of other pages and unknown labels.
    """
    source, folder = Path(queue), Path(output)
    if source.resolve() == folder.resolve():
        raise ValueError(f"{folder}: is the queue; name another --output")
    listed = [row for row in rows(source / LIST, ["file", "id"]) if row["file"]]
    files = [source / row["file"] for row in listed]
    fixes = by_page(load_corrections(corrections), {file: file.stem for file in files}) if corrections else {}
    labelled = _labelled(source / LIST, listed)
    check_writable(folder)
    failed = _write_corrected(fixes, folder, digitizer or load_digitizer("cpu", engine)) if fixes else 0
    _write_labelled(source, folder, labelled, part)
    print(f"{len(fixes) - failed} corrected and {len(labelled)} labelled pages in {folder}", file=sys.stderr)
    return int(failed > 0)


def _write_corrected(fixes: Mapping[PageKey, Correction], folder: Path, digitizer: Digitize) -> int:
    """Gives how many of the corrected pages could not be read again."""
    failed, digitize = 0, correcting(digitizer, fixes)
    for source, _ in fixes:
        for attempt in read_file(Path(source), digitize, PageHints()):
            if attempt.reading is None:
                failed += 1
                print(f"error: {attempt.error}", file=sys.stderr)
                continue
            reading = replace(attempt.reading, page=replace(attempt.reading.page, source=attempt.source.name))
            write(reading.record, folder / f"{attempt.name}.csv")
            reading.save_json(folder / f"{attempt.name}.json")
            _copy(attempt.source, folder / attempt.source.name)
    return failed


def _labelled(table: Path, listed: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Raises ValueError for a label that its group does not have."""
    groups = [name for name in columns_of(table) if name in GROUPS]
    found = [{"image": row["file"], **{group: row[group] for group in groups}} for row in listed]
    found = [row for row in found if any(row[group].strip() for group in groups)]
    for row in found:
        for group in groups:
            unknown = sorted(names(row[group]) - set(GROUPS[group].classes))
            if unknown:
                known = ", ".join(GROUPS[group].classes)
                raise ValueError(f"{table}: {row['image']}: {unknown[0]!r} is no label of {group}; expected {known}")
    return found


def _write_labelled(source: Path, folder: Path, labelled: Sequence[Mapping[str, str]], part: str) -> None:
    """Each page as a patient of its own, because an archive does not know whose it is."""
    if not labelled:
        return
    for row in labelled:
        _copy(source / row["image"], folder / row["image"])
    table = [{**row, "patient": Path(row["image"]).stem, "part": part} for row in labelled]
    groups = [name for name in labelled[0] if name != "image"]
    write_text(folder / LABELS, csv_text(table, ["image", "patient", "part", *groups]))


def _copy(source: Path, target: Path) -> None:
    try:
        with atomic_path(target) as temporary:
            shutil.copyfile(source, temporary)
    except FileNotFoundError as error:
        raise InputError(f"{source}: is listed, but not there any more") from error
