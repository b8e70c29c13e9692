"""A list of pages that a person looks at, as `python -m archive rank` writes it, and what the person says of them.

The folder holds the pictures; `queue.csv` names them in its column `file`. Its columns that are named like a group of
labels (superclass, rhythm ...) hold labels joined by ";", and `looked_at` is "yes" once a page was kept.
`corrections.json` holds, by the pages' names, what was put right (`digitize.corrections`): a page that stands in it has
curves to learn from, {} where nothing had to be put right.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from classify.labels import GROUPS
from digitize.corrections import parse_correction
from ecg.files import InputError, JsonMapping, JsonObject, csv_text, write_text

LIST, CORRECTIONS = "queue.csv", "corrections.json"
_EXPECTED = "expected the list that `python -m archive rank` writes"
_FILE, _LOOKED_AT, _YES = "file", "looked_at", "yes"


@dataclass(frozen=True)
class QueuedPage:
    """A page and what was said of it: `labels` by group, and `correction`, None where its curves are not to be learnt.

    `number` is its line in the list, counted from 0.
    """

    number: int
    picture: Path
    is_looked_at: bool = False
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    correction: JsonMapping | None = None

    @property
    def name(self) -> str:
        """By which corrections mean it."""
        return self.picture.stem


class Queue:
    """The list at a place: the folder, or the `queue.csv` in it. Raises InputError for what is none."""

    def __init__(self, place: str | Path) -> None:
        given = Path(place)
        self.list = given if given.suffix == ".csv" else given / LIST
        self.folder, self._lock = self.list.parent, Lock()
        self.pages()

    @property
    def corrections(self) -> Path:
        """The file that holds them, which need not be there."""
        return self.folder / CORRECTIONS

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups of labels that are asked for."""
        return tuple(name for name in self._table()[0] if name in GROUPS)

    def pages(self) -> list[QueuedPage]:
        """All whose picture was written, in order. Raises InputError for lists and labels that make no sense."""
        columns, lines = self._table()
        groups, fixes = [name for name in columns if name in GROUPS], self._fixes()
        found = []
        for number, line in enumerate(lines):
            picture = self.folder / line[_FILE]
            labels = {group: _labels(f"{self.list}: {line[_FILE]}", group, line[group].split(";")) for group in groups}
            page = QueuedPage(number, picture, line.get(_LOOKED_AT) == _YES, labels, fixes.get(picture.stem))
            if line[_FILE]:
                found.append(page)
        return found

    def keep(self, number: int, labels: Mapping[str, Collection[str]], correction: JsonMapping | None) -> None:
        """Write down what was said of a page, in the place of what was said before.

        Raises KeyError where there is no such page, InputError for labels and corrections that make no sense.
        """
        with self._lock:
            page = {page.number: page for page in self.pages()}[number]
            columns, lines = self._table()
            asked = {group: _labels(page.name, group, names) for group, names in labels.items()}
            fixes = self._fixes()
            fixes.pop(page.name, None)
            if correction is not None:
                fixes[page.name] = _checked(page.name, correction)
            lines[number] |= {group: ";".join(names) for group, names in asked.items()} | {_LOOKED_AT: _YES}
            write_text(self.corrections, json.dumps(fixes, indent=1, allow_nan=False))
            write_text(self.list, csv_text(lines, tuple(dict.fromkeys([*columns, *asked, _LOOKED_AT]))))

    def _table(self) -> tuple[list[str], list[dict[str, str]]]:
        """The names of the columns, and the lines by them."""
        try:
            with self.list.open(newline="", encoding="utf-8-sig") as file:
                reader = csv.DictReader(file, restkey="", restval="")
                columns, lines = list(reader.fieldnames or ()), list(reader)
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise InputError(f"{self.list}: {_EXPECTED} ({error})") from error
        if _FILE not in columns:
            raise InputError(f"{self.list}: no column {_FILE}; {_EXPECTED}")
        names = [Path(line[_FILE]).stem for line in lines if line[_FILE]]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise InputError(f"{self.list}: two pictures are named {twice}; corrections could mean either")
        stray = next((line[_FILE] for line in lines if Path(line[_FILE]).name != line[_FILE]), None)
        if stray is not None:
            raise InputError(f"{self.list}: {stray}: expected the name of a picture beside the list")
        return columns, lines

    def _fixes(self) -> JsonObject:
        try:
            found = json.loads(self.corrections.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError) as error:
            raise InputError(f"{self.corrections}: the corrections cannot be read ({error})") from error
        if not isinstance(found, dict):
            raise InputError(f"{self.corrections}: expected an object with the pages' names as keys")
        return found


def _labels(where: str, group: str, names: Collection[str]) -> tuple[str, ...]:
    """Without blanks, in the group's own order. Raises InputError for one that the group does not have."""
    if group not in GROUPS:
        raise InputError(f"{where}: {group!r} is no group of labels; expected some of {', '.join(GROUPS)}")
    given, known = {name.strip() for name in names} - {""}, GROUPS[group].classes
    unknown = sorted(given.difference(known))
    if unknown:
        raise InputError(f"{where}: {unknown[0]!r} is no label of {group}; expected {', '.join(known)}")
    if GROUPS[group].exclusive and len(given) > 1:
        raise InputError(f"{where}: {group} is one of its labels; got {', '.join(sorted(given))}")
    return tuple(name for name in known if name in given)


def _checked(where: str, correction: JsonMapping) -> JsonMapping:
    try:
        parse_correction(correction)
        json.dumps(correction, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InputError(f"{where}: {error}") from error
    return correction
