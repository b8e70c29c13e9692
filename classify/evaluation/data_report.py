"""What `classify.validate_data` writes and prints."""

from __future__ import annotations

import json
from pathlib import Path

from classify.datasets.folds import FILE, write_folds
from classify.datasets.readers import examples
from classify.datasets.validate import as_markdown, validate
from classify.evaluation.data_stats import LeadStats
from classify.evaluation.data_stats import as_markdown as lead_table
from classify.tasks import TASKS
from ecg.fit.split_file import write as write_split
from ecg.formats import write_text


def write_report(
    task: str,
    root: Path,
    split_file: Path | None = None,
    stats: bool = False,
    output: Path = Path("out/validation"),
    max_samples: int | None = None,
    base_path: str = "",
    records: str = "",
) -> tuple[str, bool]:
    """(tables, whether every file could be read); writes validation.json, split.csv and, with `stats`, a picture.

    Of a task of ten folds it writes folds.csv, too, which the reader follows where it lies beside the recordings.
    Raises what the task's reader raises for its tables and its split.
    """
    leads = LeadStats() if stats else None
    found = examples(TASKS[task], root, split_file, base_path, records)
    report = validate(TASKS[task], found, leads.add if leads else None, max_samples)
    text, stored = as_markdown(report), dict(report)
    if leads is not None:
        stored["leads_in_mv"] = leads.table()
        text += f"\n\n{lead_table(leads.table())}"
        leads.draw(report["classes"], output / "statistics.png")
    write_text(output / "validation.json", json.dumps(stored, indent=2) + "\n")
    if split_file is None and all(one.fold for one in found):
        write_folds(found, output / FILE)
    write_split(((one.id, one.patient, one.part) for one in found), output / "split.csv")
    return text, not report["unreadable"]
