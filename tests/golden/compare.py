"""Are two checkouts equal, float for float? `python tests/golden/compare.py --before CHECKOUT --output FOLDER`.

Reads 40 pages (clean, worn, photographed, drawn by a machine, as PDF, simulated, and some that are refused) and
diagnoses those and 26 recordings, once with each checkout, on this machine and in one run. Prints every difference.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve()
# How many files of each folder of ECG_DATA are read.
PAGES = {
    "pages/ludb_renders": 8,
    "pages/kit_clean": 4,
    "pages/kit_mild": 4,
    "pages/kit_moderate": 4,
    "pages/kit_layouts": 4,
    "pages/photos": 2,
    "pages/machine": 3,
    "pages/ptbxl_pdf": 3,
    "pages/real": 3,
    "pages/ge": 1,
}
RECORDS = {"ludb/orig/data": 8, "ptbxl/records500": 12, "cinc_mix": 6}
PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".pdf")
SIMULATED = ((910001, "clean"), (910002, "scan"), (910003, "photo"))


def spread(files: list[Path], count: int) -> list[Path]:
    """`count` files at equal distances through the sorted list; there must be some."""
    if not files:
        raise FileNotFoundError("a folder of real pages or recordings is empty: see PAGES and RECORDS")
    return [files[round(i)] for i in np.linspace(0, len(files) - 1, min(count, len(files)))]


def choose(data: Path, scratch: Path) -> dict[str, list[str]]:
    """The job: real pages and recordings, drawn pages, and pictures that are refused."""
    pages = [
        path
        for folder, count in PAGES.items()
        for path in spread(sorted(p for p in (data / folder).iterdir() if p.suffix.lower() in PICTURES), count)
    ]
    records = [
        path for folder, count in RECORDS.items() for path in spread(sorted((data / folder).rglob("*.hea")), count)
    ]
    pages += sorted(scratch.glob("drawn-*.png"))
    return {"pages": [str(path) for path in pages], "records": [str(path) for path in records]}


def draw_inputs(scratch: Path) -> None:
    """Two pictures that must be refused, and simulated pages if they can be drawn."""
    import cv2

    generator = np.random.default_rng(7)
    cv2.imwrite(str(scratch / "drawn-blank.png"), np.full((900, 1200, 3), 250, np.uint8))
    cv2.imwrite(str(scratch / "drawn-noise.png"), generator.integers(0, 255, (700, 900, 3)).astype(np.uint8))
    from simulate import Scene
    from simulate.heart import synthetic_record

    for seed, preset in SIMULATED:
        page, _ = Scene.sample(seed, preset).render(synthetic_record(seed))
        cv2.imwrite(str(scratch / f"drawn-{seed}.png"), page.pixels[..., ::-1])


def run(checkout: Path, job: Path, output: Path) -> dict[str, np.ndarray]:
    """The numbers of one checkout."""
    environment = os.environ | {"PYTHONPATH": str(checkout)}
    command = [sys.executable, str(HERE.with_name("dump.py")), str(job), str(output)]
    subprocess.run(command, cwd=checkout, env=environment, check=True)
    with np.load(output) as numbers:
        return dict(numbers)


def differences(before: dict[str, np.ndarray], after: dict[str, np.ndarray]) -> list[str]:
    """A line for every number that is missing, new or different."""
    lines = [f"only in one: {key}" for key in sorted(before.keys() ^ after.keys())]
    for key in sorted(before.keys() & after.keys()):
        one, other = before[key], after[key]
        if one.shape != other.shape or one.dtype != other.dtype:
            lines.append(f"{key}: {one.dtype} {one.shape} before, {other.dtype} {other.shape} after")
        elif not np.array_equal(one, other, equal_nan=one.dtype.kind == "f"):
            far = f", at most {np.nanmax(np.abs(one - other)):g}" if one.dtype.kind == "f" else f": {one} | {other}"
            lines.append(f"{key}: different{far}")
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(prog="python tests/golden/compare.py", description=__doc__)
    parser.add_argument("--before", type=Path, required=True, help="a checkout of the commit before")
    parser.add_argument("--after", type=Path, default=HERE.parents[2], help="default: this checkout")
    parser.add_argument("--data", type=Path, default=os.environ.get("ECG_DATA"), help="default: $ECG_DATA")
    parser.add_argument("--output", type=Path, required=True, help="a folder for inputs and numbers; kept")
    parser.add_argument("--keep_before", action="store_true", help="use the numbers of --before that are there")
    options = parser.parse_args()
    if options.data is None:
        parser.error("--data or ECG_DATA must name a folder of real recordings")
    scratch = options.output.resolve()
    scratch.mkdir(parents=True, exist_ok=True)
    if not (scratch / "job.json").exists():
        draw_inputs(scratch)
        (scratch / "job.json").write_text(json.dumps(choose(options.data.resolve(), scratch), indent=1))
    job, kept = scratch / "job.json", scratch / "before.npz"
    before = dict(np.load(kept)) if options.keep_before and kept.exists() else run(options.before.resolve(), job, kept)
    after = run(options.after.resolve(), job, scratch / "after.npz")
    lines = differences(before, after)
    print("\n".join(lines))
    refused = sum(key.endswith("/refused") for key in before)
    diagnosed = sum(key.endswith("/probabilities") for key in before)
    readings = sum(key.endswith("/signal_mv") for key in before)
    print(f"{readings} readings, {refused} refusals, {diagnosed} diagnoses: {len(lines)} differences")
    return int(bool(lines))


if __name__ == "__main__":
    sys.exit(main())
