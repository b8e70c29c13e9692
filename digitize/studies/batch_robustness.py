"""A long batch with broken files in it: every page must be read, every broken file named, and memory stay flat."""

from __future__ import annotations

import argparse
import io
import json
import resource
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypedDict

import numpy as np
from PIL import Image

from digitize import engines
from digitize.engines import Digitize, ask
from digitize.grid.corners import Corners
from digitize.inference import PageResult, infer
from digitize.stages import PageHints
from ecg.cli import add_device, add_engine, add_output, command_parser, entry
from ecg.files import write_text
from ecg.layout import Template
from ecg.page import Page
from ecg.reading import Reading

_MEMORY_READINGS = 8
# Neither key fits the empty password, so a reader must ask for one.
LOCKED_PDF = (
    b"%PDF-1.4\n"
    b"1 0 obj <</Type /Catalog /Pages 2 0 R>> endobj\n"
    b"2 0 obj <</Type /Pages /Kids [3 0 R] /Count 1>> endobj\n"
    b"3 0 obj <</Type /Page /Parent 2 0 R /MediaBox [0 0 200 200]>> endobj\n"
    b"4 0 obj <</Filter /Standard /V 1 /R 2 /P -4 /O <" + b"ab" * 32 + b"> /U <" + b"cd" * 32 + b">>> endobj\n"
    b"trailer <</Root 1 0 R /Encrypt 4 0 R /ID [<00> <00>] /Size 5>>\n%%EOF\n"
)


class RobustnessReport(TypedDict):
    """Files counted, the pages that were lost, the broken files that were named and those that were read all the same.

    `memory_mb` is by pages read.
    """

    files: int
    read: int
    lost: dict[str, str]
    named: dict[str, str]
    read_though_broken: list[str]
    memory_mb: dict[int, float]
    seconds_per_file: float


def read_batch(
    count: int = 200,
    output: str | Path = Path("out/batch_robustness"),
    *,
    preset: str = "clean",
    seed: int = 1,
    device: str = "cpu",
    engine: str = "torch",
    digitizer: Digitize | None = None,
) -> RobustnessReport:
    """Draw `count` files, ten of them broken, read them all and write batch_robustness.json.

    Three of the good pages are CMYK, 16 bits deep and animated. Raises ValueError for too small a count.
    """
    if count < len(BROKEN) + len(_UNUSUAL):
        raise ValueError(f"count must be at least {len(BROKEN) + len(_UNUSUAL)} files, got {count}")
    log = MemoryLog(digitizer or engines.load_digitizer(device, engine), count)
    pages = Path(output) / "pages"
    good = draw_batch(pages, count - len(BROKEN), preset, seed)
    start = time.perf_counter()
    results = infer([pages], Path(output) / "read", digitizer=log)
    report = _report(results, good, log, time.perf_counter() - start)
    write_text(Path(output) / "batch_robustness.json", json.dumps(report, indent=1))
    return report


