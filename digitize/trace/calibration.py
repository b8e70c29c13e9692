"""From paper to units: speed and gain from what is known, printed or shown by pulses, and where the columns begin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from digitize.layout.notes import speed_contradicted
from digitize.stages import LocatedPage, PageHints, RowReading
from digitize.trace.column_start import in_place, uneven_mm
from digitize.trace.grid_snap import snap_to_thick_line
from digitize.trace.pulse_size import PulseSize, gain_from_pulses, speed_from_pulses
from ecg.layout import Layout
from ecg.notes import Note
from ecg.paper import USUAL_MM_PER_S


def calibrate(located: LocatedPage, rows: Sequence[RowReading], hints: PageHints) -> LocatedPage:
    """The page with the paper speed and the gain that hold, and its columns where the traces begin and end.

    What is given counts most, then print, then pulses, then what is usual.
    """
    if hints.mm_per_s is None and not located.is_speed_printed:
        layout, speed_notes = at_pulse_speed(located.layout, rows)
    else:
        layout, speed_notes = located.layout, _doubts_of_speed(located, rows)
    layout, gain_notes = with_gain(in_place(rows, layout), rows, hints.mm_per_mv, is_printed=located.is_gain_printed)
    layout = snap_to_thick_line(layout, located.geometry)
    notes = (*located.notes, *speed_notes, *gain_notes, *_column_notes(rows, layout))
    return replace(located, layout=layout, notes=notes)


def _column_notes(rows: Sequence[RowReading], layout: Layout) -> tuple[Note, ...]:
    """A note where the columns, which hold equally many seconds, were not seen equally wide."""
    off_mm = uneven_mm(rows, layout)
    if not off_mm:
        return ()
    text = f"a column begins {off_mm:.1f} mm beside where the others say: the grid may be misread, check the times"
    return (Note("columns-uneven", text),)


def _doubts_of_speed(located: LocatedPage, rows: Sequence[RowReading]) -> tuple[Note, ...]:
    """A note where the pulses, seen close up, are of another speed than is given or printed, if none says so yet.

    Pulses half as wide as at the usual speed say nothing against it: some machines draw them 0.1 s wide.
    """
    shown, speed = speed_from_pulses(rows), located.layout.mm_per_s
    is_said = any(note.code == "speed-contradicted" for note in located.notes)
    is_narrow = (speed, shown) == (USUAL_MM_PER_S, USUAL_MM_PER_S / 2)
    return () if is_said or is_narrow or shown in (None, speed) else (speed_contradicted(speed, shown),)


def at_pulse_speed(layout: Layout, rows: Sequence[RowReading]) -> tuple[Layout, tuple[Note, ...]]:
    """Columns of the usual width hold half the seconds where the pulses, seen close up, are twice as wide."""
    if layout.mm_per_s != 25.0 or speed_from_pulses(rows) != 50.0:
        return layout, ()
    boxes = tuple(replace(box, t0_s=box.t0_s / 2, t1_s=box.t1_s / 2) for box in layout.boxes)
    text = "the pulses are 10 mm wide: the paper speed is taken as 50 mm/s"
    return replace(layout, boxes=boxes, mm_per_s=50.0), (Note("speed-from-pulses", text),)


def with_gain(
    layout: Layout, rows: Sequence[RowReading], mm_per_mv: float | None, *, is_printed: bool = False
) -> tuple[Layout, tuple[Note, ...]]:
    """The layout at the gain that is given, else printed, else shown by the pulses of several rows, else its own."""
    seen = gain_from_pulses(rows)
    known = mm_per_mv or (layout.mm_per_mv if is_printed else None)
    gain = known or seen.usual or layout.mm_per_mv
    notes = (*gain_notes(gain, known is not None, seen), *chest_gain_notes(layout))
    return replace(layout, mm_per_mv=gain), notes


def chest_gain_notes(layout: Layout) -> tuple[Note, ...]:
    """What has to be said of chest leads at a gain of their own."""
    share = next((box.gain for box in layout.boxes if box.gain != 1.0), 1.0)
    if share == 1.0:
        return ()
    what = "half the gain" if share == 0.5 else f"{share:.3g} times the gain"
    return (Note("chest-gain-halved", f"the chest leads are read at {what} of the limb leads, as the page says"),)


def gain_notes(mm_per_mv: float, is_known: bool, seen: PulseSize) -> tuple[Note, ...]:
    """What has to be said of a gain, `is_known` being whether it was given or printed, beside the pulses."""
    notes = []
    if is_known and seen.usual not in (None, mm_per_mv):
        text = (
            f"the gain is taken as {mm_per_mv:g} mm/mV, as it is given or printed, but the pulses say "
            f"{seen.usual:g} mm/mV: check it"
        )
        notes.append(Note("gain-contradicted", text))
    if not is_known and seen.usual is None:
        text = f"gain taken as {mm_per_mv:g} mm/mV: {_what_was_seen(seen)}; give it if the page says otherwise"
        notes.append(Note("gain-assumed", text))
    if seen.is_odd:
        text = f"the pulses of the rows are alike, but {seen.mm:.1f} mm high: check the millimetres of the grid"
        notes.append(Note("pulse-size-odd", text))
    return tuple(notes)


def _what_was_seen(seen: PulseSize) -> str:
    if not np.isfinite(seen.mm):
        return "no calibration pulse was found"
    if seen.is_single:
        return f"only one row of several shows what may be a pulse, {seen.mm:.1f} mm high"
    return f"the pulses are {seen.mm:.1f} mm high"
