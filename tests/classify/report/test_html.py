"""The report: one self-contained page that shows what is known and says what is not."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from classify import Classifier
from classify.diagnosis import Diagnosis, Label, LeadQuality
from classify.explanation.explanation import Explanation
from classify.report.ecg_svg import rhythm_lead, sheet_svg
from classify.report.html import report_html, verdict
from ecg.leads import STANDARD
from ecg.notes import Note
from ecg.record import Record
from simulate.heart import synthetic_record

torch.set_num_threads(1)
TRACE = re.compile(r"<path d='(M[^']*)' fill='none' stroke='#1d2433'")


@pytest.fixture(scope="module")
def record() -> Record:
    return synthetic_record(3, "SR", conditions=(), noise={}, heart_rate_bpm=70.0)


def diagnosis_of(*labels: Label, **rest: object) -> Diagnosis:
    leads = tuple(LeadQuality(lead, 10.0, 0.2, 0.8) for lead in STANDARD)
    return replace(Diagnosis(labels, False, leads, {}, (), "w-1"), **rest)


class Outside(HTMLParser):
    """Collects whatever a page would load from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [v or "" for k, v in attrs if k in ("src", "href") and not (v or "").startswith("data:")]


def test_the_report_is_one_self_contained_page(record: Record, tmp_path: Path) -> None:
    picture = tmp_path / "overlay.png"
    Image.new("RGB", (2400, 1000), "pink").save(picture)
    html = report_html("<odd> & name", record, Classifier.load()(record), picture)
    page = Outside()
    page.feed(html)
    assert not page.links
    assert "script" not in page.tags
    assert not re.search(r"url\((?!#)|@import", html)
    assert html.count("Not a medical device") == 1
    assert "&lt;odd&gt; &amp; name" in html and "<odd>" not in html
    assert html.count("<svg") == 1 and html.count("data:image/jpeg;base64,") == 1
    assert "Heart rate" in html and "60 to 100 bpm" in html


def test_probabilities_thresholds_and_warnings_stand_in_the_report(record: Record) -> None:
    found = diagnosis_of(
        Label("rhythm", "AFIB", 0.83, 0.4, True), Label("rhythm", "SR", 0.1, float("nan"), False),
        notes=(Note("odd", "lead V9 < missing"),), features={"heart_rate_bpm": 132.0},
    )  # fmt: skip
    html = report_html("x", record, found)
    assert verdict(found) == "Atrial fibrillation"
    assert "width:83.0%" in html and "left:40.0%" in html
    assert html.count('class="mark"') == 1  # where only the largest counts there is no threshold to show
    assert "lead V9 &lt; missing" in html
    assert re.search(r'number outside">132 bpm', html)
    assert "not measurable" in html  # the other measurements


def test_who_was_recorded_is_shown_when_the_header_says_so(record: Record) -> None:
    said = replace(record, meta={"Age": "74", "Sex": "Female", "Dx": "RBBB", "device": "nan"})
    html = report_html("x", said, diagnosis_of())
    assert "Age <b>74</b>" in html and "Sex <b>Female</b>" in html
    assert "RBBB" not in html and "Device" not in html


def test_leads_that_are_not_used_say_why(record: Record) -> None:
    leads = (LeadQuality("I", 10.0, 0.2, 0.8), LeadQuality("V1", 0.0, float("nan"), float("nan"), "not printed"))
    html = report_html("x", record, diagnosis_of(leads=leads))
    assert "<td class=bad>not printed</td>" in html
    assert "80 %" in html
    plain = report_html("x", record, diagnosis_of(leads=(LeadQuality("I", 10.0, 0.2, float("nan")),)))
    assert "confidence" not in plain


def test_what_an_answer_rests_on_is_drawn(record: Record) -> None:
    label = Label("rhythm", "AFIB", 0.83, 0.4, True)
    attribution = np.zeros((12, 5000))
    attribution[STANDARD.index("V2"), 1000:1100] = 0.02
    html = report_html(
        "x", record, diagnosis_of(label), explained=[Explanation(label, record, attribution, None, (1, 1), 1, 0)]
    )
    assert html.count("data:image/png;base64,") == 1
    assert "83 %: most from V2" in html


def test_a_whole_recording_is_drawn_as_three_rows_and_a_strip(record: Record) -> None:
    paths = TRACE.findall(sheet_svg(record))
    assert len(paths) == 13
    assert rhythm_lead(record) == "II"


def test_nothing_is_drawn_where_nothing_was_printed(record: Record) -> None:
    signal = record.signal_mv.copy()
    signal[0] = np.nan
    signal[1, 500:1500] = np.nan
    svg = sheet_svg(Record(signal, 500, STANDARD))
    paths = TRACE.findall(svg)
    assert len(paths) == 11  # a row for each lead, because lead II has a hole where its column would be
    assert sorted(path.count("M") for path in paths) == [1] * 10 + [2]
    assert "nothing printed" in svg and "nan" not in svg


def test_other_layouts_and_short_recordings_hide_nothing(record: Record) -> None:
    second_half = record.signal_mv.copy()
    second_half[:, :2500] = np.nan
    for shown in (Record(second_half, 500, STANDARD), record.crop(0, 4), record.select(["II"])):
        printed = np.isfinite(shown.signal_mv).any(1).sum()
        assert len(TRACE.findall(sheet_svg(shown))) >= printed
