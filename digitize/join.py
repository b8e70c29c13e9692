"""Pages of one recording that goes on from page to page, as one recording."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ecg.files import InputError
from ecg.layout import Layout
from ecg.record import Record

_NOT_JOINED = "pages-not-joined"
_WHOLE = 0.99  # share of its page's seconds from which on a lead is there all the time


@dataclass(frozen=True, eq=False)
class PagePart:
    """What one page holds of a recording: `place` names the page; record and layout are None where it was not read."""

    place: str
    record: Record | None = None
    layout: Layout | None = None


def joined(parts: Sequence[PagePart]) -> Record:
    """The pages' signals one after the other, in the order given: each page begins where the one before ends.

    Raises InputError where that makes no recording: a single page, one that was not read, pages of different leads, or
    pages that show a lead for a part of their seconds only, so that no lead goes on from one to the next.
    """
    if len(parts) < 2:
        raise InputError(f"{len(parts)} page was given: expected at least two to join", _NOT_JOINED)
    records = [_whole(part, parts[0]) for part in parts]
    signal = np.concatenate([record.signal_mv for record in records], axis=1)
    notes = tuple(dict.fromkeys(note for record in records for note in record.notes))
    return replace(records[0], signal_mv=signal, notes=notes)


def _whole(part: PagePart, first: PagePart) -> Record:
    """The seconds of the page's rows. Raises InputError where they cannot be joined to those of the first page."""
    if part.record is None or part.layout is None:
        raise InputError(
            f"{part.place}: was not read, so its seconds would be missing: nothing was joined", _NOT_JOINED
        )
    shown, duration_s = _seconds(part.layout), part.layout.duration_s
    short = [lead for lead, seconds in shown.items() if seconds < _WHOLE * duration_s]
    if short:
        raise InputError(
            f"{part.place}: shows {', '.join(short)} for a part of its {duration_s:g} s only, which do not go on from "
            "page to page: expected pages that show each lead all the time; where leads go on over rows, give --layout",
            _NOT_JOINED,
        )
    if first.layout is not None and shown.keys() != _seconds(first.layout).keys():
        raise InputError(
            f"{part.place}: shows {', '.join(shown)}, the first page {', '.join(_seconds(first.layout))}: expected "
            "pages of the same leads",
            _NOT_JOINED,
        )
    return part.record.crop(0.0, duration_s)


def _seconds(layout: Layout) -> dict[str, float]:
    """How long each lead is shown, by name in the order of the page; a strip repeats what another box shows."""
    shown: dict[str, float] = {}
    for is_strip in (False, True):
        of_kind: dict[str, float] = {}
        for box in layout.boxes:
            if box.is_rhythm == is_strip:
                lead = box.lead.removeprefix("-")
                of_kind[lead] = of_kind.get(lead, 0.0) + box.t1_s - box.t0_s
        shown |= {lead: max(seconds, shown.get(lead, 0.0)) for lead, seconds in of_kind.items()}
    return shown
