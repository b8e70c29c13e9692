"""Vector PDFs: whatever program drew them, the signal comes back from its curves; all else goes to the raster road."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cases import case
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from PIL import Image

from digitize.errors import NotVector
from digitize.evaluation.ground_truth import as_printed
from digitize.evaluation.metrics import score_page
from digitize.nets.networks import Networks
from digitize.page.open import open_pages
from digitize.pipeline import Digitizer
from digitize.stages import PageHints
from digitize.vector.read import read_vector_page
from ecg.layout import Layout, LeadBox, Template, template
from ecg.notes import texts
from ecg.page import Page
from ecg.reading import Reading
from ecg.record import Record
from simulate.heart import synthetic_record

pytestmark = pytest.mark.slow

MM = 1 / 25.4  # inches
PAPER_MM = (297.0, 210.0)
HEART = synthetic_record(3, "SR", noise={}, conditions=())
NO_NETWORKS = Networks(None, None, None, (1, 1), {})  # type: ignore[arg-type]


def draw_page(
    path: Path,
    layout: Layout,
    *,
    step_mm: float = 1.0,
    words: tuple[str, ...] = ("25 mm/s", "10 mm/mV"),
    named: Callable[[LeadBox], bool] = lambda box: True,
    pulses: bool = True,
    scale: float = 1.0,
    turn: int = 0,
    simplify: bool = False,
    joined: bool = False,
    pulse_wide_mm: float = 5.0,
    pulse_rows: int | None = None,
    flat: tuple[str, ...] = (),
) -> Path:
    """A page as plotting programs draw it; `scale` shrinks the whole, `turn` is the page's own turn in degrees.

    `simplify` leaves out points of straight stretches, as such programs do unless told otherwise; `joined` draws
    a whole row in one line, its pulse included. Only the first `pulse_rows` have a pulse; `flat` leads have no signal
    and two points.
    """
    figure = Figure(figsize=(PAPER_MM[0] * MM * scale, PAPER_MM[1] * MM * scale))
    FigureCanvasPdf(figure)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, PAPER_MM[0]), ylim=(PAPER_MM[1], 0))
    axes.set_axis_off()
    grid(axes, step_mm)
    for number, row in enumerate(layout.rows()):
        lines = [level_mm(layout, box) if box.lead in flat else line_mm(layout, box) for box in row]
        if pulses and (pulse_rows is None or number < pulse_rows):
            lines.insert(0, pulse_mm(layout, row[0], joined, pulse_wide_mm))
        for line in [np.concatenate(lines)] if joined else lines:
            axes.plot(*line.T, "k", lw=0.7)
    for box in filter(named, layout.boxes):
        axes.text(box.box_mm[0] + 1, box.baseline_mm - 8, box.lead, fontsize=9 * scale)
    for i, text in enumerate(words):
        axes.text(20 + 40 * i, 205, text, fontsize=8 * scale)
    with rc_context({"path.simplify": simplify}):
        figure.savefig(path)
    if turn:
        turned(path, turn)
    return path


def grid(axes: Axes, step_mm: float) -> None:
    for across in (True, False):
        places = np.arange(5, PAPER_MM[not across] - 4, step_mm)
        ends = (5, PAPER_MM[across] - 5)
        lines = [[(p, e) if across else (e, p) for e in ends] for p in places]
        axes.add_collection(LineCollection(lines, colors="#f0b0b0", linewidths=0.2))


def line_mm(layout: Layout, box: LeadBox) -> np.ndarray:
    inside = (HEART.time_s >= box.t0_s) & (HEART.time_s < box.t1_s)
    x = box.box_mm[0] + (HEART.time_s[inside] - box.t0_s) * layout.mm_per_s
    sign = -1 if box.lead.startswith("-") else 1
    mv = sign * box.gain * HEART[box.lead.removeprefix("-")][inside]
    return np.stack([x, box.baseline_mm - mv * layout.mm_per_mv], axis=-1)


def level_mm(layout: Layout, box: LeadBox) -> np.ndarray:
    end = box.box_mm[0] + (box.t1_s - box.t0_s - 0.002) * layout.mm_per_s
    return np.array([[box.box_mm[0], box.baseline_mm], [end, box.baseline_mm]])


def pulse_mm(layout: Layout, box: LeadBox, joined: bool, wide_mm: float = 5.0) -> np.ndarray:
    x = np.array([0, 1, 1.1, wide_mm + 0.9, wide_mm + 1, wide_mm + 2]) + box.box_mm[0]
    x -= wide_mm + (2 if joined else 3)
    return np.stack([x, box.baseline_mm - np.array([0, 0, 1, 1, 0, 0]) * layout.mm_per_mv], axis=-1)


def turned(path: Path, degrees: int) -> None:
    import pypdfium2

    with pypdfium2.PdfDocument(path) as document:
        document[0].set_rotation(degrees)
        saved = path.with_suffix(".new")
        document.save(saved)
    saved.replace(path)


def placed(name: str = "3x4+1", mm_per_s: float = 25.0, mm_per_mv: float = 10.0) -> Layout:
    kind = template(name)
    return kind.place((20, 15), 180 / kind.row_count, mm_per_s, mm_per_mv)


def only(path: Path) -> Page:
    (page,) = open_pages(path)
    return page


def error_uv(record: Record, layout: Layout) -> float:
    """The largest error over everything that is printed; what is missing is infinite."""
    worst = 0.0
    for box in layout.boxes:
        inside = (HEART.time_s >= box.t0_s) & (HEART.time_s < box.t1_s)
        lead = box.lead.removeprefix("-")
        off = np.abs(record[lead][inside] - HEART[lead][inside])
        worst = max(worst, float(np.nan_to_num(off, nan=np.inf).max()))
    return 1000 * worst


@pytest.mark.parametrize("name", ["3x4+1", "6x2", "12x1", "3x2-limb", "cabrera-3x4+1", "4x3"])
def test_every_layout_comes_back_from_its_curves(tmp_path: Path, name: str) -> None:
    layout = placed(name)
    reading = read_vector_page(only(draw_page(tmp_path / "a.pdf", layout)), PageHints())
    assert error_uv(reading.record, layout) < 5
    assert [box.lead for box in reading.layout.boxes] == [box.lead for box in layout.boxes]
    assert reading.layout.name == name
    assert texts(reading.notes) == []
    assert set(reading.confidence.values()) == {1.0}


def test_drawn_columns_of_the_same_seconds_are_found_or_told(tmp_path: Path) -> None:
    kind = replace(template("3x4"), simultaneous=True)
    layout = kind.place((20, 15), 60.0)
    found = read_vector_page(only(draw_page(tmp_path / "a.pdf", layout)), PageHints())
    assert error_uv(found.record, layout) < 5 and "show the same 2.5 s" in texts(found.notes)[0]
    told = read_vector_page(only(tmp_path / "a.pdf"), PageHints(kind))
    assert error_uv(told.record, layout) < 5 and texts(told.notes) == []


@pytest.mark.parametrize(
    ("options", "layout"),
    [
        ({"step_mm": 5.0}, placed()),
        ({"scale": 0.7}, placed()),
        ({"scale": 0.7, "step_mm": 5.0}, placed()),
        ({"turn": 90}, placed()),
        ({"turn": 180}, placed()),
        ({"turn": 270}, placed("12x1")),
        ({"words": ("50mm/s", "5 mm/mV")}, placed("12x1", 50.0, 5.0)),
        ({"words": ("Speed: 25 mm/sec", "Limb: 20 mm/mV")}, placed("6x2", 25.0, 20.0)),
    ],
)
def test_other_grids_sizes_turns_and_scales(tmp_path: Path, options: dict[str, Any], layout: Layout) -> None:
    if layout.mm_per_s == 50:  # ten seconds do not fit on the paper: five are drawn
        layout = Layout(layout.name, tuple(half(box) for box in layout.boxes), 50.0, layout.mm_per_mv)
    reading = read_vector_page(only(draw_page(tmp_path / "a.pdf", layout, **options)), PageHints())
    assert error_uv(reading.record, layout) < 5
    assert (reading.layout.mm_per_s, reading.layout.mm_per_mv) == (layout.mm_per_s, layout.mm_per_mv)


def test_points_left_out_of_straight_stretches_cost_little(tmp_path: Path) -> None:
    reading = read_vector_page(only(draw_page(tmp_path / "a.pdf", placed(), simplify=True)), PageHints())
    truth = as_printed(HEART, placed().boxes)
    score = score_page(truth, reading.record)
    assert score.snr_db > 28  # the program left out flanks too, as far as its pen hides it
    assert np.array_equal(np.isnan(truth.signal_mv), np.isnan(reading.record.signal_mv))


def half(box: LeadBox) -> LeadBox:
    x0, y0, x1, y1 = box.box_mm
    return LeadBox(box.lead, (x0, y0, (x0 + x1) / 2, y1), box.t0_s, (box.t0_s + box.t1_s) / 2)


def test_without_words_the_gain_comes_from_the_pulses_and_the_speed_is_assumed_aloud(tmp_path: Path) -> None:
    layout = placed("3x4+1", mm_per_mv=5.0)
    reading = read_vector_page(only(draw_page(tmp_path / "a.pdf", layout, words=())), PageHints())
    assert error_uv(reading.record, layout) < 5
    assert reading.layout.mm_per_mv == 5
    assert [words for words in texts(reading.notes) if "25 mm/s" in words] == list(texts(reading.notes))


def test_without_pulses_the_zero_line_is_the_rows_middle_and_the_gain_is_assumed_aloud(tmp_path: Path) -> None:
    reading = read_vector_page(
        only(draw_page(tmp_path / "a.pdf", placed(), words=("25 mm/s",), pulses=False)), PageHints()
    )
    assert any("gain taken as 10 mm/mV" in words for words in texts(reading.notes))
    off = reading.record.signal_mv - HEART.signal_mv
    assert np.nanstd(off, axis=1).max() < 0.1  # offsets differ from row to row, shapes do not


def test_a_nameless_rhythm_strip_is_the_lead_whose_curve_it_repeats(tmp_path: Path) -> None:
    layout = placed("3x4+1")
    boxes = (*layout.boxes[:-1], LeadBox("V5", layout.boxes[-1].box_mm, 0.0, 10.0, True))
    layout = Layout("3x4+1", boxes)
    path = draw_page(tmp_path / "a.pdf", layout, named=lambda box: not box.is_rhythm)
    reading = read_vector_page(only(path), PageHints())
    assert reading.layout.boxes[-1].lead == "V5"
    assert any("taken as V5" in words for words in texts(reading.notes))
    assert error_uv(reading.record, layout) < 5


def test_chest_leads_have_a_gain_of_their_own_where_the_page_says_so(tmp_path: Path) -> None:
    layout = template("6x2").place((20, 15), 30, chest_gain=0.5)
    words = ("25 mm/s", "Limb: 10 mm/mV", "Chest: 5 mm/mV")
    reading = read_vector_page(only(draw_page(tmp_path / "a.pdf", layout, words=words)), PageHints())
    assert error_uv(reading.record, layout) < 5
    assert [box.gain for box in reading.layout.boxes] == [1.0, 0.5] * 6
    assert texts(reading.notes) == []


@pytest.mark.parametrize("name", ["3x4+1", "6x2", "12x1"])
def test_a_row_in_one_line_with_its_pulse_is_taken_apart(tmp_path: Path, name: str) -> None:
    layout = placed(name, mm_per_mv=5.0)
    page = only(draw_page(tmp_path / "a.pdf", layout, joined=True, words=("25 mm/s",)))
    reading = read_vector_page(page, PageHints())
    assert [box.lead for box in reading.layout.boxes] == [box.lead for box in layout.boxes]
    assert reading.layout.mm_per_mv == 5
    assert score_page(as_printed(HEART, layout.boxes), reading.record).snr_db > 25  # a sample may go to its neighbour


def test_a_missing_name_is_taken_from_the_usual_order_aloud(tmp_path: Path) -> None:
    path = draw_page(tmp_path / "a.pdf", placed(), named=lambda box: box.lead != "V2")
    reading = read_vector_page(only(path), PageHints())
    assert error_uv(reading.record, placed()) < 5
    assert any("1 traces are not named" in words and "3x4+1" in words for words in texts(reading.notes))


def test_what_is_given_counts_more_than_what_is_printed(tmp_path: Path) -> None:
    page = only(draw_page(tmp_path / "a.pdf", placed("3x4+1")))
    reading = read_vector_page(page, PageHints.of("cabrera-3x4+1", mm_per_s=50.0, mm_per_mv=20.0))
    assert reading.layout.boxes[0].lead == "aVL"
    assert (reading.layout.mm_per_s, reading.layout.mm_per_mv) == (50.0, 20.0)
    assert any("pulses say 10 mm/mV" in words for words in texts(reading.notes))
    with pytest.raises(NotVector, match="which is not 6x2"):
        read_vector_page(page, PageHints.of("6x2"))


@pytest.mark.parametrize("simplify", [True, False])
def test_flat_leads_are_read_and_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, simplify: bool) -> None:
    """A program that leaves out points of straight stretches draws a flat lead with two."""
    signal = HEART.signal_mv.copy()
    signal[[HEART.leads.index(lead) for lead in ("aVF", "V6")]] = 0.0
    monkeypatch.setitem(globals(), "HEART", replace(HEART, signal_mv=signal))
    page = only(draw_page(tmp_path / "a.pdf", placed(), simplify=simplify, pulses=False))
    told = read_vector_page(page, PageHints())
    assert max(np.nanmax(np.abs(told.record[lead])) for lead in ("aVF", "V6")) < 0.01
    (note,) = [note for note in told.notes if note.code == "lead-flat"]
    assert "aVF, V6: read as a flat line" in note.text


def test_the_reported_page_names_its_flat_leads() -> None:
    reading = read_vector_page(only(case("flat-lead-in-pdf") / "page.pdf"), PageHints())
    assert any("aVF, V6" in words for words in texts(reading.notes))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"named": lambda box: False}, "without a lead's name"),
        ({"step_mm": 60.0}, "no grid"),
    ],
)
def test_a_drawing_that_does_not_tell_enough_is_left_to_the_pixels(
    tmp_path: Path, options: dict[str, Any], words: str
) -> None:
    page = only(draw_page(tmp_path / "a.pdf", placed(), **options))
    with pytest.raises(NotVector, match=words):
        read_vector_page(page, PageHints())


def test_a_scan_in_a_pdf_goes_to_the_networks_with_a_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.new("RGB", (800, 600), "white").save(tmp_path / "scan.pdf")
    page = only(tmp_path / "scan.pdf")
    with pytest.raises(NotVector, match="no grid"):
        read_vector_page(page, PageHints())
    asked: list[Page] = []

    def locate(page: Page, *_: object) -> None:
        asked.append(page)
        raise ValueError("asked")

    monkeypatch.setattr("digitize.pipeline.locate", locate)
    with pytest.raises(ValueError, match="asked"):
        Digitizer(NO_NETWORKS)(page)
    assert asked[0].notes[0].code == "read-from-pixels" and "read from its pixels" in asked[0].notes[0].text


def test_a_drawn_page_needs_no_network(tmp_path: Path) -> None:
    reading = Digitizer(NO_NETWORKS)(only(draw_page(tmp_path / "a.pdf", placed())))
    assert error_uv(reading.record, placed()) < 5


def test_the_real_drawn_pages_are_read(ecg_data: Path) -> None:
    paths = sorted((ecg_data / "pages" / "ptbxl_pdf").glob("*.pdf"))[:3]
    if not paths:
        pytest.skip("no drawn pages in ECG_DATA")
    for path in paths:
        reading = read_vector_page(only(path), PageHints())
        assert reading.layout.name == "3x4+1"
        assert np.isfinite(reading.record["II"]).mean() > 0.99


def codes(reading: Reading) -> list[str]:
    return [note.code for note in reading.notes]


def read_drawn(tmp_path: Path, layout: Layout, **options: Any) -> Reading:
    return read_vector_page(only(draw_page(tmp_path / "a.pdf", layout, **options)), PageHints())


def test_print_goes_before_pulses_and_their_disagreement_is_said(tmp_path: Path) -> None:
    layout = placed("12x1", 50.0)
    layout = Layout(layout.name, tuple(half(box) for box in layout.boxes), 50.0, 10.0)
    reading = read_drawn(tmp_path, layout, words=("50 mm/s", "10 mm/mV"))
    assert error_uv(reading.record, layout) < 5
    assert codes(reading) == ["speed-contradicted"]
    assert "as wide as at 25 mm/s" in texts(reading.notes)[0]
    assert max(reading.confidence.values()) == pytest.approx(0.75)
    wide = read_drawn(tmp_path, layout, words=("50 mm/s", "10 mm/mV"), pulse_wide_mm=10.0)
    assert codes(wide) == []
    other = read_drawn(tmp_path, placed(mm_per_mv=10.0), words=("25 mm/s", "5 mm/mV"))
    assert (other.layout.mm_per_mv, codes(other)) == (5.0, ["gain-contradicted"])


@pytest.mark.parametrize(("wide_mm", "mm_per_s"), [(5.0, 25.0), (10.0, 50.0)])
def test_without_print_the_pulses_of_the_rows_tell_the_speed(tmp_path: Path, wide_mm: float, mm_per_s: float) -> None:
    layout = placed("12x1", mm_per_s)
    if mm_per_s == 50:
        layout = Layout(layout.name, tuple(half(box) for box in layout.boxes), 50.0, 10.0)
    reading = read_drawn(tmp_path, layout, words=(), pulse_wide_mm=wide_mm)
    assert error_uv(reading.record, layout) < 5
    assert codes(reading) == []


def test_the_pulse_of_one_row_sets_no_unusual_gain(tmp_path: Path) -> None:
    reading = read_drawn(tmp_path, placed(mm_per_mv=5.0), words=("25 mm/s",), pulse_rows=1)
    assert (reading.layout.mm_per_mv, codes(reading)) == (10.0, ["gain-assumed"])
    assert "only one row of several shows what may be a pulse" in texts(reading.notes)[0]
    several = read_drawn(tmp_path, placed(mm_per_mv=5.0), words=("25 mm/s",), pulse_rows=2)
    assert (several.layout.mm_per_mv, codes(several)) == (5.0, [])


@pytest.mark.parametrize("words", [("25 mm/s", "10/5 mm/mV"), ("25 mm/s", "10 mm/mV", "5 mm/mV")])
def test_two_gains_side_by_side_are_those_of_limb_and_chest_leads(tmp_path: Path, words: tuple[str, ...]) -> None:
    layout = template("3x4+1").place((20, 15), 45.0, chest_gain=0.5)
    reading = read_drawn(tmp_path, layout, words=words)
    assert error_uv(reading.record, layout) < 5
    assert codes(reading) == ["chest-gain-halved"]


@pytest.mark.parametrize("flat", [("aVF", "V6"), ("I",), ("V3",)])
@pytest.mark.parametrize("name", ["3x4+1", "6x2"])
def test_a_lead_without_a_signal_is_read_as_flat(tmp_path: Path, name: str, flat: tuple[str, ...]) -> None:
    reading = read_drawn(tmp_path, placed(name), flat=flat)
    assert (reading.layout.name, codes(reading)) == (name, ["lead-flat"])
    for box in placed(name).boxes:
        inside = (HEART.time_s >= box.t0_s) & (HEART.time_s < box.t1_s)
        wanted = 0.0 if box.lead in flat else HEART[box.lead][inside]
        np.testing.assert_allclose(reading.record[box.lead][inside], wanted, atol=0.005)


def test_rows_of_one_lead_go_on_where_the_layout_says_so(tmp_path: Path) -> None:
    kind = Template("watch", (("I",), ("I",), ("I",)), 3.0)
    layout = kind.place((20, 15), 60.0)
    page = only(draw_page(tmp_path / "a.pdf", layout))
    reading = read_vector_page(page, PageHints(kind))
    assert [(box.t0_s, box.t1_s) for box in reading.layout.boxes] == [(0, 3), (3, 6), (6, 9)]
    np.testing.assert_allclose(reading.record["I"][:4500], HEART["I"][:4500], atol=0.005)
