"""From paper to units: speed and gain from what is known, printed or shown by pulses, and where the columns begin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from digitize.stages import LocatedPage, PageHints, RowReading
from digitize.trace.column_start import in_place
from digitize.trace.grid_snap import snap_to_thick_line
from digitize.trace.pulse_size import gain_from_pulses, speed_from_pulses
from ecg.layout import Layout
from ecg.notes import Note


def calibrate(located: LocatedPage, rows: Sequence[RowReading], hints: PageHints) -> LocatedPage:
    """The page with the paper speed and the gain that hold, and its columns where the traces begin and end."""
    is_speed_known = hints.mm_per_s is not None or located.is_speed_printed
    layout, speed_notes = (located.layout, ()) if is_speed_known else at_pulse_speed(located.layout, rows)
    layout, gain_notes = with_gain(in_place(rows, layout), rows, hints.mm_per_mv)
    layout = snap_to_thick_line(layout, located.geometry)
    return replace(located, layout=layout, notes=(*located.notes, *speed_notes, *gain_notes))


def at_pulse_speed(layout: Layout, rows: Sequence[RowReading]) -> tuple[Layout, tuple[Note, ...]]:
    """Columns of the usual width hold half the seconds where the pulses, seen close up, are twice as wide."""
    if layout.mm_per_s != 25.0 or speed_from_pulses(rows) != 50.0:
        return layout, ()
    boxes = tuple(replace(box, t0_s=box.t0_s / 2, t1_s=box.t1_s / 2) for box in layout.boxes)
    text = "the pulses are 10 mm wide: the paper speed is taken as 50 mm/s"
    return replace(layout, boxes=boxes, mm_per_s=50.0), (Note("speed-from-pulses", text),)


def with_gain(layout: Layout, rows: Sequence[RowReading], mm_per_mv: float | None) -> tuple[Layout, tuple[Note, ...]]:
    """The layout at the gain that is given or that the pulses show, else at the printed one."""
    gain, height = gain_from_pulses(rows)
    notes = []
    if mm_per_mv is None and gain is None:
        seen = f"the pulses are {height:.1f} mm high" if np.isfinite(height) else "no calibration pulse was found"
        text = f"gain taken as {layout.mm_per_mv:g} mm/mV: {seen}; give it if the page says otherwise"
        notes.append(Note("gain-assumed", text))
    elif mm_per_mv is not None and gain is not None and gain != mm_per_mv:
        text = f"the gain given is {mm_per_mv:g} mm/mV, but the pulses say {gain:g} mm/mV"
        notes.append(Note("gain-contradicted", text))
    if any(box.gain != 1.0 for box in layout.boxes):
        text = "the chest leads are read at half the gain of the limb leads, as the page says"
        notes.append(Note("chest-gain-halved", text))
    return replace(layout, mm_per_mv=mm_per_mv or gain or layout.mm_per_mv), tuple(notes)
