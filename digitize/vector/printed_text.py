"""What the words on a drawn page state: speed, gain, and which trace is which lead."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from digitize.vector.curves import Curve
from ecg.geometry import PageGeometry
from ecg.leads import STANDARD, canonical, is_known
from ecg.notes import Note
from ecg.page import Word

_NUMBER = r"(\d+(?:[.,]\d+)?)\s*"
_SPEED = re.compile(_NUMBER + "mm/s", re.IGNORECASE)
_GAIN = re.compile(_NUMBER + "mm/mv", re.IGNORECASE)
_GAINS = re.compile(_NUMBER + r"(?:mm/mv\s*)?/\s*" + _NUMBER + "mm/mv", re.IGNORECASE)
_CHEST_GAIN = re.compile(r"(?:chest|precordial|v1\s*-\s*v6)\W*" + _GAIN.pattern, re.IGNORECASE)
_FARTHEST_MM = 45.0  # a name stands no farther from its trace
_BELOW = 2.0  # names stand above or beside their traces: one below is as far as one twice as high above


def stated_speed(words: Sequence[Word]) -> tuple[float | None, tuple[Note, ...]]:
    """The paper speed in mm/s that the page states, and a note where it states several."""
    values = _numbers(_SPEED, _text(words))
    if len(values) < 2:
        return _usual(values), ()
    text = f"the page states several paper speeds ({_listed(values)} mm/s): {_usual(values):g} was taken"
    return _usual(values), (Note("several-speeds-stated", text),)


def stated_gain(words: Sequence[Word]) -> tuple[float | None, tuple[Note, ...]]:
    """The gain in mm/mV that the page states, not only for the chest leads, and a note where it states several."""
    pair = _gain_pair(words)
    if pair is not None:
        text = f"two gains are printed, {pair[0]:g} and {pair[1]:g} mm/mV: the second was taken for the chest leads"
        return pair[0], (Note("chest-gain-halved", text),)
    values = _numbers(_GAIN, _CHEST_GAIN.sub("", _text(words)))
    if len(values) < 2:
        return _usual(values), ()
    text = f"the page states several gains ({_listed(values)} mm/mV): {_usual(values):g} was taken"
    return _usual(values), (Note("several-gains-stated", text),)


def stated_chest_gain(words: Sequence[Word]) -> float | None:
    """The gain in mm/mV that the page states for the chest leads alone."""
    pair = _gain_pair(words)
    return pair[1] if pair else _usual(_numbers(_CHEST_GAIN, _text(words)))


def _gain_pair(words: Sequence[Word]) -> tuple[float, float] | None:
    """The gains of limb and chest leads that stand side by side, the second half of the first: 10/5 mm/mV."""
    text = _text(words)
    pairs = {(float(a.replace(",", ".")), float(b.replace(",", "."))) for a, b in _GAINS.findall(text)}
    if not pairs and not _CHEST_GAIN.search(text):
        alone = list(_numbers(_GAIN, text))
        pairs = {(alone[0], alone[1])} if len(alone) == 2 else set()
    pair = pairs.pop() if len(pairs) == 1 else None
    return pair if pair is not None and pair[1] == pair[0] / 2 else None


def _numbers(pattern: re.Pattern[str], text: str) -> Counter[float]:
    return Counter(float(number.replace(",", ".")) for number in pattern.findall(text))


def _usual(values: Counter[float]) -> float | None:
    return values.most_common(1)[0][0] if values else None


def _listed(values: Counter[float]) -> str:
    return ", ".join(f"{value:g}" for value in values)


def _text(words: Sequence[Word]) -> str:
    return " ".join(word.text for word in words)


def name_traces(traces: Sequence[Curve], words: Sequence[Word], geometry: PageGeometry) -> list[str | None]:
    """The lead name printed at each trace, None where none stands near; every word names at most one trace.

    All traces and names are matched together for the least total distance (Kuhn 1955).
    """
    named = [word for word in words if is_known(word.text)]
    found: list[str | None] = [None] * len(traces)
    if not named:
        return found
    places = geometry.to_mm(np.array([word.middle_px for word in named]))
    cost = np.array([[_distance_mm(trace, place) for place in places] for trace in traces])
    for t, w in zip(*linear_sum_assignment(np.minimum(cost, 10 * _FARTHEST_MM)), strict=True):
        if cost[t, w] < _FARTHEST_MM:
            found[t] = canonical(named[w].text)
    return found


def unused_names(words: Sequence[Word], leads: Sequence[str]) -> tuple[Note, ...]:
    """A note where the page prints names of leads of which no curve was found; `leads` are those that were."""
    printed = {canonical(word.text).removeprefix("-") for word in words if is_known(word.text)}
    unused = [lead for lead in STANDARD if lead in printed - {lead.removeprefix("-") for lead in leads}]
    if not unused:
        return ()
    names = ", ".join(unused)
    text = f"no curve was found at the names {names}: flat, missing or drawn in another way; check them on the page"
    return (Note("name-without-curve", text),)


def names_beside(traces: Sequence[Curve], words: Sequence[Word], geometry: PageGeometry) -> list[int]:
    """How many different lead names stand nearest to each trace."""
    found: list[set[str]] = [set() for _ in traces]
    for word in words:
        if is_known(word.text):
            place = geometry.to_mm(np.array([word.middle_px]))[0]
            distances = [_distance_mm(trace, place) for trace in traces]
            if min(distances) < _FARTHEST_MM:
                found[int(np.argmin(distances))].add(canonical(word.text))
    return [len(names) for names in found]


def _distance_mm(trace: Curve, place_mm: np.ndarray) -> float:
    """How far a word is from a trace: sideways from its span, up or down from its middle, and a little from its start.

    The start decides between two names above one long trace.
    """
    x, y = place_mm
    beside = max(trace.x0_mm - x, x - trace.x1_mm, 0.0)
    down = y - trace.middle_mm
    return float(beside + abs(down) * (_BELOW if down > 0 else 1.0) + 0.05 * abs(x - trace.x0_mm))
