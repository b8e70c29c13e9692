"""From a recording to a diagnosis: the command line, the files, abstention and the report."""

from __future__ import annotations

import inspect
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from classify import Classifier
from classify.diagnosis import Diagnosis, Label
from classify.infer import infer, main, parser
from classify.report import report_html, verdict
from classify.strip import strip_svg
from ecg.formats import write
from ecg.leads import STANDARD
from ecg.record import Record
from simulate import Scene
from simulate.heart import synthetic_record

torch.set_num_threads(1)

KEYS = {"labels", "abstained", "leads_used", "quality", "features", "warnings", "weights"}


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier.load()


@pytest.fixture(scope="module")
def record() -> Record:
    return synthetic_record(3, "SR", conditions=(), noise={}, heart_rate_bpm=70.0)


def test_the_command_line_diagnoses_recordings_and_names_the_bad_one(
    record: Record, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(record, tmp_path / "in" / "a.hea")
    write(record, tmp_path / "in" / "b.csv")
    (tmp_path / "in" / "broken.hea").write_text("nonsense\n")
    assert main(["--record", str(tmp_path / "in"), "--output", str(tmp_path / "out")]) == 1
    printed = capsys.readouterr()
    assert "broken.hea" in printed.err
    assert "a: " in printed.out and "b: " in printed.out
    names = {p.name for p in (tmp_path / "out").iterdir()}
    assert names == {f"{stem}.{kind}" for stem in "ab" for kind in ("diagnosis.json", "report.html")}
    found = json.loads((tmp_path / "out" / "a.diagnosis.json").read_text())
    assert set(found) == KEYS
    assert {tuple(label) for label in found["labels"]} == {("group", "name", "probability", "threshold", "predicted")}
    assert found["leads_used"] == list(STANDARD)
    assert found["features"]["heart_rate_bpm"] == pytest.approx(70, rel=0.05)


def test_all_good_is_status_0_and_nothing_found_is_1(record: Record, tmp_path: Path) -> None:
    write(record, tmp_path / "a.hea")
    assert main(["--record", str(tmp_path / "a.hea"), "--output", str(tmp_path / "out")]) == 0
    (tmp_path / "empty").mkdir()
    assert main(["--record", str(tmp_path / "empty"), "--output", str(tmp_path / "out")]) == 1


def test_two_files_of_one_name_keep_both_results(record: Record, tmp_path: Path) -> None:
    for folder in "xy":
        write(record, tmp_path / folder / "a.hea")
    assert infer(record=[str(tmp_path / "x"), str(tmp_path / "y")], output=tmp_path / "out") == 0
    assert {p.name for p in (tmp_path / "out").glob("*.json")} == {"a.diagnosis.json", "a_2.diagnosis.json"}


def test_a_page_gets_its_reading_its_diagnosis_and_its_report(
    record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page, truth = Scene.sample(4, layout="3x4+1").render(record)
    Image.fromarray(page.pixels).save(tmp_path / "scan.png")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    # The reading is the simulator's truth here: how pages are read is tested elsewhere.
    monkeypatch.setattr("digitize.batch.load_digitizer", lambda device: lambda page, *given: truth)
    assert main(["--image", str(tmp_path / "*.png"), "--output", str(tmp_path / "out")]) == 1
    assert "broken.png" in capsys.readouterr().err
    names = {p.name for p in (tmp_path / "out").iterdir()}
    assert names >= {f"scan.{kind}" for kind in ("csv", "hea", "json", "overlay.png", "diagnosis.json", "report.html")}
    found = json.loads((tmp_path / "out" / "scan.diagnosis.json").read_text())
    assert not found["abstained"]
    assert found["quality"]["confidence"] > 0.9
    assert "data:image/jpeg;base64," in (tmp_path / "out" / "scan.report.html").read_text()


def test_missing_weights_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--record", "x.hea", "--weights", str(tmp_path / "w.safetensors")]) == 1
    assert "w.safetensors" in capsys.readouterr().err


def test_options_equal_the_function(tmp_path: Path) -> None:
    options = vars(parser().parse_args(["--record", "x"]))
    assert set(options) == set(inspect.signature(infer).parameters)


def test_the_order_and_gain_of_leads_do_not_change_the_diagnosis(classifier: Classifier, record: Record) -> None:
    turned = Record(record.signal_mv[::-1], record.fs_hz, record.leads[::-1])
    one, two = (np.array([label.probability for label in classifier(r).labels]) for r in (record, turned))
    assert np.abs(one - two).max() < 1e-3


def test_a_page_of_short_leads_still_gets_an_answer(classifier: Classifier, record: Record) -> None:
    signal = np.full_like(record.signal_mv, np.nan)
    for k in range(12):
        column = slice(1250 * (k // 3), 1250 * (k // 3 + 1))
        signal[k, column] = record.signal_mv[k, column]
    diagnosis = classifier(Record(signal, 500, STANDARD))
    assert not diagnosis.abstained
    assert all(np.isfinite(label.probability) for label in diagnosis.labels)
    assert diagnosis.quality["printed"] == pytest.approx(0.25, abs=0.01)


def test_a_long_recording_is_seen_to_its_end(classifier: Classifier) -> None:
    long = synthetic_record(8, "SR", duration_s=26.0, conditions=(), noise={})
    changed = long.signal_mv.copy()
    changed[:, 10000:] *= np.linspace(-1, 1, 12)[:, None]
    one, two = (classifier(Record(s, 500, STANDARD)).labels for s in (long.signal_mv, changed))
    assert any(abs(a.probability - b.probability) > 1e-4 for a, b in zip(one, two, strict=True))


@pytest.mark.parametrize(
    ("leads", "seconds", "words"),
    [(("I", "II"), 10, "2 usable leads"), (STANDARD, 3, "3.0 s of signal"), ((), 10, "0 usable leads")],
)
def test_too_little_evidence_gives_no_diagnosis(
    classifier: Classifier, record: Record, leads: tuple[str, ...], seconds: float, words: str
) -> None:
    signal = np.where(np.isin(STANDARD, leads)[:, None], record.signal_mv, np.nan)
    diagnosis = classifier(Record(signal, 500, STANDARD).crop(0, seconds))
    assert diagnosis.abstained
    assert any(words in warning for warning in diagnosis.warnings)
    assert not diagnosis.predicted
    assert {label["probability"] for label in diagnosis.to_dict()["labels"]} == {None}


def test_flat_leads_and_contradicting_limb_leads_are_said(classifier: Classifier, record: Record) -> None:
    signal = record.signal_mv.copy()
    signal[STANDARD.index("V2")] = 0.0
    signal[STANDARD.index("III")] += np.sin(np.arange(5000) / 50)
    text = " ".join(classifier(Record(signal, 500, STANDARD)).warnings)
    assert "V2" in text
    assert "contradict" in text


class Outside(HTMLParser):
    """Collects whatever a page would load from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [v or "" for k, v in attrs if k in ("src", "href") and not (v or "").startswith("data:")]


def test_the_report_is_one_self_contained_page(record: Record, classifier: Classifier, tmp_path: Path) -> None:
    picture = tmp_path / "overlay.png"
    Image.new("RGB", (2400, 1000), "pink").save(picture)
    html = report_html("<odd> & name", record, classifier(record), picture)
    page = Outside()
    page.feed(html)
    assert not page.links
    assert "script" not in page.tags
    assert not re.search(r"url\((?!#)|@import", html)
    assert "Not a medical device." in html
    assert "&lt;odd&gt; &amp; name" in html and "<odd>" not in html
    assert html.count("<svg") == 1 and "data:image/jpeg;base64," in html
    assert "Heart rate" in html and "60 to 100 bpm" in html


def test_probabilities_thresholds_and_warnings_stand_in_the_report(record: Record) -> None:
    labels = (Label("rhythm", "AFIB", 0.83, 0.4), Label("rhythm", "SR", 0.1, 0.5))
    diagnosis = Diagnosis(labels, False, ("II",), {}, ("lead V9 < missing",), "w-1", {"heart_rate_bpm": 132.0})
    html = report_html("x", record, diagnosis)
    assert verdict(diagnosis) == "Atrial fibrillation"
    assert "width:83.0%" in html and "left:40.0%" in html
    assert "lead V9 &lt; missing" in html
    assert re.search(r"number outside'>132", html)


def test_nothing_is_drawn_where_nothing_was_printed(record: Record) -> None:
    signal = record.signal_mv.copy()
    signal[0] = np.nan
    signal[1, 1000:2000] = np.nan
    svg = strip_svg(Record(signal, 500, STANDARD))
    paths = re.findall(r"<path d='(M[^']*)' fill='none' stroke='#1d2433'", svg)
    assert len(paths) == 11
    assert [path.count("M") for path in paths] == [2] + [1] * 10
    assert "nothing printed" in svg and "nan" not in svg
