"""MIT-BIH beats in the five AAMI classes (ANSI/AAMI EC57), 300 samples around every annotated R peak."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import wfdb

from classify.datasets.example import Example, Part
from classify.datasets.split import by_class
from classify.features.beat_features import rr_features, shape_features
from classify.signal.demographics import age_years, male
from classify.signal.preprocessing import first_of
from classify.tasks import BEAT_FS_HZ, BEAT_LEADS, BEAT_SAMPLES
from ecg.files import InputError
from ecg.formats import read

# Escape beats (e atrial, j nodal) are counted as N, as EC57 does; some papers count them as S.
CLASS_OF = {
    "N": "N", "L": "N", "R": "N", "B": "N", "e": "N", "j": "N", "A": "S", "a": "S", "J": "S", "S": "S",
    "V": "V", "E": "V", "r": "V", "F": "F", "/": "Q", "f": "Q", "Q": "Q", "?": "Q",
}  # fmt: skip
# de Chazal et al., 2004; the paced records 102, 104, 107 and 217 are in neither
DS1 = (
    "101", "106", "108", "109", "112", "114", "115", "116", "118", "119", "122",
    "124", "201", "203", "205", "207", "208", "209", "215", "220", "223", "230",
)  # fmt: skip
DS2 = (
    "100", "103", "105", "111", "113", "117", "121", "123", "200", "202", "210",
    "212", "213", "214", "219", "221", "222", "228", "231", "232", "233", "234",
)  # fmt: skip
DS1_VALIDATION = frozenset({"114", "116", "124", "223"})  # few records that hold every class but Q
SAME_PERSON = {"202": "201"}
_NOT_BEATS = frozenset("[!]+~|x()ptu`'^s\"=@T*DkK")


def aami_inter(root: Path, records: str = "") -> Iterator[Example]:
    """DS1 trains, DS2 tests. Record 201 is left out: it shows the person of record 202 in DS2.

    Of other records, the paced ones, those that are asked for train.
    """
    for record in _chosen(root, records):
        part: Part = "test" if record in DS2 else "validation" if record in DS1_VALIDATION else "train"
        yield from _beats(folder_of(root), record, "unused" if record == "201" else part)


def aami_intra(root: Path, records: str = "") -> list[Example]:
    """Four fifths of the beats of every class for training (a tenth of them to validate), whoever's they are."""
    found = [beat for record in _chosen(root, records) for beat in _beats(folder_of(root), record, "train")]
    shares: dict[Part, float] = {"test": 0.2, "validation": 0.08, "train": 0.72}
    return by_class(found, "aami", shares, patients=False)


def _chosen(root: Path, records: str) -> list[str]:
    """The names of DS1 and DS2, or of the records that are there and chosen: "100-180", "100,103" or both."""
    if not records:
        return sorted({*DS1, *DS2})
    there = sorted(path.stem for path in folder_of(root).glob("[0-9]*.hea"))
    ranges = [part.strip().partition("-") for part in records.split(",")]
    if not all(first.isdigit() and (last.isdigit() or not dash) for first, dash, last in ranges):
        raise ValueError(f"--records {records}: expected numbers and ranges of them, such as 100-180 or 100,103")
    chosen = [
        name for name in there
        if name.isdigit() and any(int(first) <= int(name) <= int(last or first) for first, _, last in ranges)
    ]  # fmt: skip
    if not chosen:
        raise InputError(f"{folder_of(root)}: has none of the records {records}; there are {', '.join(there)}")
    return chosen


def folder_of(root: Path) -> Path:
    """Where the MIT-BIH records lie: there, or in its folder mitdb. Raises FileNotFoundError where they do not."""
    for folder in (root, root / "mitdb"):
        if (folder / "100.hea").is_file():
            return folder
    raise FileNotFoundError(f"{root}: expected the MIT-BIH records (100.hea ...) here or in mitdb/")


def annotated_classes(path: Path) -> tuple[list[float], list[str]]:
    """(seconds, AAMI classes) of the annotated beats of a record. Raises InputError for annotations not to be read."""
    beats = _annotated(path)
    return [at / BEAT_FS_HZ for at, _ in beats], [CLASS_OF[code] for _, code in beats]


def _annotated(path: Path) -> list[tuple[int, str]]:
    """(sample, code) of every beat."""
    try:
        marks = wfdb.rdann(str(path.with_suffix("")), "atr")
    except Exception as error:  # the package raises many kinds for a file that is not what it says
        raise InputError(f"{path.with_suffix('.atr')}: no readable annotations ({error})") from error
    beats = [(at, code) for at, code in zip(marks.sample, marks.symbol, strict=True) if code not in _NOT_BEATS]
    unknown = sorted({code for _, code in beats} - set(CLASS_OF))
    if unknown:
        raise InputError(f"{path.with_suffix('.atr')}: unknown beat code {', '.join(unknown)}")
    return beats


def _beats(folder: Path, record: str, part: Part) -> Iterator[Example]:
    path = folder / f"{record}.hea"
    beats = _annotated(path)
    at_s = np.array([at for at, _ in beats]) / BEAT_FS_HZ
    first = _of_person(Example(path, "mitdb", SAME_PERSON.get(record, record), part, {}))
    for (at, code), measured in zip(beats, _features(path, at_s).tolist(), strict=True):
        yield replace(
            first, found={"aami": frozenset([CLASS_OF[code]])}, name=f"{record}:{at}", measured=tuple(measured),
            window_s=((at - BEAT_SAMPLES // 2) / BEAT_FS_HZ, BEAT_SAMPLES / BEAT_FS_HZ),
        )  # fmt: skip


def _of_person(example: Example) -> Example:
    """With the age and sex that begin the header's comments: `# 69 M 1085 1629 x1`."""
    header = example.path.read_text(errors="replace") if example.path.is_file() else ""
    found = re.search(r"^#\s*(\S+)\s+([MF])\b", header, re.MULTILINE)
    return replace(example, age_years=age_years(found[1]), male=male(found[2])) if found else example


def _features(path: Path, beats_s: np.ndarray) -> np.ndarray:
    """Intervals and shape of every beat, float [beat, 8]; without shapes where the signal cannot be read."""
    try:
        record = read(path)
    except (OSError, ValueError):  # named where the beats themselves are read
        shape = np.full((len(beats_s), 2 * len(BEAT_LEADS)), np.nan)
    else:
        signal = record.select([first_of(name.split("|"), record.leads) for name in BEAT_LEADS]).signal_mv
        shape = shape_features(signal, record.fs_hz, beats_s)
    return np.concatenate([rr_features(beats_s), shape], axis=1)
