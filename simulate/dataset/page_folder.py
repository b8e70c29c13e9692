"""The folder of simulated pages: picture, truth and signal of every page, a manifest, and the options of the run."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2

from ecg.files import JsonMapping, JsonObject
from ecg.formats import atomic_path, write, write_text
from ecg.reading import Reading, SceneTruth

PICTURES = ("png", "jpg")
MANIFEST, SETTINGS = "manifest.csv", "settings.json"
_COLUMNS = (
    "stem", "index", "source", "start_s", "labels", "preset", "seed", "scene_seed", "difficulty",
    "layout", "mm_per_s", "mm_per_mv", "width_px", "height_px",
)  # fmt: skip
_LEFTOVER = re.compile(r"\.[0-9a-f]{12}\.(png|jpg|json|csv)")  # what a killed run was just writing

Row = JsonObject


@dataclass(frozen=True)
class PageFolder:
    """Where `<stem>.png` (or .jpg) with `<stem>.json` and where `<stem>.csv` are; it may be one folder."""

    pages: Path
    signals: Path
    picture: str = PICTURES[0]

    def files(self, stem: str) -> tuple[Path, Path, Path]:
        """Signal, truth and picture, in the order in which they are written: with the picture a page is complete."""
        return self.signals / f"{stem}.csv", self.pages / f"{stem}.json", self.pages / f"{stem}.{self.picture}"

    def holds(self, stem: str) -> bool:
        return all(path.is_file() for path in self.files(stem))

    def save(self, stem: str, reading: Reading) -> None:
        """Write a page; every file is there whole or not at all."""
        signal, truth, picture = self.files(stem)
        reading = replace(reading, page=replace(reading.page, source=picture.name))
        write(reading.record, signal)
        reading.save_json(truth)
        bgr = cv2.cvtColor(reading.page.pixels, cv2.COLOR_RGB2BGR)
        done, data = cv2.imencode(f".{self.picture}", bgr)  # PNG at its quickest, JPEG at quality 95
        if not done:
            raise OSError(f"{picture}: the picture could not be encoded")
        with atomic_path(picture) as temporary:
            temporary.write_bytes(data.tobytes())

    def claim(self, settings: JsonMapping) -> None:
        """Leave the settings in the folder, or refuse one made with others; clear away half-written files.

        Settings that led to no page bind nobody.
        """
        path = self.pages / SETTINGS
        if self.pages.is_file() or self.signals.is_file():
            raise ValueError(f"{self.pages}: is a file; expected a folder")
        before = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else dict(settings)
        differ = [f"{k} {before.get(k)!r}, now {v!r}" for k, v in settings.items() if before.get(k) != v]
        if differ and self._has_pages():
            raise ValueError(f"{self.pages}: was made with {'; '.join(differ)}. Say the same, or name another folder")
        write_text(path, json.dumps(settings, indent=1) + "\n")
        for place in {self.pages, self.signals}:
            for left in place.glob(".*") if place.is_dir() else ():
                if _LEFTOVER.fullmatch(left.name):
                    left.unlink()

    def _has_pages(self) -> bool:
        found = (path.name for place in (self.pages, self.signals) if place.is_dir() for path in place.iterdir())
        return any(name not in (MANIFEST, SETTINGS) and not name.startswith(".") for name in found)

    def rows(self, stems: Iterable[str]) -> list[Row]:
        """Of the pages that are there: from the manifest, or from the truth of `stems` that a killed run left."""
        path = self.pages / MANIFEST
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.is_file() else []
        listed = csv.DictReader(line for line in lines if line.endswith("\n"))  # the last one may be torn
        rows: dict[str, Row] = {row["stem"]: row for row in listed if self.holds(row["stem"])}
        for stem in stems:
            if stem not in rows:
                data = json.loads(self.files(stem)[1].read_text(encoding="utf-8"))
                rows[stem] = _row(stem, data["simulated"], data["layout"], data["size_px"])
        return list(rows.values())

    def write_manifest(self, rows: Iterable[Row]) -> None:
        in_order = sorted(rows, key=lambda row: int(row["index"]))
        write_text(self.pages / MANIFEST, ",".join(_COLUMNS) + "\n" + _lines(in_order))

    def add_to_manifest(self, row: Row) -> None:
        """One more line: a run that is killed leaves the pages that it drew in the manifest too."""
        with (self.pages / MANIFEST).open("a", encoding="utf-8") as file:
            file.write(_lines([row]))


def _lines(rows: Iterable[Row]) -> str:
    text = io.StringIO()
    csv.DictWriter(text, _COLUMNS, lineterminator="\n").writerows(rows)
    return text.getvalue()


def row_of(stem: str, reading: Reading) -> Row:
    """The manifest's row of a page."""
    drawn = reading.scene or SceneTruth()
    return _row(stem, drawn.simulated, reading.layout.to_dict(), reading.page.size_px)


def _row(stem: str, facts: JsonMapping, layout: JsonMapping, size_px: Sequence[int]) -> Row:
    scales = {"layout": layout["name"], "mm_per_s": layout["mm_per_s"], "mm_per_mv": layout["mm_per_mv"]}
    row = {**facts, **scales, "stem": stem, "labels": ";".join(facts["labels"])}
    row |= {"width_px": size_px[0], "height_px": size_px[1]}
    return {name: row[name] for name in _COLUMNS}
