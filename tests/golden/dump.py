"""Read pages and diagnose recordings with the checkout on PYTHONPATH; every number goes into one .npz file.

Run by `compare.py` for two checkouts; it uses only their public face, so it can also run an older one.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np


def reading_numbers(reading: Any) -> dict[str, Any]:
    """All that a reading says, as arrays and texts."""
    boxes = [(b.lead, b.t0_s, b.t1_s, *b.box_mm, b.baseline_mm, b.gain) for b in reading.layout.boxes]
    x0, y0, x1, y1 = reading.layout.extent_mm
    grid_mm = np.stack(np.meshgrid(np.linspace(x0, x1, 9), np.linspace(y0, y1, 7)), -1)
    notes = getattr(reading, "warnings", None)
    return {
        "signal_mv": reading.record.signal_mv,
        "grid_px": reading.geometry.to_px(grid_mm),
        "confidence": np.concatenate([trace.confidence for trace in reading.traces]),
        "leads": json.dumps(list(reading.record.leads)),
        "layout": json.dumps([reading.layout.mm_per_s, reading.layout.mm_per_mv, boxes]),
        "notes": json.dumps(list(notes if notes is not None else (note.text for note in reading.notes))),
    }


def dump(job: dict[str, Any], output: Path) -> None:
    """Read `job["pages"]`, diagnose these and `job["records"]`, and write the numbers by file name."""
    from classify import Classifier
    from digitize import Digitizer, open_pages
    from ecg.formats import read

    digitizer, classifier = Digitizer.load(), Classifier.load()
    numbers: dict[str, Any] = {}
    for path in job["pages"]:
        try:
            for index, page in enumerate(open_pages(path)):
                reading = digitizer(page)
                for key, value in reading_numbers(reading).items():
                    numbers[f"{path}#{index}/{key}"] = np.asarray(value)
                numbers |= _diagnosis(classifier, reading.record, f"{path}#{index}")
        except (ValueError, OSError) as refusal:
            numbers[f"{path}/refused"] = np.asarray(f"{type(refusal).__name__}: {refusal}")
        print(path, file=sys.stderr, flush=True)
    for path in job["records"]:
        found = read(path)
        numbers |= _diagnosis(classifier, found[0] if isinstance(found, list) else found, path)
    np.savez_compressed(output, **numbers)


def _diagnosis(classifier: Any, record: Any, key: str) -> dict[str, np.ndarray]:
    try:
        found = classifier(record)
    except ValueError as refusal:
        return {f"{key}/no_diagnosis": np.asarray(str(refusal))}
    return {
        f"{key}/probabilities": np.array([label.probability for label in found.labels]),
        f"{key}/diagnosis": np.asarray(json.dumps(found.to_dict(), sort_keys=True, default=str)),
    }


if __name__ == "__main__":
    dump(json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2]))
