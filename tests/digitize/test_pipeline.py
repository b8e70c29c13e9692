"""The whole road with networks that see everything: what is left is what the rest of the code does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from oracle import SIZE_PX, Oracle, heart, scene

from digitize.errors import NotAnEcg
from digitize.evaluation.metrics import page_ratio, to_db
from digitize.layout.evidence import Evidence
from digitize.layout.printed_words import PrintedWord
from digitize.nets.heads import NetSpec
from digitize.nets.networks import Networks
from digitize.nets.reconstruction import ReconstructionNet
from digitize.nets.word_net import WordNet, WordNetSpec
from digitize.pipeline import Digitizer
from digitize.stages import RowReading
from digitize.trace.column_timing import simultaneous
from digitize.trace.lead_traces import cut
from digitize.trace.row_reading import margin_mm
from ecg.geometry import PageGeometry
from ecg.layout import template
from ecg.leads import STANDARD
from ecg.notes import Note, texts
from ecg.page import Page, Trace
from ecg.reading import Reading
from ecg.record import Record
from simulate.scene import Scene
from simulate.wear.wear import COVERS, WEAR

pytestmark = pytest.mark.slow

torch.set_num_threads(1)


def whole(seed: int, preset: str = "clean", name: str = "3x4+1", **changes: Any) -> Scene:
    """A scene whose paper lies whole in the picture, without the wear that hides ink or lies about places."""
    found = scene(seed, preset, name, **{"pulse": "none", **changes})
    effects = {k: v for k, v in found.effects.items() if k not in ("coarse", "threshold", *WEAR, *COVERS)}
    shown = {"frame_mm": found.paper.extent_mm, "shift": (0.0, 0.0), "fill": min(found.fill, 0.95)}
    return replace(found, effects=effects, **shown)


def read(
    found: Scene, monkeypatch: pytest.MonkeyPatch, record: Record | None = None, **told: Any
) -> tuple[Reading, Reading]:
    """What the digitizer makes of the page, and the truth."""
    page, truth = found.render(record or heart(found.seed))
    return Oracle(truth).use(monkeypatch)(page, **told), truth


@pytest.mark.parametrize(
    ("seed", "preset", "name", "mm_per_mv"),
    [
        (1, "clean", "3x4+1", 10.0),
        (7, "scan", "6x2", 5.0),
        (1, "photo", "12x1", 10.0),
        (1, "photo", "3x4", 20.0),
        (2, "clean", "cabrera-6x2", 10.0),
    ],
)
def test_a_page_gives_back_its_signal(
    seed: int, preset: str, name: str, mm_per_mv: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, truth = read(whole(seed, preset, name, mm_per_mv=mm_per_mv), monkeypatch, mm_per_mv=mm_per_mv)
    assert (found.layout.name, found.layout.mm_per_s, found.layout.mm_per_mv) == (name, 25.0, mm_per_mv)
    # Folds and crumples are followed to some hundredths of a mm: a sample early or late on a flank.
    assert to_db(page_ratio(truth.record, found.record)) > (22 if preset == "photo" else 25)
    assert (found.record.leads, found.record.fs_hz, found.record.start_s) == (STANDARD, 500.0, 0.0)
    printed, seen = np.isfinite(truth.record.signal_mv), np.isfinite(found.record.signal_mv)
    assert (printed != seen).mean() < 0.001  # NaN where nothing is printed, and nowhere else
    assert min(found.confidence.values()) > 0.95  # a probability: even of what is seen clearly never all
    turn = truth.geometry.angle_deg((125.0, 60.0)) - found.facts.rotation_deg
    assert abs((turn + 180) % 360 - 180) < 3
    np.testing.assert_allclose(found.facts.px_per_mm, truth.geometry.px_per_mm((125.0, 60.0)), rtol=0.1)
    # Every trace lies on the ink, in the page's own px.
    for mine, wanted in zip(found.traces, truth.traces, strict=True):
        off = mine.y_px - np.interp(mine.x_px, wanted.x_px, wanted.y_px)
        if abs(found.facts.rotation_deg) < 20:
            assert np.nanmedian(np.abs(off)) < 0.6


def test_columns_of_the_same_seconds_are_read_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    printed = whole(1, mm_per_mv=10.0)
    printed = replace(printed, layout=simultaneous(printed.layout))
    found, truth = read(printed, monkeypatch, heart(4), mm_per_mv=10.0)
    assert {(box.t0_s, box.t1_s) for box in found.layout.boxes} == {(0.0, 2.5), (0.0, 10.0)}
    assert any("show the same 2.5 s" in warning for warning in texts(found.notes))
    assert to_db(page_ratio(truth.record, found.record)) > 25


def test_minus_avr_is_turned_over(monkeypatch: pytest.MonkeyPatch) -> None:
    found, truth = read(whole(3, name="cabrera-3x4+1"), monkeypatch, mm_per_mv=10.0)
    assert "-aVR" in [t.lead for t in found.traces]
    both = np.isfinite(truth.record["aVR"]) & np.isfinite(found.record["aVR"])
    assert np.corrcoef(truth.record["aVR"][both], found.record["aVR"][both])[0, 1] > 0.98


def test_the_gain_is_read_from_the_pulses(monkeypatch: pytest.MonkeyPatch) -> None:
    found, _ = read(whole(4, name="3x4", pulse="left", mm_per_mv=5.0), monkeypatch)
    assert found.layout.mm_per_mv == found.to_dict()["mm_per_mv"] == 5.0
    assert "gain" not in " ".join(texts(found.notes))
    told, _ = read(whole(4, name="3x4", pulse="left", mm_per_mv=5.0), monkeypatch, mm_per_mv=10.0)
    assert told.layout.mm_per_mv == 10.0
    assert any("but the pulses say 5 mm/mV" in words for words in texts(told.notes))


def test_what_is_assumed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    found, truth = read(whole(5), monkeypatch)
    words = " ".join(texts(found.notes))
    assert "gain taken as 10 mm/mV: no calibration pulse was found" in words
    assert "paper speed taken as 25 mm/s" in words
    quiet, _ = read(whole(5), monkeypatch, layout="3x4+1", mm_per_s=25.0, mm_per_mv=10.0)
    assert texts(quiet.notes) == []
    noted = replace(truth.page, notes=(Note("picture-shrunk", "shrunk"),))
    assert texts(Oracle(truth).use(monkeypatch)(noted).notes)[0] == "shrunk"


def test_the_speed_is_taken_as_told(monkeypatch: pytest.MonkeyPatch) -> None:
    found, truth = read(whole(6, name="6x2", mm_per_s=50.0), monkeypatch, mm_per_s=50.0, mm_per_mv=10.0)
    assert found.layout.mm_per_s == 50.0 and found.layout.duration_s == 5.0
    assert to_db(page_ratio(truth.record, found.record)) > 25
    printed, seen = (np.isfinite(r.signal_mv).sum(1) / 500 for r in (truth.record, found.record))
    np.testing.assert_allclose(seen, printed, atol=0.01)
    assert 2.4 < printed.min() <= printed.max() <= 2.5


@pytest.mark.parametrize("slip_px", [0.0, 3.0])
def test_four_corners_given_by_hand_are_enough_of_a_geometry(slip_px: float, monkeypatch: pytest.MonkeyPatch) -> None:
    page, truth = whole(1, "scan").render(heart(1))
    monkeypatch.setattr("digitize.layout.search.look_twice", None)  # the page as a whole is not looked at
    mm = np.array([[5.0, 5.0], [245.0, 5.0], [245.0, 105.0], [5.0, 105.0]])
    corners = truth.geometry.to_px(mm) + slip_px * np.array([[1, -1], [-1, 1], [1, 1], [-1, -1]])
    found = Oracle(truth).use(monkeypatch)(page, corners_px=corners.tolist())
    assert found.layout.name == "3x4+1"
    assert to_db(page_ratio(truth.record, found.record)) > 25


def test_corners_whose_lines_allow_several_scales_are_said_to_be_doubtful(monkeypatch: pytest.MonkeyPatch) -> None:
    page, truth = whole(1, "scan", pulse="none").render(heart(1))  # nothing shows the speed
    mm = np.array([[5.0, 5.0], [245.0, 5.0], [245.0, 105.0], [5.0, 105.0]])
    monkeypatch.setattr("digitize.grid.corner_geometry._RIVAL", 0.0)
    found = Oracle(truth).use(monkeypatch)(page, corners_px=truth.geometry.to_px(mm).tolist())
    assert (found.layout.name, found.layout.mm_per_s) == ("3x4+1", 25.0)
    assert "scale-doubtful" in {note.code for note in found.notes} and max(found.confidence.values()) <= 0.5


@pytest.mark.parametrize(("print_says", "mm_per_s"), [(None, 50.0), ("25 mm/s", 25.0)])
def test_pulses_seen_close_up_tell_the_speed_unless_print_does(
    print_says: str | None, mm_per_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, truth = whole(6, pulse="left", mm_per_s=50.0).render(heart(6))
    words = Oracle(truth).read_words
    said = [PrintedWord(print_says, 20.0, 300.0, 0.9)] if print_says else []
    digitizer = Oracle(truth).use(monkeypatch)
    monkeypatch.setattr("digitize.layout.search.read_words", lambda *given: [*words(*given), *said])
    monkeypatch.setattr(Evidence, "seen_mm_per_s", lambda evidence: 25.0)
    found = digitizer(page)
    assert found.layout.mm_per_s == mm_per_s
    assert any("the pulses are 10 mm wide" in warning for warning in texts(found.notes)) == (print_says is None)


def test_strips_end_soon_after_the_picture_does() -> None:
    geometry = PageGeometry(np.diag([4.0, 4.0, 1.0]), None, (0.0, 0.0, 250.0, 100.0), 0.1)
    page = Page(np.full((400, 1040, 3), 255, np.uint8))
    layout = template("3x4").place((0.0, 0.0), 30.0, 25.0, 10.0)
    beside = [margin_mm(page, geometry, layout, *side) for side in ((0.0, -1), (250.0, 1), (235.0, 1))]
    assert beside == [6.0, 9.0, 20.0]  # the least, what the picture shows, the usual margin


def test_limb_leads_that_contradict_each_other_are_pointed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    record = heart(7)
    wrong = record.signal_mv.copy()
    wrong[0] += 2 * wrong[7]
    told = {"mm_per_s": 25.0, "mm_per_mv": 10.0}
    bad, _ = read(whole(7, name="6x1-limb"), monkeypatch, replace(record, signal_mv=wrong), **told)
    good, _ = read(whole(7, name="6x1-limb"), monkeypatch, record, **told)
    assert "the limb leads contradict each other" in " ".join(texts(bad.notes))
    assert texts(good.notes) == []


def test_what_is_hidden_stays_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    page, truth = whole(8, name="12x1").render(heart(8))
    oracle = Oracle(truth)
    digitizer = oracle.use(monkeypatch)

    def blotted(net: Any, pixels: np.ndarray, geometry: Any, window_mm: Any) -> RowReading:
        row = oracle.read_row(net, pixels, geometry, window_mm)
        row.presence[1600:1800] = 0.1  # 200 columns of 2.5 ms
        return row

    monkeypatch.setattr("digitize.trace.row_reading.read_row", blotted)
    found = digitizer(page, mm_per_mv=10.0)
    for lead in STANDARD:
        gaps = np.isnan(found.record[lead])
        assert 0.45 < gaps.sum() / 500 < 0.51, lead
        assert np.diff(np.flatnonzero(gaps)).max() == 1
    assert max(found.confidence.values()) < 0.96


def test_a_reading_survives_its_json(monkeypatch: pytest.MonkeyPatch) -> None:
    found, _ = read(whole(9, "photo"), monkeypatch)
    again = Reading.from_dict(found.to_dict(), found.page, found.record)
    assert again.to_dict() == found.to_dict()


# --- pages that are not what they seem --------------------------------------------------------------------------------


def codes(reading: Reading) -> list[str]:
    return [note.code for note in reading.notes]


def test_a_negative_is_read_as_its_positive_and_said_to_be_one(monkeypatch: pytest.MonkeyPatch) -> None:
    page, truth = whole(1).render(heart(1))
    found = Oracle(truth).use(monkeypatch)(replace(page, pixels=255 - page.pixels))
    assert codes(found)[0] == "negative-inverted"
    np.testing.assert_array_equal(found.page.pixels, page.pixels)


# --- pictures of something else ---------------------------------------------------------------------------------------


def textured(kind: str) -> np.ndarray:
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:360, :480]
    pictures = {
        "blank": np.full((360, 480), 235.0),
        "noise": rng.integers(0, 255, (360, 480)),
        "stripes": 128 + 100 * np.sin(x / 7 + y / 15),
        "checks": 60.0 + 150 * ((x // 24 + y // 24) % 2),
    }
    return np.repeat(pictures[kind][..., None].astype(np.uint8), 3, axis=2)


@pytest.mark.parametrize("kind", ["blank", "noise", "stripes", "checks"])
def test_a_picture_of_something_else_is_refused(kind: str) -> None:
    torch.manual_seed(0)
    page_net = ReconstructionNet(NetSpec(heads=("seg", "grid", "baseline", "theta"))).eval()
    words = WordNet(WordNetSpec(stem=(4, 4), width=8, dilations=())).eval()
    digitizer = Digitizer(Networks(page_net, page_net, words, (256, 192), {}))
    with pytest.raises(NotAnEcg, match="expected a picture of an ECG"):
        digitizer(Page(textured(kind)))


def test_a_page_whose_traces_are_gone_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    page, truth = whole(10).render(heart(10))
    oracle = Oracle(truth)
    digitizer = oracle.use(monkeypatch)
    monkeypatch.setattr(
        "digitize.grid.page_view.look",
        lambda net, pixels, matrix, size_px: replace(
            oracle.look(net, pixels, matrix), seg=np.zeros((15, *SIZE_PX[::-1]), np.float32)
        ),
    )
    with pytest.raises(NotAnEcg, match="no ECG traces were found"):
        digitizer(page)


def test_a_coarse_picture_is_said_to_be_one(monkeypatch: pytest.MonkeyPatch) -> None:
    small, _ = read(whole(1, "clean", long_side_px=700), monkeypatch)
    large, _ = read(whole(1, "clean", long_side_px=1600), monkeypatch)
    assert ["px per mm of paper" in " ".join(texts(page.notes)) for page in (small, large)] == [True, False]


@pytest.mark.parametrize("is_named", [True, pytest.param(False, marks=pytest.mark.long)])
def test_curves_that_can_hardly_be_followed_are_refused_unless_names_were_read(
    is_named: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, truth = whole(1).render(heart(1))
    digitizer = Oracle(truth).use(monkeypatch)
    if not is_named:
        monkeypatch.setattr("digitize.layout.search.read_words", lambda *seen: [])
    assert digitizer(page).record.signal_mv.size  # followed surely, it is a reading with a warning
    unsure = cut_with(0.1)
    monkeypatch.setattr("digitize.trace.lead_traces.cut", unsure)
    if is_named:
        assert digitizer(page).traces
    else:
        with pytest.raises(NotAnEcg, match=r"could hardly be followed \(confidence 10%\)"):
            digitizer(page)
        assert digitizer(page, "3x4+1").traces


def cut_with(confidence: float) -> Any:
    """`cut` that is as sure of every point."""

    def unsure(*seen: Any) -> Trace:
        trace = cut(*seen)
        return replace(trace, confidence=np.full_like(trace.confidence, confidence))

    return unsure
