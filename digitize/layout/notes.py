"""What has to be said of a layout that was found: what was assumed, and what speaks against it."""

from __future__ import annotations

from dataclasses import dataclass

from digitize.layout.evidence import Evidence
from digitize.layout.matching.match import Match
from digitize.layout.printed_numbers import doubtful_gain_pair
from ecg.notes import Note


@dataclass(frozen=True)
class NoteLimits:
    """From where on a doubt is worth a note; set on simulated pages, so that nearly all pages read right have none."""

    other_certainty: float = 0.5  # of a name that does not fit, from which on it counts as read
    max_others: float = 0.15  # share of a layout's names that may be contradicted without a note


_LIMITS = NoteLimits()


def layout_notes(
    match: Match, evidence: Evidence, mm_per_s: float | None, *, is_given: bool = False
) -> tuple[Note, ...]:
    """The notes on names, speed and gains of a layout; of a speed that was given only what contradicts it.

    `is_given` tells that the layout was given: then nobody has to guess it where its names cannot be read.
    """
    speed = _speed_notes(match, evidence) if mm_per_s is None else _given_speed_notes(mm_per_s, evidence)
    return (*_name_notes(match, is_given), *_row_notes(match, evidence), *speed, *_gain_notes(evidence))


def _row_notes(match: Match, evidence: Evidence) -> tuple[Note, ...]:
    count = len(evidence.baselines_mm) - len(match.baselines_mm)
    if count <= 0:
        return ()
    rows = "a row that looks like a trace belongs" if count == 1 else f"{count} rows that look like traces belong"
    text = f"{rows} to no lead of {match.template.name}: check that nothing is missing"
    return (Note("rows-unused", text),)


def _name_notes(match: Match, is_given: bool) -> tuple[Note, ...]:
    names, kind = match.names, match.template
    if not match.is_named:
        text = (
            f"the lead names were not recognised ({names.agreement:.0%} agree): they are taken from the usual order of "
            f"{kind.name}, which fits rows and columns; check them"
        )
        return (Note("layout-unconfirmed" if is_given else "names-not-recognised", text),)
    notes = []
    others = [word.text for word in names.others if word.certainty > _LIMITS.other_certainty]
    if len(others) > _LIMITS.max_others * names.cells:
        text = f"names were read that do not fit {kind.name} ({' '.join(others)}); check the leads"
        notes.append(Note("names-contradicted", text))
    if match.is_spelled and names.unread:
        text = f"no name was read at {', '.join(names.unread)}, taken for the one lead that is left: check it"
        notes.append(Note("lead-name-inferred", text))
    unread = [usual for usual, read in zip(kind.rhythm, names.rhythm, strict=True) if read is None]
    if unread:
        text = f"no name was read at a rhythm strip: taken as {', '.join(unread)}; check it"
        notes.append(Note("strip-name-assumed", text))
    return tuple(notes)


def _speed_notes(match: Match, evidence: Evidence) -> tuple[Note, ...]:
    seen = evidence.seen_mm_per_s()
    taken = f"paper speed taken as {match.mm_per_s:g} mm/s"
    if seen is None:
        text = f"{taken}, which the column width fits; give it if the page says otherwise"
        return (Note("speed-assumed", text),)
    if seen != match.mm_per_s:
        text = (
            f"{taken}, which the columns of {match.template.name} fit, but {seen:g} mm/s was seen: "
            "check speed and leads"
        )
        return (Note("speed-contradicted", text),)
    shown = evidence.pulse_mm_per_s()
    if shown not in (None, seen):
        return (speed_contradicted(seen, shown),)
    return ()


def _given_speed_notes(mm_per_s: float, evidence: Evidence) -> tuple[Note, ...]:
    seen = evidence.seen_mm_per_s()
    if seen in (None, mm_per_s):
        return ()
    text = f"the paper speed given is {mm_per_s:g} mm/s, but the page shows {seen:g} mm/s"
    return (Note("speed-contradicted", text),)


def speed_contradicted(taken: float, shown: float) -> Note:
    """The note of a speed in mm/s that is printed, or given, while the pulses are as wide as at another."""
    text = (
        f"paper speed taken as {taken:g} mm/s, as it is printed or given, but the pulses are as wide as at "
        f"{shown:g} mm/s: check it"
    )
    return Note("speed-contradicted", text)


def scale_doubtful(mm_per_s: float) -> Note:
    """The note of corners given by hand between which the lines fit several scales, and no speed is seen."""
    text = (
        f"the lines between the corners fit several scales: that at which the columns run at {mm_per_s:g} mm/s was "
        "taken, so amplitudes and times may be off by a factor; check speed and gain, or give the speed"
    )
    return Note("scale-doubtful", text)


def _gain_notes(evidence: Evidence) -> tuple[Note, ...]:
    gains = doubtful_gain_pair(evidence.words)
    if gains is None:
        return ()
    text = f"a second gain may be printed, {gains[1]:g} beside {gains[0]:g} mm/mV, for the chest leads: check theirs"
    return (Note("chest-gain-doubtful", text),)
