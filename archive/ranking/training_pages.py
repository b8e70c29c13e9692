"""What a person put right or labelled in a queue, in the forms that `digitize.train` and `classify.train` read."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from classify.queue import Queue, QueuedPage
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

    `corrections` is what the browser saved, by default what `serve --queue` kept beside the list; the pages that it
    names are read and put right again: `<stem>.png`, `.json` and `.csv`, as `simulate` writes them (`--sim_root`).
    Labelled pages become rows of pages.csv in `part`. Raises InputError for what is no queue and for unknown labels,
    ValueError for corrections of other pages.
    """
    source, folder = Queue(queue), Path(output)
    if source.folder.resolve() == folder.resolve():
        raise ValueError(f"{folder}: is the queue; name another --output")
    pages = source.pages()
    kept = corrections or (source.corrections if source.corrections.exists() else None)
    fixes = by_page(load_corrections(kept), {page.picture: page.name for page in pages}) if kept else {}
    labelled = [page for page in pages if any(page.labels.values())]
    check_writable(folder)
    failed = _write_corrected(fixes, folder, digitizer or load_digitizer("cpu", engine)) if fixes else 0
    _write_labelled(folder, labelled, part)
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


def _write_labelled(folder: Path, labelled: Sequence[QueuedPage], part: str) -> None:
    """Each page as a patient of its own, because an archive does not know whose it is."""
    if not labelled:
        return
    for page in labelled:
        _copy(page.picture, folder / page.picture.name)
    table = [
        {"image": page.picture.name, "patient": page.name, "part": part}
        | {group: ";".join(names) for group, names in page.labels.items()}
        for page in labelled
    ]
    write_text(folder / LABELS, csv_text(table))


def _copy(source: Path, target: Path) -> None:
    try:
        with atomic_path(target) as temporary:
            shutil.copyfile(source, temporary)
    except FileNotFoundError as error:
        raise InputError(f"{source}: is listed, but not there any more") from error
