"""The report: one self-contained HTML page for a screen or a printer."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import TypedDict

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from PIL import Image

from classify.diagnosis import Diagnosis, Label, LeadQuality
from classify.episodes import times
from classify.explanation.explanation import Explanation
from classify.explanation.plot import draw
from classify.features.catalog import EVERY, FeatureInfo
from classify.report.ecg_svg import sheet_svg
from classify.report.figures import png
from classify.report.text import verdict
from ecg.record import Recording

_GROUP_TITLES = {"superclass": "Findings", "rhythm": "Rhythm"}
_PICTURE_WIDTH_PX = 1600
_MEASURED = (
    "heart_rate_bpm", "p_ms", "pr_ms", "qrs_ms", "qt_ms", "qtc_bazett_ms", "qtc_fridericia_ms", "axis_deg",
    "sokolow_mv", "cornell_mv", "sdnn_ms", "rmssd_ms",
)  # fmt: skip
_INFO = {info.name: info for info in EVERY}
# What a header may hold of the patient and the recording, by its lower-case key.
_FACTS = {
    "name": "Name", "patient": "Patient", "patient_id": "Patient", "id": "Patient", "age": "Age", "sex": "Sex",
    "gender": "Sex", "date": "Recorded", "time": "at", "recorded": "Recorded", "device": "Device",
}  # fmt: skip


class Bar(TypedDict):
    """A label as a bar: its width and the mark of its threshold in per cent, as text."""

    title: str
    predicted: bool
    width: str
    mark: str
    value: str


class Measurement(TypedDict):
    """A feature with its unit, and whether it lies outside of the usual range."""

    name: str
    title: str
    value: str
    usual: str
    outside: bool
    known: bool


class LeadColumn(TypedDict):
    """A lead in the table of leads; `bad` names the rows that stand out."""

    name: str
    printed: str
    confidence: str
    spread: str
    st: str
    state: str
    bad: set[str]


def report_html(
    title: str,
    record: Recording,
    diagnosis: Diagnosis,
    picture: Path | None = None,
    explained: Sequence[Explanation] = (),
    page: str = "",
    source: str = "",
) -> str:
    """The report as text: nothing in it points outside of it.

    `picture` is the scan with the traces drawn over it, `page` its layout and scales in a line, `source` the file.
    """
    folder = Path(__file__).parent
    pages = Environment(loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return pages.get_template("report.html").render(
        title=title,
        facts=[*facts(record), *((what, text) for what, text in (("Page", page), ("File", source)) if text)],
        verdict=verdict(diagnosis),
        warnings=diagnosis.warnings,
        groups=[(_GROUP_TITLES.get(group, group), labels) for group, labels in _groups(diagnosis)],
        measurements=measurements(diagnosis.features),
        sheet=Markup(sheet_svg(record)),
        explained=[_explained(one) for one in explained],
        picture=_of_file(picture) if picture else "",
        over_time=_over_time(diagnosis),
        leads=[_lead(lead, diagnosis.features) for lead in diagnosis.leads],
        lead_rows=_lead_rows(diagnosis),
        weights=diagnosis.weights,
    )


def facts(record: Recording) -> Iterator[tuple[str, str]]:
    """(title, value) of what is known of the patient and the recording."""
    for key, value in record.meta.items():
        known = str(value).strip()
        if key.lower() in _FACTS and known.lower() not in ("", "nan", "unknown", "none"):
            yield _FACTS[key.lower()], known
    yield "Signal", f"{record.duration_s:.1f} s at {record.fs_hz:g} Hz"


def measurements(found: Mapping[str, float]) -> list[Measurement]:
    """The features that a person is shown, in order."""
    return [_measurement(_INFO[name], found) for name in _MEASURED]


def _over_time(diagnosis: Diagnosis) -> list[tuple[str, str, str]]:
    """(title, windows, times) of every label that some windows of a long recording have."""
    rows = []
    for label in diagnosis.labels:
        own = [e for e in diagnosis.episodes if (e.group, e.name) == (label.group, label.name)]
        if own:
            count = sum(episode.windows for episode in own)
            rows.append((label.title, f"{count} of {len(diagnosis.windows)}", times(own)))
    return rows


def _groups(diagnosis: Diagnosis) -> Iterator[tuple[str, list[Bar]]]:
    for group, labels in groupby(diagnosis.labels, key=lambda label: label.group):
        yield group, [_bar(label) for label in labels]


def _bar(label: Label) -> Bar:
    known = label.probability == label.probability
    return {
        "title": label.title,
        "predicted": label.predicted,
        "width": f"{100 * label.probability:.1f}" if known else "0",
        "mark": f"{100 * label.threshold:.1f}" if label.threshold == label.threshold else "",
        "value": _percent(label.probability),
    }


def _measurement(info: FeatureInfo, found: Mapping[str, float]) -> Measurement:
    value = found.get(info.name, float("nan"))
    known, (low, high) = value == value, info.normal or (float("-inf"), float("inf"))
    return {
        "name": info.name,
        "title": info.title,
        "value": f"{_short(value)} {info.unit}".strip() if known else "not measurable",
        "usual": f"{low:g} to {high:g} {info.unit}".strip(),
        "outside": known and not low <= value <= high,
        "known": known,
    }


def _explained(one: Explanation) -> dict[str, str]:
    return {
        "title": one.label.title,
        "value": _percent(one.label.probability),
        "leads": ", ".join(lead for lead, value in one.strongest_leads() if value > 0) or "no single lead",
        "picture": _data_uri(png(draw(one)), "png"),
    }


def _lead(lead: LeadQuality, found: Mapping[str, float]) -> LeadColumn:
    """A column of the table of leads: text by row, and which rows stand out."""
    st = _measurement(_INFO[f"st_{lead.lead}_mv"], found)
    return {
        "name": lead.lead,
        "printed": f"{lead.printed_s:.1f}",
        "confidence": _percent(lead.confidence),
        "spread": "-" if lead.spread_mv != lead.spread_mv else f"{lead.spread_mv:.2f}",
        "st": st["value"].removesuffix(" mV") if st["known"] else "-",
        "state": lead.trouble or "yes",
        "bad": {name for name, holds in (("state", bool(lead.trouble)), ("st", st["outside"])) if holds},
    }


def _lead_rows(diagnosis: Diagnosis) -> list[tuple[str, str]]:
    rows = [("ST at J + 60 ms, mV", "st"), ("spread, mV", "spread"), ("printed, s", "printed")]
    if any(lead.confidence == lead.confidence for lead in diagnosis.leads):
        rows.append(("confidence", "confidence"))
    return [*rows, ("used", "state")]


def _of_file(path: Path) -> str:
    """The picture as JPEG of a width that suits a screen."""
    with Image.open(path) as image:
        small = image.convert("RGB")
        small.thumbnail((_PICTURE_WIDTH_PX, _PICTURE_WIDTH_PX))
        data = io.BytesIO()
        small.save(data, "JPEG", quality=82)
    return _data_uri(data.getvalue(), "jpeg")


def _data_uri(data: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"


def _percent(part: float) -> str:
    return f"{100 * part:.0f} %" if part == part else "-"


def _short(value: float) -> str:
    """Whole numbers from ten on, else two digits after the point."""
    return f"{value:.0f}" if abs(value) >= 10 else f"{round(value, 2) + 0.0:.2f}"  # + 0.0: no minus before a zero
