"""What is known about the pages that measure the digitizer: the signal as printed, and for our own pages the layout."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from digitize.page.open import DRAWN_SUFFIX
from ecg import formats
from ecg.geometry import PageGeometry
from ecg.layout import Layout, LeadBox, Template
from ecg.record import Record

_BESIDE = (".truth.csv", ".csv", ".hea")  # the first that is there holds the signal of a page


@dataclass(frozen=True, eq=False)
class Truth:
    """The printed signal (NaN where nothing is printed); layout, geometry and kinds of a page from our simulator.

    Where only the template is known, `layout` has it at no certain place, speed and gain, and there is no geometry.
    """

    record: Record
    layout: Layout | None = None
    geometry: PageGeometry | None = None
    kinds: Mapping[str, str] = field(default_factory=dict)


def find_truth(page: Path, elsewhere: Mapping[str, Path] | None = None) -> Path | None:
    """The file with a page's signal: in `elsewhere` (see `index_folder`) or else beside the page; None without one."""
    if elsewhere is not None:
        return elsewhere.get(page.stem) or elsewhere.get(_key(page.stem))
    found = next((path for path in (page.with_suffix(s) for s in _BESIDE) if path.is_file()), None)
    if found and not found.name.endswith(_BESIDE[0]) and _has_overlay(page):
        raise ValueError(f"{found}: was written by infer (an overlay lies beside it) and is no truth; move it away")
    return found


def index_folder(folder: Path) -> dict[str, Path]:
    """The recordings of a folder (searched to the bottom) by name; for numbers leading zeros do not count."""
    index: dict[str, Path] = {}
    try:
        found = formats.find_records([folder])
    except FileNotFoundError as error:
        raise ValueError(str(error)) from error
    for path in found:
        key = _key(path.name.removesuffix(_BESIDE[0]).removesuffix(path.suffix))
        if key in index:
            raise ValueError(
                f"{folder}: two recordings are named {key} ({index[key]} and {path}); name a smaller folder"
            )
        index[key] = path
    return index


def load_truth(signal: Path, page: Path, printed: Template | None = None) -> Truth:
    """The signal cut down to what the page prints: by `printed`, or by the reading that our simulator left beside it.

    Raises ValueError for a whole recording of which nobody says what the page prints.
    """
    record = formats.read(signal)
    layout, geometry, kinds = _simulated(page) or (printed.place() if printed else None, None, {})
    boxes = printed.place().boxes if printed else layout.boxes if layout else ()
    is_whole = len(record.leads) == 12 and np.isfinite(record.signal_mv).all()
    if not boxes and is_whole and signal.parent != page.parent:
        raise ValueError(f"{signal}: holds all leads all the time; say what the pages print (such as --printed 3x4+1)")
    return Truth(as_printed(record, boxes) if boxes else record, layout, geometry, kinds)


def as_printed(record: Record, boxes: Iterable[LeadBox]) -> Record:
    """The record with NaN wherever no box shows it."""
    signal = np.full_like(record.signal_mv, np.nan)
    for box in boxes:
        lead = box.lead.removeprefix("-")
        if lead in record.leads:
            row = record.leads.index(lead)
            inside = (record.time_s >= box.t0_s - 1e-9) & (record.time_s < box.t1_s - 1e-9)
            signal[row, inside] = record.signal_mv[row, inside]
    return replace(record, signal_mv=signal)


def _simulated(page: Path) -> tuple[Layout, PageGeometry, dict[str, str]] | None:
    """Layout, geometry and kinds from the reading that our simulator left beside a page."""
    path = page.with_suffix(".json")
    if not path.is_file() or _has_overlay(page):
        return None
    data = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(data, dict) or not {"layout", "geometry"} <= set(data):
        return None
    layout = Layout.from_dict(data["layout"])
    scales = f"{layout.mm_per_s:g} mm/s {layout.mm_per_mv:g} mm/mV"
    kinds = {"preset": data.get("simulated", {}).get("preset"), "layout": layout.name, "scales": scales}
    return layout, PageGeometry.from_dict(data["geometry"]), {key: kind for key, kind in kinds.items() if kind}


def _has_overlay(page: Path) -> bool:
    """Whether infer wrote its results beside the page: then they must not pass for the truth."""
    return page.with_name(page.stem + DRAWN_SUFFIX).exists()


def _key(stem: str) -> str:
    return stem.lstrip("0") or "0" if stem.isdigit() else stem