class MemoryLog:
    """A digitizer that notes the memory in use as it goes, MB by pages read."""

    def __init__(self, digitize: Digitize, count: int) -> None:
        self._digitize, self._every = digitize, max(1, count // _MEMORY_READINGS)
        self._pages = 0
        self.memory_mb: dict[int, float] = {}

    def __call__(
        self,
        page: Page,
        layout: Template | None,
        mm_per_s: float | None,
        mm_per_mv: float | None,
        corners_px: Corners | None = None,
    ) -> Reading:
        try:
            return ask(self._digitize, page, PageHints(layout, mm_per_s, mm_per_mv, corners_px))
        finally:
            self._pages += 1
            if self._pages % self._every == 0:
                self.memory_mb[self._pages] = round(memory_mb())


def memory_mb() -> float:
    """What this process holds now; where the system does not say, the most it has held."""
    status = Path("/proc/self/statm")
    if status.is_file():
        return int(status.read_text().split()[1]) * resource.getpagesize() / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10


def _report(results: Sequence[PageResult], good: set[str], log: MemoryLog, seconds: float) -> RobustnessReport:
    errors = {result.name: result.error for result in results if result.error}
    return RobustnessReport(
        files=len(results),
        read=len(results) - len(errors),
        lost={name: error for name, error in errors.items() if name in good},
        named={name: error for name, error in errors.items() if name not in good},
        read_though_broken=[result.name for result in results if not result.error and result.name not in good],
        memory_mb=log.memory_mb,
        seconds_per_file=round(seconds / len(results), 2),
    )


def draw_batch(folder: Path, pages: int, preset: str, seed: int) -> set[str]:
    """Draw so many pages of synthetic hearts and the broken files into a folder; gives the names of the pages."""
    from simulate.heart import synthetic_record
    from simulate.scene import Scene

    folder.mkdir(parents=True, exist_ok=True)
    names = []
    for i in range(pages):
        page, _ = Scene.sample(seed + i, preset, layout="3x4+1").render(synthetic_record(seed + i))
        name, save = list(_UNUSUAL.items())[i] if i < len(_UNUSUAL) else (f"page-{i:03}", _png)
        save(Image.fromarray(page.pixels), folder / name)
        names.append(name)
    whole = io.BytesIO()
    Image.fromarray(page.pixels).save(whole, "PNG")
    for name, spoil in BROKEN.items():
        spoil(folder / f"broken-{name}", whole.getvalue())
    return set(names)


def _png(picture: Image.Image, path: Path) -> None:
    picture.save(path.with_suffix(".png"))


def _cmyk(picture: Image.Image, path: Path) -> None:
    picture.convert("CMYK").save(path.with_suffix(".jpg"), quality=92)


def _sixteen_bits(picture: Image.Image, path: Path) -> None:
    Image.fromarray(np.asarray(picture.convert("L")).astype(np.uint16) * 257).save(path.with_suffix(".png"))


def _animated(picture: Image.Image, path: Path) -> None:
    blank = Image.new("RGB", picture.size, "white")
    picture.save(path.with_suffix(".png"), save_all=True, append_images=[blank])


def _landscape() -> Image.Image:
    """Hills under a sky: a picture that is no ECG."""
    x, y = np.linspace(0, 1, 1200), np.linspace(0, 1, 800)[:, None]
    hills = y > 0.55 + 0.1 * np.sin(7 * x) + 0.04 * np.sin(23 * x + 1)
    sky, grass = np.array([150, 190, 240]) * (1 - 0.4 * y[..., None]), np.array([70, 120, 50])
    return Image.fromarray(np.where(hills[..., None], grass, sky).astype(np.uint8))


_UNUSUAL: Mapping[str, Callable[[Image.Image, Path], None]] = {
    "cmyk": _cmyk,
    "sixteen-bits": _sixteen_bits,
    "animated": _animated,
}
# Each writes a file that is no page, from the bytes of one that is.
BROKEN: Mapping[str, Callable[[Path, bytes], object]] = {
    "truncated": lambda path, whole: path.with_suffix(".png").write_bytes(whole[: len(whole) // 3]),
    "empty": lambda path, _: path.with_suffix(".png").write_bytes(b""),
    "speck": lambda path, _: _png(Image.new("RGB", (1, 1)), path),
    "huge": lambda path, _: _png(Image.new("1", (20_000, 20_000), 1), path),
    "text": lambda path, _: path.with_suffix(".png").write_text("time_s,I,II\n0,0,0\n"),
    "locked": lambda path, _: path.with_suffix(".pdf").write_bytes(LOCKED_PDF),
    "no-ecg": lambda path, _: _png(_landscape(), path),
    "cmyk-no-ecg": lambda path, _: _cmyk(_landscape(), path),
    "sixteen-bits-no-ecg": lambda path, _: _sixteen_bits(_landscape(), path),
    "animated-no-ecg": lambda path, _: _animated(_landscape(), path),
}


def parser() -> argparse.ArgumentParser:
    made = command_parser("digitize.studies.batch_robustness")
    made.add_argument("--count", type=int, default=200, help="files in all, ten of them broken (default: 200)")
    made.add_argument("--preset", default="clean", help="how the pages are drawn (default: clean)")
    made.add_argument("--seed", type=int, default=1, help="of the pages (default: 1)")
    add_output(made, "out/batch_robustness", "folder for pages and results")
    add_device(made)
    add_engine(made)
    return made


@entry(parser)
def main(options: argparse.Namespace) -> int:
    """0 when all pages were read and all broken files named, 1 when not, 2 for a wrong command."""
    report = read_batch(**vars(options))
    print(json.dumps(report, indent=1))
    return int(bool(report["lost"] or report["read_though_broken"]))


if __name__ == "__main__":
    sys.exit(main())
