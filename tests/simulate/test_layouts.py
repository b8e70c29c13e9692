"""Layouts: what is drawn of a record in any layout, at any speed and gain, comes back as the record."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecg.geometry import PageGeometry
from ecg.layout import TEMPLATES, Layout, Template
from ecg.leads import PRECORDIAL, STANDARD
from ecg.page import Trace, traces_to_record
from ecg.record import Record
from simulate import Scene
from simulate.heart import synthetic_record
from simulate.printed.ink import Ink
from simulate.printed.machine import apart, compose
from simulate.printed.sheet import printed, trace_mm

HEART = synthetic_record(5, "SR", noise={}, conditions=())
SPEEDS, GAINS = (12.5, 25.0, 50.0), (5.0, 10.0, 20.0)
RHYTHMS = st.lists(st.sampled_from([*STANDARD, "-aVR"]), max_size=3, unique=True).map(tuple)


def read_back(record: Record, layout: Layout, geometry: PageGeometry) -> Record:
    """The record drawn as curves, seen through a camera and taken back."""
    traces = []
    for box in layout.boxes:
        px = geometry.to_px(trace_mm(record, box, layout))
        traces.append(Trace(box.lead, px[:, 0], px[:, 1], np.ones(len(px))))
    return traces_to_record(traces, geometry, layout)


@st.composite
def layouts(draw: st.DrawFn) -> Layout:
    kind = TEMPLATES[draw(st.sampled_from(list(TEMPLATES)))]
    speed = draw(st.sampled_from(SPEEDS))
    kind = replace(kind, column_s=kind.column_s * min(1.0, 25 / speed), simultaneous=draw(st.booleans()))
    if kind.rhythm:
        kind = replace(kind, rhythm=draw(RHYTHMS))
    corner = (draw(st.floats(-30, 30)), draw(st.floats(-30, 30)))
    return kind.place(corner, 25.0, speed, draw(st.sampled_from(GAINS)), None, draw(st.sampled_from([1.0, 0.5])))


@st.composite
def cameras(draw: st.DrawFn) -> PageGeometry:
    """Any scale, rotation, perspective and bend."""
    scale, angle = draw(st.floats(1.5, 16)), np.radians(draw(st.floats(-180, 180)))
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    lean = [draw(st.floats(-3e-4, 3e-4)) for _ in range(2)]
    bend = draw(st.floats(0, 2.5)) * np.random.default_rng(draw(st.integers(0, 99))).normal(0, 0.5, (5, 7, 2))
    return PageGeometry(np.array([[*turn[0], 40], [*turn[1], -25], [*lean, 1.0]]), bend, (-60, -60, 350, 350))


@settings(max_examples=25)
@given(layouts(), cameras())
@pytest.mark.slow
def test_any_layout_gives_the_record_back_through_any_camera(layout: Layout, camera: PageGeometry) -> None:
    told, found = printed(HEART, layout), read_back(HEART, layout, camera)
    shown = np.isfinite(told.signal_mv)
    assert shown.any() and (np.isfinite(found.signal_mv) == shown).mean() > 0.9995  # an end may fall on a sample
    assert np.nanmax(np.abs(found.signal_mv - told.signal_mv)) < 1e-4


@pytest.mark.parametrize("name", TEMPLATES)
def test_columns_show_one_stretch_after_the_other_or_all_the_same(name: str) -> None:
    one_by_one = printed(HEART, TEMPLATES[name].place())
    at_once = printed(HEART, replace(TEMPLATES[name], simultaneous=True, rhythm=()).place())
    kind = TEMPLATES[name]
    for row in kind.grid:
        for column, lead in enumerate(row):
            shown = np.flatnonzero(np.isfinite(at_once[lead.removeprefix("-")]))
            assert (shown[0], shown[-1] + 1) == (0, kind.column_s * 500)
            shown = np.isfinite(one_by_one[lead.removeprefix("-")])
            first = round(column * kind.column_s * 500)
            assert shown[first : first + round(kind.column_s * 500)].all()
            assert lead in kind.rhythm or shown.sum() == kind.column_s * 500


def test_the_scales_are_those_of_the_layout() -> None:
    for speed in SPEEDS:
        for gain in GAINS:
            layout = Template("one", (("I", "V1"),), 2.5).place((7.0, 3.0), 30.0, speed, gain, chest_gain=0.5)
            limb, chest = (trace_mm(HEART, box, layout) for box in layout.boxes)
            assert np.allclose(np.diff(limb[:, 0]), speed / 500) and limb[0, 0] == 7.0
            assert chest[0, 0] == pytest.approx(7.0 + 2.5 * speed)
            assert np.allclose(18.0 - limb[:, 1], HEART["I"][:1250] * gain, atol=1e-5)
            assert np.allclose(18.0 - chest[:, 1], HEART["V1"][1250:2500] * gain / 2, atol=1e-5)


def test_cabrera_prints_avr_upside_down() -> None:
    layout = TEMPLATES["cabrera-3x4+1"].place()
    box = next(box for box in layout.boxes if box.lead == "-aVR")
    first = round(box.t0_s * 500)
    up_mv = (box.baseline_mm - trace_mm(HEART, box, layout)[:, 1]) / layout.mm_per_mv
    assert np.allclose(up_mv, -HEART["aVR"][first : first + 1250], atol=1e-5)


@pytest.mark.parametrize("name", ["3x4+1", "6x2", "4x3"])
def test_pulses_between_columns_stand_in_room_of_their_own(name: str) -> None:
    scene = Scene.sample(4, "clean")
    plain = TEMPLATES[name].place()
    layout = apart(plain, 9.0)
    assert [b.lead for b in layout.boxes] == [b.lead for b in plain.boxes]
    style = replace(scene.style, pulse="between", pulse_room_mm=9.0, pulse_gap_mm=1.0)
    sheet = compose(HEART, layout, scene.paper, style, np.random.default_rng(0))
    pulses = [s.points_mm for s in sheet.strokes if s.kind == "pulse"]
    rows = [row for row in layout.rows() if len(row) > 1]
    assert len(pulses) == sum(len(row) - 1 for row in rows) > 0
    free = [(a.box_mm[2], b.box_mm[0], a.baseline_mm) for row in rows for a, b in pairwise(row)]
    for points, (x0, x1, y) in zip(pulses, free, strict=True):
        assert x1 - x0 == pytest.approx(9.0) and x0 + 1 - 1e-9 <= points[:, 0].min() and points[:, 0].max() <= x1 + 1e-9
        assert np.ptp(points[:, 1]) == layout.mm_per_mv and points[:, 1].max() == y
    assert all(b.box_mm == p.box_mm for b, p in zip(layout.boxes, plain.boxes, strict=True) if b.is_rhythm)
    seen = read_back(HEART, layout, PageGeometry.flat(8.0))
    assert np.nanmax(np.abs(seen.signal_mv - printed(HEART, layout).signal_mv)) < 1e-4


def test_pages_come_in_every_resolution_and_with_pulses_everywhere() -> None:
    scenes = [Scene.sample(seed, ("scan", "photo")[seed % 2]) for seed in range(600)]
    dpi = [25.4 * s.long_side_px / np.ptp(np.array(s.frame_mm).reshape(2, 2), axis=0).max() for s in scenes]
    assert 38 < min(dpi) < 60 and 450 < max(dpi) < 700 and 120 < np.median(dpi) < 250
    assert {s.style.pulse for s in scenes} == {"left", "right", "none", "between"}
    one = [s for s in scenes if s.layout.name in ("12x1", "6x1-limb", "6x1-precordial", "3x1")]
    assert one and all(s.style.pulse != "between" for s in one)


def drawn(layout: Layout) -> tuple[Scene, np.ndarray, list[np.ndarray]]:
    """A clean page with a layout, how dark every pixel is (0..1), and where its traces run, px."""
    scene = Scene.sample(9, "clean")
    x0, y0, x1, y1 = layout.extent_mm
    extent = (x0 - 12, y0 - 12, x1 + 12, y1 + 12)
    plain = {"ink": Ink(), "pen_mm": 0.4, "ink_strength": 1.0, "ink_rgb": (0, 0, 0), "fine_strength": 0.2}
    paper = replace(scene.paper, extent_mm=extent, grid_mm=extent, **plain)
    scene = replace(scene, layout=layout, paper=paper, frame_mm=extent, long_side_px=1100, effects={})
    scene = replace(scene, aspect=(extent[2] - extent[0]) / (extent[3] - extent[1]))
    page, truth = scene.render(HEART)
    return scene, 1 - page.pixels.min(-1) / 255, [np.stack([t.x_px, t.y_px], -1) for t in truth.traces]


@pytest.mark.parametrize("speed", SPEEDS)
@pytest.mark.parametrize("gain", GAINS)
def test_the_ink_lies_on_the_truth_at_any_speed_and_gain(speed: float, gain: float) -> None:
    kind = replace(TEMPLATES["3x4+1"], column_s=2.5 * min(1.0, 25 / speed), rhythm=("aVF", "V2"))
    layout = kind.place((0.0, 0.0), 40.0, speed, gain, None, 0.5)
    _, dark, curves = drawn(layout)
    for curve in curves:
        x, y = np.round(curve[np.isfinite(curve).all(1)].T).astype(int)
        assert len(x) > 100 and np.median(dark[y, x]) > 0.5
    assert {b.gain for b in layout.boxes if b.lead in PRECORDIAL} == {0.5}


def test_every_kind_of_layout_is_drawn_now_and_then() -> None:
    found = [Scene.sample(seed, "clean").layout for seed in range(500)]
    assert {layout.name for layout in found} == set(TEMPLATES)
    assert {layout.mm_per_s for layout in found} == set(SPEEDS) and {layout.mm_per_mv for layout in found} == set(GAINS)
    assert len({box.lead for layout in found for box in layout.boxes if box.is_rhythm}) > 8
    assert any(box.gain == 0.5 for layout in found for box in layout.boxes)
    columns = [layout.rows()[0] for layout in found if len(layout.rows()[0]) > 1]
    assert {first.t0_s == second.t0_s for first, second, *_ in columns} == {True, False}
