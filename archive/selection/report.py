"""What an archive holds, as one self-contained HTML page: counts, confidence, the slowest pages and the worst."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from PIL import Image

from archive.row import FAILED, READ, REFUSED
from archive.selection.rows import records, without_signals
from archive.sources.fetch import Fetcher
from archive.storage import manifest
from archive.storage.store import Store
from classify.report.ecg_svg import sheet_svg
from digitize.page.open import iter_pages
from ecg.files import InputError, write_text

_WIDTH_PX, _QUALITY = 900, 70
_SLOWEST, _CODES = 10, 15
_EDGES = np.linspace(0, 1, 11)


@dataclass(frozen=True)
class Bar:
    """A line of a table: what is counted, how many, and their share of all in per cent."""

    name: str
    count: int
    share: float


@dataclass(frozen=True)
class WorstPage:
    """A page that was read with little confidence: its picture as a data URL, "" where it cannot be opened."""

    id: str
    facts: str
    picture: str
    signal: Markup


def write_report(archive: str, output: str | Path, worst: int = 10) -> None:
    """Write the report of an archive. Raises InputError where there is none, ValueError for a negative `worst`."""
    if worst < 0:
        raise ValueError(f"--worst must be 0 or more, got {worst}")
    store = Store(archive)
    found = manifest.load(store)
    rows = without_signals(found, store)
    pages = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    text = pages.get_template("report.html").render(
        place=store.place,
        source=found.source,
        total=len(found.pages),
        present=len(rows),
        seconds=float(rows["seconds"].sum()),
        tables=tables(rows),
        slowest=rows.nlargest(_SLOWEST, "seconds")[["id", "seconds", "status", "code"]].to_dict("records"),
        worst=list(_worst(store, rows, worst)),
    )
    write_text(output, text)


def tables(rows: pd.DataFrame) -> dict[str, list[Bar]]:
    """Counts by title: of statuses, reasons, layouts, confidences and the codes of notes."""
    read = rows[rows["status"] == READ]
    reasons = rows.loc[rows["status"] != READ, "code"]
    notes = read["codes"].explode().dropna()
    parts = pd.cut(
        read["confidence"], _EDGES, include_lowest=True, labels=[f"{a:.1f} to {a + 0.1:.1f}" for a in _EDGES[:-1]]
    )
    return {
        "Status": [_bar(name, int((rows["status"] == name).sum()), len(rows)) for name in (READ, REFUSED, FAILED)],
        "Why a page was not read": _bars(reasons, len(rows)),
        "Layout": _bars(read["layout"], len(read)),
        "Confidence, mean over the leads": [
            _bar(str(k), int(n), len(read)) for k, n in parts.value_counts(sort=False).items()
        ],
        "Notes": _bars(notes, len(read))[:_CODES],
    }


def _bars(values: pd.Series, total: int) -> list[Bar]:
    return [_bar(str(name), int(count), total) for name, count in values.value_counts().items()]


def _bar(name: str, count: int, total: int) -> Bar:
    return Bar(name, count, 100 * count / max(1, total))


def _worst(store: Store, rows: pd.DataFrame, count: int) -> Iterator[WorstPage]:
    """The pages that were read with the least confidence, the worst first."""
    chosen = rows[rows["status"] == READ].nsmallest(count, "confidence")
    signals = {name: Markup(sheet_svg(record)) for name, record in records(store, chosen)}
    with Fetcher() as fetch:
        for row in chosen.to_dict("records"):
            facts = ", ".join([f"confidence {row['confidence']:.2f}", row["layout"], *row["codes"]])
            yield WorstPage(row["id"], facts, _picture(fetch, row["uri"], row["page"]), signals[row["id"]])


def _picture(fetch: Fetcher, uri: str, number: int) -> str:
    try:
        page = next((page for page in iter_pages(fetch(uri)) if page.index == number), None)
    except (InputError, OSError):  # it was moved since it was read
        return ""
    if page is None:
        return ""
    picture = Image.fromarray(page.pixels)
    picture.thumbnail((_WIDTH_PX, _WIDTH_PX))
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=_QUALITY)
    return f"data:image/jpeg;base64,{base64.b64encode(data.getvalue()).decode()}"
