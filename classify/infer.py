"""Diagnose scans or recordings: `python -m classify.infer --image PAGE... | --record FILE... --output OUT`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from classify.weights import DEFAULT

if TYPE_CHECKING:
    from classify.classifier import Classifier
    from classify.diagnosis import Diagnosis
    from ecg.reading import Reading
    from ecg.record import Record

Done = tuple[str, "Diagnosis"]


def infer(
    image: Sequence[str] = (), record: Sequence[str] = (), output: str | Path = "out", weights: str | Path = DEFAULT
) -> int:
    """Write `<stem>.diagnosis.json` and `<stem>.report.html` for every page or recording; 1 if any failed, else 0.

    For a page, also all that `digitize.infer` writes. A file that cannot be read is named and the rest goes on.
    """
    from classify.classifier import Classifier

    classifier, folder = Classifier.load(weights), Path(output)
    work = _pages(image, folder, classifier) if image else _recordings(record, folder, classifier)
    failed = 0
    for done in work:
        if isinstance(done, str):
            failed += 1
            print(f"error: {done}", file=sys.stderr)
        else:
            print_table(*done)
    return 1 if failed else 0


def write_diagnosis(
    stem: str, record: Record, diagnosis: Diagnosis, folder: Path, picture: Path | None = None
) -> tuple[Path, Path]:
    """Write the JSON and the report of one diagnosis; gives both paths."""
    from classify.report import report_html
    from ecg.formats import write_text

    paths = folder / f"{stem}.diagnosis.json", folder / f"{stem}.report.html"
    write_text(paths[0], json.dumps(diagnosis.to_dict(), indent=2, allow_nan=False) + "\n")
    write_text(paths[1], report_html(stem, record, diagnosis, picture))
    return paths


def print_table(stem: str, diagnosis: Diagnosis) -> None:
    """The diagnosis for the terminal, predicted labels marked."""
    from classify.report import verdict

    print(f"{stem}: {verdict(diagnosis)}")
    for label in diagnosis.labels if not diagnosis.abstained else ():
        mark = "*" if label.predicted else " "
        print(f"  {mark} {label.group:<11}{label.name:<6}{label.probability:6.2f}  (threshold {label.threshold:.2f})")
    for warning in diagnosis.warnings:
        print(f"  ! {warning}")


def _recordings(paths: Sequence[str], folder: Path, classifier: Classifier) -> Iterator[Done | str]:
    from ecg.formats import find_records, read

    taken: set[str] = set()
    for path in _found(find_records, paths):
        if isinstance(path, str):
            yield path
            continue
        try:
            recording = read(path)
            diagnosis = classifier(recording)
            stem = _free_name(path.stem, taken)
            write_diagnosis(stem, recording, diagnosis, folder)
            yield stem, diagnosis
        except (OSError, ValueError) as error:
            yield _words(path, error)


def _pages(paths: Sequence[str], folder: Path, classifier: Classifier) -> Iterator[Done | str]:
    from digitize.batch import Attempt, Given, load_digitizer, read_file, write_reading
    from digitize.page.open import expand_images

    def diagnose(attempt: Attempt) -> Done | str:
        if attempt.reading is None:
            return str(attempt.error)
        stem = _free_name(attempt.name, taken)
        try:
            picture = write_reading(attempt.reading, folder, stem)["overlay"]
            diagnosis = of_reading(classifier, attempt.reading)
            write_diagnosis(stem, attempt.reading.record, diagnosis, folder, picture)
        except (OSError, ValueError) as error:
            return _words(attempt.source, error)
        return stem, diagnosis

    digitizer, taken = load_digitizer("cpu"), set[str]()
    for path in _found(expand_images, paths):
        attempts = [path] if isinstance(path, str) else read_file(path, digitizer, Given())
        yield from (attempt if isinstance(attempt, str) else diagnose(attempt) for attempt in attempts)


def of_reading(classifier: Classifier, reading: Reading) -> Diagnosis:
    """The diagnosis of what was read from a page, with the reading's warnings and its mean confidence."""
    diagnosis = classifier(reading.record)
    seen = list(reading.confidence.values())
    quality = {**diagnosis.quality, "confidence": sum(seen) / len(seen) if seen else float("nan")}
    return replace(diagnosis, quality=quality, warnings=(*reading.warnings, *diagnosis.warnings))


def _found(find: Callable[[Iterable[str]], list[Path]], paths: Sequence[str]) -> Iterator[Path | str]:
    """Every file that the paths mean, once, with progress; words instead of a path that leads nowhere."""
    from tqdm import tqdm

    files: dict[Path, None] = {}
    for path in paths:
        try:
            files |= dict.fromkeys(find([path]))
        except (OSError, ValueError) as error:
            yield _words(path, error)
    yield from tqdm(files, desc="diagnose", unit="file", file=sys.stderr, disable=not sys.stderr.isatty())


def _free_name(name: str, taken: set[str]) -> str:
    """The name, or name_2, name_3 ... where another folder held a file of the same name; it is taken from now on."""
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}_{number}"
    taken.add(free)
    return free


def _words(path: str | Path, error: Exception) -> str:
    text = str(error)
    return text if str(path) in text else f"{path}: {text}"


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        prog="python -m classify.infer", description="Diagnose scanned pages or recordings. Not a medical device."
    )
    what = p.add_mutually_exclusive_group(required=True)
    what.add_argument("--image", nargs="+", default=[], metavar="PATH", help="pages: files, folders or patterns")
    what.add_argument("--record", nargs="+", default=[], metavar="PATH", help="recordings (WFDB, CSV, JSON) or folders")
    p.add_argument("--output", default="out", help="folder for the results (default: out)")
    p.add_argument("--weights", default=DEFAULT, help="a .safetensors file with its .json beside it")
    return p


def main(argv: Sequence[str] | None = None) -> int:
    args = parser().parse_args(argv)
    try:
        return infer(**vars(args))
    except (OSError, ValueError) as error:  # weights that cannot be used; a bad input file is dealt with above
        print(f"error: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
