"""What becomes of pages that must not be diagnosed: refused, read without a diagnosis, or wrongly diagnosed."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tqdm import tqdm

from ecg.cli import add_device, add_engine, command_parser, entry
from ecg.markdown import table as markdown_table

if TYPE_CHECKING:
    from classify.classifier import Classifier
    from ecg.page import Page
    from ecg.reading import Reading

OUTCOMES = ("refused", "abstained", "diagnosed")


@dataclass(frozen=True)
class Outcome:
    """What became of the page of a kind and seed, and why in words."""

    kind: str
    seed: int
    outcome: str
    words: str


def judge(page: Page, digitize: Callable[[Page], Reading], classifier: Classifier) -> tuple[str, str]:
    """(outcome, words) of a page: the refusal, why there is no diagnosis, or the diagnosis that it got."""
    try:
        reading = digitize(page)
    except ValueError as refusal:
        return "refused", str(refusal)
    diagnosis = classifier.of_reading(reading)
    if diagnosis.abstained:
        return "abstained", "; ".join(diagnosis.reasons)
    named = ", ".join(label.title for label in diagnosis.predicted)
    return "diagnosed", f"as {reading.layout.name}: {named}; {'; '.join(diagnosis.warnings)}"


def check(
    pages: Iterable[tuple[str, int]], digitize: Callable[[Page], Reading], classifier: Classifier
) -> Iterator[Outcome]:
    """What becomes of every page (kind, seed)."""
    from classify.studies.strange_pages import draw

    for kind, seed in pages:
        yield Outcome(kind, seed, *judge(draw(kind, seed), digitize, classifier))


def table(outcomes: Iterable[Outcome]) -> str:
    """Markdown: how many pages of each kind were refused, not diagnosed, and diagnosed."""
    counts: dict[str, Counter[str]] = {}
    for found in outcomes:
        for row in ("all", found.kind):
            counts.setdefault(row, Counter())[found.outcome] += 1
    rows = [[kind, *(str(count[outcome]) for outcome in OUTCOMES)] for kind, count in counts.items()]
    return markdown_table(["pages", *OUTCOMES], rows)


def parser() -> argparse.ArgumentParser:
    made = command_parser("classify.studies.not_ecgs")
    made.add_argument("--count", type=int, default=9, help="pages of each of the twelve kinds (default: %(default)s)")
    made.add_argument("--seed", type=int, default=0, help="of the first page (default: %(default)s)")
    add_device(made)
    add_engine(made)
    return made


@entry(parser)
def main(options: argparse.Namespace) -> int:
    """0 when none was diagnosed, 1 when one was."""
    from classify.classifier import Classifier
    from classify.studies.strange_pages import KINDS
    from digitize.engines import load_digitizer

    read = load_digitizer(options.device, options.engine)
    pages = [(kind, options.seed + k) for kind in KINDS for k in range(options.count)]
    found = check(pages, lambda page: read(page, None, None, None), Classifier.load())
    outcomes = []
    for outcome in tqdm(found, total=len(pages), disable=None):
        outcomes.append(outcome)
        print(f"- {outcome.kind} {outcome.seed}: {outcome.outcome}: {outcome.words}", flush=True)
    print(table(outcomes))
    return int(any(outcome.outcome == "diagnosed" for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main())
