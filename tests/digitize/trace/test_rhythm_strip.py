"""Whose rhythm strip it is, told by the curve that it repeats."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from digitize.stages import Leads
from digitize.trace.rhythm_strip import _lead_of, name_strips
from ecg.layout import Layout, LeadBox
from ecg.page import Trace
from ecg.reading import Reading
from simulate.heart import synthetic_record
from simulate.scene import Scene


@pytest.fixture(scope="module")
def page() -> Reading:
    scene = Scene.sample(3, "clean", layout="3x4+1")
    boxes = tuple(replace(b, lead="V1") if b.is_rhythm else b for b in scene.layout.boxes)
    return replace(scene, layout=replace(scene.layout, boxes=boxes)).render(synthetic_record(5))[1]


@pytest.mark.parametrize("taken_for", ["II", "III", "V5"])
def test_a_strip_is_named_by_the_curve_that_it_repeats(page: Reading, taken_for: str) -> None:
    boxes = tuple(replace(b, lead=taken_for) if b.is_rhythm else b for b in page.layout.boxes)
    traces = tuple(replace(t, lead=b.lead) for t, b in zip(page.traces, boxes, strict=True))
    named = name_strips(Leads(page.geometry, replace(page.layout, boxes=boxes), traces, ()))
    assert [b.lead for b in named.layout.boxes if b.is_rhythm] == ["V1"]
    assert named.traces[-1].lead == "V1" and "repeats V1" in named.notes[0].text


def test_a_strip_that_repeats_nothing_keeps_its_name(page: Reading) -> None:
    rng = np.random.default_rng(0)
    traces = tuple(
        replace(t, y_px=t.y_px + 40 * rng.normal(size=t.y_px.size)) if b.is_rhythm else t
        for t, b in zip(page.traces, page.layout.boxes, strict=True)
    )
    named = name_strips(Leads(page.geometry, page.layout, traces, ()))
    assert named.layout == page.layout and not named.notes


def test_a_name_that_was_read_for_certain_stands(page: Reading) -> None:
    """The strip's own short lead may be covered: then its curve is like another one's. Seen clearly, it speaks."""
    boxes = tuple(replace(b, lead="II") if b.is_rhythm else b for b in page.layout.boxes)
    layout = replace(page.layout, boxes=boxes)
    covered = tuple(
        replace(t, confidence=0.3 * t.confidence) if b.lead == "II" and not b.is_rhythm else t
        for t, b in zip(page.traces, boxes, strict=True)
    )

    def named(traces: tuple[Trace, ...], is_certain: bool) -> Layout:
        return name_strips(Leads(page.geometry, layout, traces, (), certain_strips=(is_certain,))).layout

    assert named(covered, True) == layout
    assert named(covered, False) != layout
    assert named(page.traces, True) != layout


@pytest.mark.parametrize(("share", "lead"), [(0.5, "II"), (0.1, "V1")])
def test_a_certain_name_gives_way_to_a_curve_that_is_much_nearer(share: float, lead: str) -> None:
    """Noise on the strip's own short lead makes another lead look somewhat nearer."""
    strip = np.sin(np.arange(2000) / 40)
    box = LeadBox("II", (0.0, 0.0, 100.0, 20.0), 0.0, 4.0, is_rhythm=True)
    noise = np.random.default_rng(1).normal(size=2000)
    short = [
        (replace(box, lead=name, is_rhythm=False), strip + by * noise)
        for name, by in (("II", 0.5), ("V1", 0.5 * share))
    ]
    assert _lead_of(box, strip, short, is_certain=True) == lead
    assert _lead_of(box, strip, short, is_certain=False) == "V1"
