"""Whether columns follow each other or show the same seconds: told by the beats, and never wrongly for usual pages."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from digitize.trace.column_timing import simultaneous, timed
from ecg.geometry import PageGeometry
from ecg.layout import TEMPLATES, Layout, Template
from ecg.leads import STANDARD
from ecg.notes import texts
from ecg.page import Trace
from ecg.record import Record
from simulate.heart import synthetic_record
from simulate.printed.sheet import trace_mm

FLAT = PageGeometry.flat(8.0)
GRIDS, STRIPS = ("3x4", "6x2", "4x3", "cabrera-3x4+1"), ("3x4+1", "3x4+3", "6x2+1")


@cache
def heart(seed: int, rhythm: str, bpm: float | None = None) -> Record:
    return synthetic_record(seed, rhythm, conditions=(), heart_rate_bpm=bpm, noise={"muscle": 0.3})


def drawn(record: Record, layout: Layout) -> list[Trace]:
    """The curves of a page, each off by up to 5 ms and 0.2 mm as readings are."""
    rng, traces = np.random.default_rng(1), []
    for box in layout.boxes:
        points = trace_mm(record, box, layout)[::2]
        points += [rng.uniform(-0.12, 0.12), 0] + rng.normal(0, 1, points.shape) * [0, 0.1]
        px = FLAT.to_px(points)
        traces.append(Trace(box.lead, px[:, 0], px[:, 1], np.ones(len(px))))
    return traces


def read(record: Record, kind: Template, mm_per_s: float = 25.0) -> tuple[Layout, list[str]]:
    """What is made of a page that is taken for one whose columns follow each other."""
    traces = drawn(record, kind.place((3.0, 7.0), mm_per_s=mm_per_s))
    layout, notes = timed(replace(kind, simultaneous=False).place((3.0, 7.0), mm_per_s=mm_per_s), traces, FLAT)
    return layout, texts(notes)


@pytest.mark.parametrize("name", [*GRIDS, *STRIPS])
@pytest.mark.parametrize("rhythm", ["SR", "AFIB"])
def test_columns_of_the_same_seconds_are_found(name: str, rhythm: str) -> None:
    kind = replace(TEMPLATES[name], simultaneous=True)
    layout, warnings = read(heart(4, rhythm, 81.0), kind)
    assert layout == kind.place((3.0, 7.0))
    assert warnings == [f"the columns show the same {kind.column_s:g} s: beats stand at the same place in all of them"]


@pytest.mark.parametrize("name", [*GRIDS, *STRIPS])
@pytest.mark.parametrize("rhythm", ["SR", "AFIB", "PVC", "AFLT"])
def test_columns_that_follow_each_other_stay(name: str, rhythm: str) -> None:
    for seed in range(3):
        layout, _ = read(heart(seed, rhythm), TEMPLATES[name])
        assert layout == TEMPLATES[name].place((3.0, 7.0))


def ticking(period_s: float) -> Record:
    """A heart as even as a pacemaker: the same beat in all leads, every `period_s`."""
    times_s = np.arange(5000) / 500
    beat_mv = np.exp(-(((times_s + 0.9) % period_s - 0.4) ** 2) / 2 / 0.012**2)
    return Record(np.tile(beat_mv, (12, 1)).astype(np.float32), 500.0, STANDARD)


@pytest.mark.parametrize("name", ["3x4", "3x4+1", "6x2"])
@pytest.mark.parametrize("at_once", [False, True])
def test_a_rhythm_that_divides_the_columns_is_left_as_usual_with_a_word(name: str, at_once: bool) -> None:
    layout, warnings = read(ticking(2.5 / 3), replace(TEMPLATES[name], simultaneous=at_once))
    assert layout == TEMPLATES[name].place((3.0, 7.0))
    assert len(warnings) == 1 and "may show the same seconds" in warnings[0]


def test_an_even_rhythm_that_would_begin_anew_at_every_join_shows_the_same_seconds() -> None:
    kind = replace(TEMPLATES["3x4"], simultaneous=True)
    assert read(ticking(0.7), kind)[0] == kind.place((3.0, 7.0))
    assert read(ticking(0.7), TEMPLATES["3x4"]) == (TEMPLATES["3x4"].place((3.0, 7.0)), [])


def test_one_beat_in_a_column_tells_nothing() -> None:
    for at_once in (False, True):
        kind = replace(TEMPLATES["3x4"], column_s=1.25, simultaneous=at_once)
        layout, warnings = read(ticking(1.25), kind, 50.0)
        assert [row[1].t0_s for row in layout.rows()] == [1.25] * 3 and "may show" in warnings[0]


def test_a_breath_that_lasts_as_long_as_a_column_makes_no_switch() -> None:
    record = synthetic_record(987, "SARRH")  # its beats come back to nearly the same places after 5 s
    layout, warnings = read(record, TEMPLATES["6x2"])
    assert layout == TEMPLATES["6x2"].place((3.0, 7.0)) and "may show" in warnings[0]


@pytest.mark.parametrize("name", ["12x1", "6x1-limb"])
def test_a_single_column_is_left_alone(name: str) -> None:
    assert read(heart(4, "SR"), TEMPLATES[name]) == (TEMPLATES[name].place((3.0, 7.0)), [])


def test_what_is_hidden_or_empty_makes_no_switch() -> None:
    layout = TEMPLATES["3x4"].place()
    hidden = [replace(trace, y_px=np.full_like(trace.y_px, np.nan)) for trace in drawn(heart(4, "SR"), layout)]
    assert timed(layout, hidden, FLAT) == (layout, ())


def test_a_given_layout_says_it_itself() -> None:
    kind = replace(TEMPLATES["3x4"], simultaneous=True)
    layout, at_once = TEMPLATES["3x4"].place(), kind.place()
    traces = drawn(heart(4, "SR", 81.0), at_once)
    assert timed(layout, traces, FLAT)[0] == at_once
    assert timed(layout, traces, FLAT, TEMPLATES["3x4"]) == (layout, ())
    in_turn = drawn(heart(4, "SR", 81.0), layout)
    assert timed(layout, in_turn, FLAT, kind) == (at_once, ()) == (simultaneous(at_once), ())
