"""The report: one self-contained HTML page for a screen or a printer."""

from __future__ import annotations

import base64
import io
from html import escape
from itertools import groupby
from pathlib import Path

from classify.diagnosis import Diagnosis, Label
from classify.features import FEATURES
from classify.strip import strip_svg
from ecg.record import Record

_GROUP_TITLES = {"superclass": "Findings", "rhythm": "Rhythm"}
_PICTURE_WIDTH_PX = 1600

_STYLE = """
:root { --ink: #1d2433; --soft: #667085; --line: #e4e7ec; --accent: #b4324a; --calm: #98a2b3; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1080px; padding: 32px 28px 48px; color: var(--ink); background: #fff;
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
header { display: flex; justify-content: space-between; align-items: baseline; border-bottom: 2px solid var(--ink); }
h1 { font-size: 24px; margin: 0 0 8px; letter-spacing: -0.01em; overflow-wrap: anywhere; }
h2 { font-size: 13px; text-transform: uppercase; letter-spacing: 0.08em; color: var(--soft); margin: 30px 0 10px; }
.device { color: var(--accent); font-weight: 600; white-space: nowrap; }
.verdict { font-size: 20px; margin: 20px 0 0; }
.columns { display: grid; grid-template-columns: 1fr 1fr; gap: 0 40px; }
.bar { display: grid; grid-template-columns: 11.5em 1fr 3.4em; gap: 10px; align-items: center; margin: 6px 0; }
.bar .track { position: relative; height: 10px; background: #f2f4f7; border-radius: 5px; }
.bar .fill { position: absolute; inset: 0 auto 0 0; background: var(--calm); border-radius: 5px; }
.bar.on .fill { background: var(--accent); }
.bar.on .name { font-weight: 600; }
.bar .mark { position: absolute; top: -3px; bottom: -3px; width: 2px; background: var(--ink); }
.bar .value { text-align: right; font-variant-numeric: tabular-nums; }
table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; padding: 5px 8px 5px 0; border-bottom: 1px solid var(--line); font-weight: 400; }
th { color: var(--soft); } td.number { text-align: right; font-variant-numeric: tabular-nums; }
.outside { color: var(--accent); font-weight: 600; }
ul { margin: 0; padding-left: 18px; } li { margin: 3px 0; }
img, svg { width: 100%; height: auto; display: block; border: 1px solid var(--line); border-radius: 4px; }
footer { margin-top: 34px; padding-top: 10px; color: var(--soft); font-size: 12.5px;
  border-top: 1px solid var(--line); }
@media (max-width: 720px) { .columns { grid-template-columns: 1fr; } }
@media print { body { padding: 0; max-width: none; font-size: 11pt; } figure, .columns > div { break-inside: avoid; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
figure { margin: 0; }
"""


def report_html(title: str, record: Record, diagnosis: Diagnosis, picture: Path | None = None) -> str:
    """The page as text: nothing in it points outside of it. `picture` is the scan with the traces drawn over it."""
    parts = [
        f"<header><h1>{escape(title)}</h1><span class='device'>Not a medical device.</span></header>",
        f"<p class='verdict'>{escape(verdict(diagnosis))}</p>",
        _warnings(diagnosis),
        "<div class='columns'>",
        *(_probabilities(group, labels) for group, labels in _by_group(diagnosis)),
        "</div>",
        _features(diagnosis),
        _picture(picture) if picture else "",
        f"<h2>Signal</h2><figure>{strip_svg(record)}</figure>",
        _footer(diagnosis),
    ]
    body = "\n".join(part for part in parts if part)
    return (
        "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<title>{escape(title)} - ECG report</title><style>{_STYLE}</style></head>\n<body>\n{body}\n</body></html>\n"
    )


def verdict(diagnosis: Diagnosis) -> str:
    """The predicted labels in one line of words."""
    if diagnosis.abstained:
        return "No diagnosis: the signal does not carry enough evidence."
    named = [label.title for label in diagnosis.predicted]
    return ", ".join(named) if named else "No label reaches its threshold."


def _by_group(diagnosis: Diagnosis) -> list[tuple[str, list[Label]]]:
    return [(group, list(labels)) for group, labels in groupby(diagnosis.labels, key=lambda label: label.group)]


def _probabilities(group: str, labels: list[Label]) -> str:
    rows = "\n".join(_bar(label) for label in labels)
    return f"<div><h2>{escape(_GROUP_TITLES.get(group, group))}</h2>\n{rows}</div>"


def _bar(label: Label) -> str:
    known = label.probability == label.probability
    width, shown = (100 * label.probability, f"{100 * label.probability:.0f} %") if known else (0.0, "-")
    return (
        f"<div class='bar{' on' if label.predicted else ''}' title='threshold {100 * label.threshold:.0f} %'>"
        f"<span class='name'>{escape(label.title)}</span><span class='track'>"
        f"<span class='fill' style='width:{width:.1f}%'></span>"
        f"<span class='mark' style='left:{100 * label.threshold:.1f}%'></span></span>"
        f"<span class='value'>{shown}</span></div>"
    )


def _features(diagnosis: Diagnosis) -> str:
    rows = []
    for info in FEATURES:
        value = diagnosis.features.get(info.name, float("nan"))
        usual = "" if info.normal is None else f"{info.normal[0]:g} to {info.normal[1]:g} {info.unit}"
        outside = info.normal is not None and value == value and not info.normal[0] <= value <= info.normal[1]
        shown = "not measurable" if value != value else f"{value:.3g} {info.unit}"
        mark = " outside" if outside else ""
        rows.append(f"<tr><td>{info.title}</td><td class='number{mark}'>{shown}</td><td>{usual}</td></tr>")
    head = "<tr><th>Measurement</th><th></th><th>Usual in adults at rest</th></tr>"
    return f"<h2>Measurements</h2><table>{head}{''.join(rows)}</table>"


def _warnings(diagnosis: Diagnosis) -> str:
    if not diagnosis.warnings:
        return ""
    return "<h2>Warnings</h2><ul>" + "".join(f"<li>{escape(text)}</li>" for text in diagnosis.warnings) + "</ul>"


def _picture(path: Path) -> str:
    """The picture inside the page, as JPEG of a width that suits a screen."""
    from PIL import Image

    with Image.open(path) as image:
        small = image.convert("RGB")
        small.thumbnail((_PICTURE_WIDTH_PX, _PICTURE_WIDTH_PX))
        data = io.BytesIO()
        small.save(data, "JPEG", quality=82)
    text = base64.b64encode(data.getvalue()).decode("ascii")
    return f"<h2>Page and what was read</h2><figure><img alt='page' src='data:image/jpeg;base64,{text}'></figure>"


def _footer(diagnosis: Diagnosis) -> str:
    leads = ", ".join(diagnosis.leads_used) or "none"
    return (
        f"<footer>Weights {escape(diagnosis.weights)}. Leads used: {escape(leads)}. A bar turns red where the "
        "probability reaches the label's threshold (dark mark). Not a medical device: no substitute for a physician's "
        "reading.</footer>"
    )
