"""Look at a task's data before training: `python -m classify.validate_data --task T --root FOLDER [--stats]`."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from classify.tasks import TASKS

if TYPE_CHECKING:
    from classify.evaluation.data_stats import LeadStats
    from classify.tasks import Example, Task


@dataclass
class Found:
    """What the files of a task hold; `unreadable` and `doubts` say why by path."""

    rates_hz: Counter[str] = field(default_factory=Counter)
    lengths_s: Counter[str] = field(default_factory=Counter)
    leads: Counter[str] = field(default_factory=Counter)
    with_nan: int = 0
    flat_leads: Counter[str] = field(default_factory=Counter)
    unreadable: dict[str, str] = field(default_factory=dict)
    doubts: dict[str, str] = field(default_factory=dict)


def validate(task: Task, root: Path, given: Path | None = None, stats: LeadStats | None = None) -> dict[str, Any]:
    """Open every file of a task; counts of what is there, and by path what cannot be read or looks wrong.

    `stats` is filled on the way. Raises what the task's reader raises for its tables and its split.
    """
    from classify.tasks import examples

    found, files = examples(task, root, given), Found()
    for example in _once(found):
        _look_at(example, files, stats)
    return {
        "task": task.name,
        "examples": len(found),
        "files": len({example.path for example in found}),
        "subjects": len({example.patient for example in found}),
        "parts": dict(Counter(example.part for example in found)),
        "classes": class_counts(found, task),
        **vars(files),
    }


def class_counts(found: Sequence[Example], task: Task) -> dict[str, dict[str, dict[str, int]]]:
    """How many examples have each label, by group, label and part of the split; none is listed as 0."""
    from classify.labels import columns

    count = Counter[tuple[str, str, str]](
        (group, name, example.part) for example in found for group in task.groups for name in example.found[group] or ()
    )
    parts = [part for part in ("train", "validation", "test", "unused") if any(e.part == part for e in found)]
    out: dict[str, dict[str, dict[str, int]]] = {group: {} for group in task.groups}
    for group, name in columns(task.groups):
        out[group][name] = {part: count[group, name, part] for part in parts}
    return out


def _once(found: Sequence[Example]) -> Sequence[Example]:
    """One example for each file, whole, with progress."""
    from dataclasses import replace

    from tqdm import tqdm

    firsts = {example.path: example for example in reversed(found)}
    whole = [replace(example, window_s=None) for example in reversed(firsts.values())]
    progress: Sequence[Example] = tqdm(whole, desc="opening", disable=not sys.stderr.isatty())
    return progress


def _look_at(example: Example, files: Found, stats: LeadStats | None) -> None:
    from classify.datasets.load import load_example
    from ecg.signal.plausibility import doubts_about, flat_leads

    try:
        record = load_example(example)
    except (OSError, ValueError) as error:
        files.unreadable[str(example.path)] = str(error)
        return
    files.rates_hz[f"{record.fs_hz:g}"] += 1
    files.lengths_s[f"{record.duration_s:g}"] += 1
    files.leads[" ".join(record.leads)] += 1
    files.with_nan += bool(np.isnan(record.signal_mv).any())
    flat = flat_leads(record)
    files.flat_leads.update(flat)
    doubts = doubts_about(record) if example.in_mv else []
    if doubts:
        files.doubts[str(example.path)] = "; ".join(doubts)
    if stats is not None and example.in_mv:
        stats.add(record)


def as_markdown(result: Mapping[str, Any]) -> str:
    """What was found as tables for people."""
    lines = [
        f"# {result['task']}: {result['examples']} examples, {result['files']} files, {result['subjects']} subjects",
        "",
    ]
    for group, names in result["classes"].items():
        parts = list(next(iter(names.values())))
        lines += [f"| {group} | {' | '.join(parts)} | all |", "|---" * (len(parts) + 2) + "|"]
        for name, count in names.items():
            lines.append(f"| {name} | {' | '.join(str(count[part]) for part in parts)} | {sum(count.values())} |")
        lines.append("")
    for title in ("rates_hz", "lengths_s", "leads", "flat_leads"):
        seen = ", ".join(f"{name} ({count})" for name, count in Counter(result[title]).most_common(8))
        lines.append(f"{title}: {seen or 'none'}")
    lines.append(f"records with NaN: {result['with_nan']}")
    for title in ("unreadable", "doubts"):
        lines.append(f"{title}: {len(result[title])}")
        lines += [
            f"  {words if path in words else f'{path}: {words}'}" for path, words in [*result[title].items()][:10]
        ]
    return "\n".join(lines)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Validate, and write validation.json, split.csv and, with --stats, the lead table and picture."""
    from classify.datasets import split
    from classify.tasks import examples
    from ecg.formats import write_text

    task, stats = TASKS[args.task], None
    if args.stats:
        from classify.evaluation.data_stats import LeadStats

        stats = LeadStats()
    result = validate(task, args.root, args.split, stats)
    if stats is not None:
        result["leads_in_mv"] = stats.table()
        stats.draw(result["classes"], args.output / "statistics.png")
    write_text(args.output / "validation.json", json.dumps(result, indent=2) + "\n")
    found = examples(task, args.root, args.split)
    split.write(((one.id, one.patient, one.part) for one in found), args.output / "split.csv")
    return result


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(prog="python -m classify.validate_data", description="Check the data of a task.")
    p.add_argument("--task", choices=sorted(TASKS), required=True, help="labels and collections")
    p.add_argument("--root", type=Path, required=True, help="folder (or table) of the task's data")
    p.add_argument("--split", type=Path, help="a split as id,patient,part instead of the task's own rule")
    p.add_argument("--stats", action="store_true", help="amplitudes and spectra per lead, as a table and a picture")
    p.add_argument("--output", type=Path, default=Path("out/validation"), help="folder for what is written")
    return p


def main(argv: Sequence[str] | None = None) -> int:
    args = parser().parse_args(argv)
    try:
        result = run(args)
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(as_markdown(result))
    if "leads_in_mv" in result:
        from classify.evaluation.data_stats import as_table

        print(as_table(result["leads_in_mv"]))
    return 1 if result["unreadable"] else 0


if __name__ == "__main__":
    sys.exit(main())
