"""The paper speed and the gains that a page prints, from the words that the word reader saw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

from digitize.layout.printed_words import PrintedWord

_USUAL = ("25 mm/s", "10 mm/mV")  # nine of ten pages print these


@dataclass(frozen=True)
class NumberThresholds:
    """When a printed number is believed; scores of the word reader, set on simulated pages and on scans."""

    min_score: float = 0.5  # of a printed speed or gain that is believed,
    min_unusual_score: float = 0.6  # if it is an unusual one
    min_lead: float = 0.15  # so much higher than that of any other number it has to be
    min_doubtful_score: float = 0.2  # of a second gain that is worth a note: two numbers side by side are no chance
    beside_mm: tuple[float, float] = (20.0, 70.0)  # the gains of limb and chest leads stand so far apart,
    on_line_mm: float = 4.0  # on one line within this


_NUMBERS = NumberThresholds()


def printed_number(words: Sequence[PrintedWord], unit: str) -> float | None:
    """The number that is printed with a unit (mm/s, mm/mV): the clearest one, None where none clearly is.

    Of ten pages nine have 25 mm/s and 10 mm/mV, so another number has to be clearer.
    """
    if unit == "mm/mV" and (gains := printed_gain_pair(words)):
        return gains[0]
    scores: dict[str, float] = {}
    for word in words:
        if word.text.endswith(f" {unit}"):
            scores[word.text] = max(word.score, scores.get(word.text, 0.0))
    first, second = (sorted(scores.items(), key=lambda item: -item[1]) + [("", 0.0)] * 2)[:2]
    least = _NUMBERS.min_score if first[0] in _USUAL else _NUMBERS.min_unusual_score
    is_clear = first[1] > least and first[1] - second[1] > _NUMBERS.min_lead
    return float(first[0].split()[0]) if is_clear else None


def printed_gain_pair(words: Sequence[PrintedWord]) -> tuple[float, float] | None:
    """The gains in mm/mV of limb and chest leads, if they are printed side by side."""
    return _gain_pair(words, _NUMBERS.min_score)


def doubtful_gain_pair(words: Sequence[PrintedWord]) -> tuple[float, float] | None:
    """Gains of limb and chest leads that may be printed, but were not read clearly enough to be taken."""
    return None if printed_gain_pair(words) else _gain_pair(words, _NUMBERS.min_doubtful_score)


def _gain_pair(words: Sequence[PrintedWord], min_score: float) -> tuple[float, float] | None:
    """Two gains in mm/mV that are printed side by side, the second half of the first."""
    read = [word for word in words if word.text.endswith(" mm/mV") and word.score > min_score]
    for limb, chest in permutations(read, 2):
        gains = float(limb.text.split()[0]), float(chest.text.split()[0])
        is_beside = _NUMBERS.beside_mm[0] < chest.x_mm - limb.x_mm < _NUMBERS.beside_mm[1]
        if is_beside and abs(chest.y_mm - limb.y_mm) < _NUMBERS.on_line_mm and gains[1] == gains[0] / 2:
            return gains
    return None
