"""What the paper costs: the same held-out records diagnosed from the signal and from rendered pages, side by side."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from classify.weights import DEFAULT

if TYPE_CHECKING:
    import numpy as np

    from classify.classifier import Classifier
    from classify.tasks import Example
    from ecg.reading import Page, Reading
    from ecg.record import Record


@dataclass
class _Rows:
    """Probabilities per record by each way of seeing it, and the refusals in words."""

    target: list[np.ndarray] = field(default_factory=list)
    whole: list[np.ndarray] = field(default_factory=list)
    printed: list[np.ndarray] = field(default_factory=list)
    read: list[np.ndarray] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


def compare(
    data: Path,
    weights: Path = DEFAULT,
    count: int = 100,
    preset: str = "scan",
    seed: int = 0,
    output: Path = Path("out/pages"),
    digitize: Callable[[Page], Reading] | None = None,
) -> dict[str, Any]:
    """Macro AUC per label group: of the whole signal, of exactly what the page prints, and of what was read from it.

    The first `count` test records are drawn on pages of `preset`; a refused page counts as abstained and is left out of
    all three, and its number is told. Written as pages.json.
    """
    from classify.classifier import Classifier
    from classify.recipe import Recipe
    from classify.tasks import TASKS, examples
    from digitize import Digitizer
    from ecg.fit.recipe import from_dict
    from ecg.formats import write_text

    classifier = Classifier.load(weights)
    task = TASKS[from_dict(Recipe, classifier.card.recipe).task]
    chosen = [example for example in examples(task, data) if example.part == "test"][:count]
    rows = _see_all(classifier, digitize or Digitizer.load(), chosen, task.groups, preset, seed)
    head = {"weights": classifier.card.version, "preset": preset, "records": len(rows.target)}
    result = {**head, **_figures(rows, classifier), "refused": rows.refused}
    write_text(output / "pages.json", json.dumps(result, indent=2) + "\n")
    return result


def _see_all(
    classifier: Classifier,
    digitize: Callable[[Page], Reading],
    chosen: Sequence[Example],
    groups: Sequence[str],
    preset: str,
    seed: int,
) -> _Rows:
    from tqdm import tqdm

    from classify.arrays import load_example
    from classify.labels import targets
    from simulate import Scene

    rows = _Rows()
    for number, example in enumerate(tqdm(chosen, desc="pages", file=sys.stderr, disable=not sys.stderr.isatty())):
        record = load_example(example)
        page, truth = Scene.sample(seed + number, preset).render(record)
        try:
            read = digitize(page).record
        except ValueError as error:  # a refusal, with its words
            rows.refused[example.path.stem] = str(error)
            continue
        seen = [_probabilities(classifier, one) for one in (record, truth.record, read)]
        if any(one is None for one in seen):
            rows.refused[example.path.stem] = "the classifier abstained"
            continue
        rows.target.append(targets(example.found, groups))
        for place, one in zip((rows.whole, rows.printed, rows.read), seen, strict=True):
            place.append(one)  # type: ignore[arg-type]
    return rows


def _probabilities(classifier: Classifier, record: Record) -> np.ndarray | None:
    import numpy as np

    diagnosis = classifier(record)
    return None if diagnosis.abstained else np.array([label.probability for label in diagnosis.labels])


def _figures(rows: _Rows, classifier: Classifier) -> dict[str, Any]:
    import numpy as np

    from classify.score import macro_auc

    if not rows.target:
        raise ValueError(f"no page could be read and diagnosed: {list(rows.refused.values())[:3]}")
    target = np.stack(rows.target)
    out: dict[str, Any] = {}
    for group in dict.fromkeys(group for group, _ in classifier.card.labels):
        mine = [k for k, (g, _) in enumerate(classifier.card.labels) if g == group]
        ways = {"signal": rows.whole, "printed part": rows.printed, "read from page": rows.read}
        values = {way: macro_auc(np.stack(p)[:, mine], target[:, mine]) for way, p in ways.items()}
        out[group] = {way: round(value, 4) if value == value else None for way, value in values.items()}
    return out


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(prog="python -m classify.pages", description="Diagnose signals and their pages.")
    p.add_argument("--data", type=Path, required=True, help="folder with the task's collections")
    p.add_argument("--weights", type=Path, default=DEFAULT, help="a .safetensors file with its .json beside it")
    p.add_argument("--count", type=int, default=100, help="number of held-out records (about 5 s each)")
    p.add_argument("--preset", default="scan", help="how pages are drawn: clean, scan, photo or fax")
    p.add_argument("--seed", type=int, default=0, help="the first page's seed")
    p.add_argument("--output", type=Path, default=Path("out/pages"), help="where pages.json goes")
    return p


def main(argv: Sequence[str] | None = None) -> int:
    args = parser().parse_args(argv)
    try:
        result = compare(**vars(args))
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(json.dumps({**result, "refused": len(result["refused"])}, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
