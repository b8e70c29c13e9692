"""Pages in the forms in which other simulators leave them, made of pages that ours drew."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np

from digitize.evaluation.ground_truth import as_printed
from digitize.training.page_files import load_page
from ecg.formats import write
from ecg.leads import STANDARD
from ecg.reading import Reading


def by_id(folder: Path, pages: Path, fs_hz: float = 250.0, images: int = 2) -> Path:
    """`train/ID/ID-0001.png ...` with `train/ID/ID.csv` that has no times, and `train.csv` with `id,fs,sig_len`."""
    rows = ["id,fs,sig_len"]
    for number, picture in enumerate(sorted(pages.glob("*.png"))):
        name = str(1006427285 + number)
        (folder / "train" / name).mkdir(parents=True)
        for image in range(images):
            shutil.copy(picture, folder / "train" / name / f"{name}-{2 * image + 1:04d}.png")
        reading = truth_of(picture)
        record = as_printed(reading.record, reading.layout.boxes).resample(fs_hz)
        cells = [["" if v != v else f"{v:.4f}" for v in row] for row in record.signal_mv.T.tolist()]
        text = "\n".join(",".join(row) for row in [list(STANDARD), *cells])
        (folder / "train" / name / f"{name}.csv").write_text(text + "\n")
        rows.append(f"{name},{fs_hz:g},{record.samples}")
    (folder / "train.csv").write_text("\n".join(rows) + "\n")
    return folder / "train"


def kit(folder: Path, pages: Path) -> Path:
    """ecg-image-kit: `NAME-0.png`, its JSON with the plotted pixels of every lead, and the WFDB record NAME."""
    folder.mkdir(parents=True)
    for picture in sorted(pages.glob("*.png")):
        name = picture.stem.replace("-", "_")
        reading = truth_of(picture)
        shutil.copy(picture, folder / f"{name}-0.png")
        write(reading.record, folder / f"{name}.hea")
        leads = [_kit_lead(reading, index) for index in range(len(reading.traces))]
        width, height = reading.page.size_px
        facts = {"width": width, "height": height, "sampling_frequency": reading.record.fs_hz, "leads": leads}
        (folder / f"{name}-0.json").write_text(json.dumps(facts))
    return folder


def _kit_lead(reading: Reading, index: int) -> dict[str, object]:
    box, trace, fs_hz = reading.layout.boxes[index], reading.traces[index], reading.record.fs_hz
    first, last = round(box.t0_s * fs_hz), round(box.t1_s * fs_hz)
    time_s, _ = trace.to_signal(reading.geometry, reading.layout, box)
    wanted = np.arange(first, last) / fs_hz
    seen = np.isfinite(trace.y_px)
    x, y = (np.interp(wanted, time_s[seen], values[seen]) for values in (trace.x_px, trace.y_px))
    pixels = np.round(np.stack([y, x], axis=1), 1).tolist()
    return {"lead_name": box.lead, "start_sample": first, "end_sample": last, "plotted_pixels": pixels}


def truth_of(picture: Path) -> Reading:
    return load_page(picture, picture.with_suffix(".csv"))[1]
