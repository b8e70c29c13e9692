"""When each label of a long recording held: episodes of its windows, and words for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from classify.diagnosis import Episode, Window
from ecg.notes import Note

_TIMES = 3  # that are named of one label; all stand in the JSON


def episodes(windows: Sequence[Window]) -> tuple[Episode, ...]:
    """Every run of neighbouring windows with one label, in order of the labels' first windows."""
    labels = list(dict.fromkeys(label for window in windows for label in window.predicted))
    return tuple(episode for label in labels for episode in _runs(label, windows))


def _runs(label: tuple[str, str], windows: Sequence[Window]) -> Iterator[Episode]:
    for holds, run in groupby(windows, key=lambda window: label in window.predicted):
        if holds:
            members = list(run)
            yield Episode(*label, members[0].start_s, members[-1].end_s, len(members))


def episode_notes(
    windows: Sequence[Window], found: Sequence[Episode], predicted: Sequence[tuple[str, str]], stride_s: float
) -> list[Note]:
    """How many windows were judged, and which labels some of them have that their mean has not."""
    if len(windows) < 2:
        return []
    seconds = windows[0].end_s - windows[0].start_s
    every = "" if stride_s == seconds else f", one every {stride_s:g} s"
    text = f"{len(windows)} windows of {seconds:g} s were judged{every}; the answers are of their mean"
    notes = [Note("windows-averaged", text)]
    for label in dict.fromkeys((e.group, e.name) for e in found):
        if label not in predicted:
            own = [e for e in found if (e.group, e.name) == label]
            count = sum(e.windows for e in own)
            notes.append(Note("episode", f"{label[1]} in {count} of {len(windows)} windows, {times(own)}"))
    return notes


def times(own: Sequence[Episode]) -> str:
    """When the episodes were, the longest first where they are many."""
    shown = sorted(sorted(own, key=lambda e: -e.windows)[:_TIMES], key=lambda e: e.start_s)
    words = ", ".join(f"{clock(e.start_s)}-{clock(e.end_s)}" for e in shown)
    return words + (f" and {len(own) - _TIMES} more times" if len(own) > _TIMES else "")


def clock(seconds: float) -> str:
    """m:ss, or h:mm:ss from an hour on."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
