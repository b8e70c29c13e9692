"""`Reading`: saved and rebuilt; traces to the page's time line on a case drawn by hand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ecg.geometry import PageGeometry
from ecg.layout import Layout, LeadBox, template
from ecg.leads import STANDARD
from ecg.notes import Note, texts
from ecg.page import Page, Trace, traces_to_record
from ecg.reading import Reading, ReadingFacts
from ecg.record import Record

PX_PER_MM = 8.0
GEOMETRY = PageGeometry.flat(PX_PER_MM, (40.0, 24.0))


def ink(layout: Layout, box: LeadBox, mv: np.ndarray, time_s: np.ndarray) -> Trace:
    """The trace of a signal in its box, by the scales alone."""
    x_mm = box.box_mm[0] + (time_s - box.t0_s) * layout.mm_per_s
    px = GEOMETRY.to_px(np.stack([x_mm, box.baseline_mm - mv * layout.mm_per_mv], axis=-1))
    return Trace(box.lead, px[:, 0], px[:, 1], np.ones(len(px)))


def page_of(layout: Layout) -> tuple[Trace, ...]:
    """Every box shows a slow sine, a little higher for each lead, at 400 points per second."""
    traces = []
    for box in layout.boxes:
        time_s = np.arange(box.t0_s, box.t1_s, 1 / 400)
        traces.append(ink(layout, box, wave(box.lead, time_s), time_s))
    return tuple(traces)


def wave(lead: str, time_s: np.ndarray) -> np.ndarray:
    name = lead.removeprefix("-")
    sign = -1 if lead.startswith("-") else 1
    return sign * (np.sin(2 * np.pi * 1.5 * time_s) + 0.1 * STANDARD.index(name))


@pytest.mark.parametrize("name", ["3x4+1", "6x2", "cabrera-3x4+1", "12x1"])
def test_traces_come_back_as_the_signal_where_it_is_printed(name: str) -> None:
    layout = template(name).place((10, 10), mm_per_s=25, mm_per_mv=10)
    record = traces_to_record(page_of(layout), GEOMETRY, layout)
    assert (record.signal_mv.shape, record.fs_hz, record.leads) == ((12, 5000), 500.0, STANDARD)
    for lead in STANDARD:
        printed = np.zeros(5000, bool)
        for box in layout.boxes:
            if box.lead.removeprefix("-") == lead:
                printed |= (record.time_s >= box.t0_s - 1e-9) & (record.time_s < box.t1_s - 1e-9)
        np.testing.assert_array_equal(np.isfinite(record[lead]), printed)
        np.testing.assert_allclose(record[lead][printed], wave(lead, record.time_s)[printed], atol=0.02)


def test_the_rhythm_strip_is_its_lead_and_the_short_box_fills_its_gaps() -> None:
    layout = template("3x4+1").place()
    traces = list(page_of(layout))
    strip = layout.boxes[-1]
    time_s = np.arange(0, 10, 1 / 400)
    level = np.where((time_s > 0.5) & (time_s < 1.0), np.nan, 0.9)  # half a second is hidden
    traces[-1] = ink(layout, strip, level, time_s)
    lead = traces_to_record(traces, GEOMETRY, layout)["II"]
    hidden = slice(255, 495)
    np.testing.assert_allclose(lead[hidden], wave("II", np.arange(5000) / 500)[hidden], atol=0.02)
    np.testing.assert_allclose(np.r_[lead[:250], lead[505:]], 0.9, atol=1e-6)


def test_a_long_hidden_stretch_stays_empty() -> None:
    layout = template("12x1").place()
    traces = list(page_of(layout))
    hidden = traces[3].y_px.copy()
    hidden[1000:1100], hidden[2000:2004] = np.nan, np.nan  # a quarter second, and a hundredth
    traces[3] = Trace(traces[3].lead, traces[3].x_px, hidden, traces[3].confidence)
    lead = traces_to_record(traces, GEOMETRY, layout)["aVR"]
    assert 0.23 < np.isnan(lead).sum() / 500 < 0.26
    assert np.isnan(lead[1260:1365]).all()


def reading(facts: ReadingFacts | None = None) -> Reading:
    layout = template("3x1").place()
    traces = list(page_of(layout))
    gap = traces[0].y_px.copy()
    gap[10] = np.nan
    traces[0] = Trace("I", traces[0].x_px, gap, np.linspace(0, 1, gap.size))
    record = traces_to_record(traces, GEOMETRY, layout)
    page = Page(np.zeros((90, 120, 3), np.uint8), source="scans/p 1.png", index=1)
    notes = (Note("speed-assumed", "speed assumed"),)
    return Reading(record, page, GEOMETRY, layout, tuple(traces), notes, facts or ReadingFacts())


def test_saved_and_rebuilt(tmp_path: Path) -> None:
    first = reading(ReadingFacts(weights={"page": "1"}))
    first.save_json(tmp_path / "r.json")
    data = json.loads((tmp_path / "r.json").read_text())
    again = Reading.from_dict(data, first.page, first.record)
    assert (again.layout, texts(again.notes), again.facts) == (first.layout, texts(first.notes), first.facts)
    assert data["source"] == "scans/p 1.png" and data["size_px"] == [120, 90]
    for a, b in zip(again.traces, first.traces, strict=True):
        assert a.lead == b.lead
        np.testing.assert_allclose(a.y_px, b.y_px, atol=0.006)  # NaN where NaN
        np.testing.assert_allclose(a.confidence, b.confidence, atol=0.0006)


def test_confidence_counts_hidden_points_as_none() -> None:
    assert reading().confidence["II"] == 1.0
    assert reading().confidence["I"] == pytest.approx(0.5, abs=0.001)


def test_page_names() -> None:
    pixels = np.zeros((4, 6, 3), np.uint8)
    assert (Page(pixels).stem, Page(pixels, source="a/b.pdf").stem) == ("page", "b")
    assert Page(pixels, source="a/b.pdf", index=2).stem == "b-p3"
    assert Page(pixels).size_px == (6, 4)


def test_what_does_not_fit_together_is_refused() -> None:
    with pytest.raises(ValueError, match="uint8"):
        Page(np.zeros((4, 6), np.uint8))
    with pytest.raises(ValueError, match="one length"):
        Trace("I", np.zeros(3), np.zeros(2), np.zeros(3))
    one = reading()
    with pytest.raises(ValueError, match="2 traces for 3 boxes"):
        Reading(one.record, one.page, one.geometry, one.layout, one.traces[:2])
    assert isinstance(one.record, Record)
