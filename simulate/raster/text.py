"""Printed lettering: anti-aliased masks from TrueType fonts, and the invented words of ECG machines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from simulate.raster.vocabulary import BANDS, BOTH_GAINS, GAINS, LANGUAGES, MACHINES, SPEEDS, WARNINGS, Language

_BUNDLED = (
    "DejaVuSans", "STIXGeneral", "DejaVuSansMono", "DejaVuSans-Bold", "DejaVuSerif", "STIXGeneralBol", "cmtt10",
    "DejaVuSansMono-Bold", "STIXGeneralItalic", "cmss10", "DejaVuSans-Oblique", "DejaVuSerif-Bold", "cmr10",
)  # fmt: skip
_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "/Library/Fonts", "C:/Windows/Fonts")
_SAMPLE = "AEQRSTVaehmrstvz0123456789/"


@lru_cache(maxsize=1)
def font_files() -> tuple[Path, ...]:
    """Usable fonts: first those that come with matplotlib (the same on every machine), then what is installed here."""
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    bundled = [folder / f"{name}.ttf" for name in _BUNDLED]
    installed = sorted((p for root in _FOLDERS for p in Path(root).rglob("*.ttf")), key=lambda p: (p.name, str(p)))
    unique = {path.name: path for path in (*installed[::-1], *bundled)}
    extra = [path for path in installed if unique[path.name] == path]
    return tuple(path for path in (*bundled, *extra) if _covers(path, _SAMPLE))


@cache
def bundled_count() -> int:
    """How many of `font_files` come with matplotlib: indices below draw the same on every machine."""
    return sum(path.stem in _BUNDLED for path in font_files()[: len(_BUNDLED)])


@lru_cache(maxsize=512)
def text_mask(text: str, height_px: float, font_index: int) -> np.ndarray:
    """Ink coverage 0..255 of one line of text, uint8 [row, col], read-only.

    `height_px` is the height of a capital letter; `font_index` may be any integer >= 0 (taken modulo the fonts).
    Rows run from the font's ascent to its descent, so that masks of one font and height share a baseline.
    """
    font, left, (rows, cols) = _set(text, height_px, font_index)
    image = Image.new("L", (cols, rows))
    ImageDraw.Draw(image).text((-left, font.getmetrics()[0]), text, fill=255, font=font, anchor="ls")
    mask = np.asarray(image).copy()
    mask.flags.writeable = False
    return mask


@lru_cache(maxsize=512)
def text_size(text: str, height_px: float, font_index: int) -> tuple[int, int]:
    """(rows, cols) of `text_mask`, without drawing it."""
    return _set(text, height_px, font_index)[2]


def _set(text: str, height_px: float, font_index: int) -> tuple[ImageFont.FreeTypeFont, float, tuple[int, int]]:
    """The font, where its ink begins, and the (rows, cols) that the line takes up."""
    if height_px <= 0:
        raise ValueError(f"height_px must be positive, got {height_px!r}")
    path = _font_for(text, font_index)
    font = _font(path, max(3.0, round(2 * height_px / _cap_ratio(path)) / 2))
    left, _, right, _ = font.getbbox(text, anchor="ls")
    return font, left, (sum(font.getmetrics()), max(1, int(right - left) + 1))


@dataclass(frozen=True)
class Scales:
    """What a page says of its speed and gains."""

    mm_per_s: float = 25.0
    mm_per_mv: float = 10.0
    chest_mm_per_mv: float = 10.0


def header_lines(rng: np.random.Generator, scales: Scales = Scales()) -> list[str]:
    """Lines for the top and foot of a page, in one language, of people and places that do not exist.

    In order: hospital, patient, measurements, interpretation, settings; each part may be absent.
    """
    language = LANGUAGES[0] if rng.random() < 0.5 else LANGUAGES[rng.integers(len(LANGUAGES))]
    parts: tuple[tuple[float, Callable[[np.random.Generator, Language], list[str]]], ...] = (
        (0.5, _hospital),
        (0.75, patient_lines),
        (0.7, measurement_lines),
        (0.6, statement_lines),
        (0.9, lambda rng, _: settings_lines(rng, scales)),
    )
    lines = [line for chance, part in parts if rng.random() < chance for line in part(rng, language)]
    upper = rng.random() < 0.15
    return [line.upper() if upper and "mm/" not in line else line for line in lines] or settings_lines(rng, scales)


def patient_lines(rng: np.random.Generator, language: Language = LANGUAGES[0]) -> list[str]:
    """Name, number, birth, age, sex and date of an invented patient."""
    family, given = _invented(rng, language), _invented(rng, language)
    number = "".join(map(str, rng.integers(0, 10, rng.integers(5, 11))))
    year, age, sex = int(rng.integers(1985, 2027)), int(rng.integers(1, 100)), language.sexes[rng.integers(2)]
    who = (f"{family}, {given}", f"{family.upper()} {given[0]}.", f"{given} {family}")[rng.integers(3)]
    lines = [f"{language.name} {who}", f"{language.patient}: {number}"]
    lines += [f"{language.birth} {_date(rng, year - age)}  ({age} {language.age})  {sex}"]
    lines += [
        f"{language.date}: {_date(rng, year)} {rng.integers(24):02d}:{rng.integers(60):02d}:{rng.integers(60):02d}"
    ]
    keep = rng.random(len(lines)) < 0.8
    return [line for line, kept in zip(lines, keep, strict=True) if kept]


def measurement_lines(rng: np.random.Generator, language: Language = LANGUAGES[0]) -> list[str]:
    """Rate, intervals and axes as a machine lists them, one to a line or all on one."""
    rate, qt = int(rng.integers(38, 165)), int(rng.integers(310, 490))
    values = (
        f"{rng.integers(110, 260)} ms", f"{rng.integers(72, 170)} ms", f"{qt}/{qt + rng.integers(-20, 70)} ms",
        " ".join(str(a) for a in rng.integers(-60, 110, 3)),
    )  # fmt: skip
    unit = ("BPM", "bpm", "/min")[rng.integers(3)]
    rows = [(language.rate, f"{rate} {unit}"), *zip(language.intervals, values, strict=True)]
    if rng.random() < 0.3:
        return ["  ".join(f"{name} {value}" for name, value in rows[:4])]
    width = max(len(name) for name, _ in rows) + int(rng.integers(1, 6))
    return [f"{name:<{width}}{value}" for name, value in rows]


def statement_lines(rng: np.random.Generator, language: Language = LANGUAGES[0]) -> list[str]:
    """One to four statements of an automatic interpretation; they need not fit the trace."""
    count = min(int(rng.integers(1, 5)), len(language.statements))
    return [language.statements[i] for i in rng.choice(len(language.statements), count, replace=False)]


def settings_lines(rng: np.random.Generator, scales: Scales) -> list[str]:
    """Speed, gain, filter and machine, as printed along the foot."""
    speed = SPEEDS[rng.integers(len(SPEEDS))].format(s=scales.mm_per_s)
    form = int(rng.integers(len(GAINS)))
    if scales.chest_mm_per_mv != scales.mm_per_mv:
        form = BOTH_GAINS[form % 2]
    gain = GAINS[form].format(g=scales.mm_per_mv, c=scales.chest_mm_per_mv, cm=scales.mm_per_mv / 10)
    parts = [speed, gain, BANDS[rng.integers(len(BANDS))]]
    parts += [MACHINES[rng.integers(len(MACHINES))]] if rng.random() < 0.5 else []
    gap = " " * int(rng.integers(1, 6))
    lines = [gap.join(parts)]
    return [*lines, WARNINGS[rng.integers(len(WARNINGS))]] if rng.random() < 0.3 else lines


def _hospital(rng: np.random.Generator, language: Language) -> list[str]:
    kind, place = language.hospitals[rng.integers(len(language.hospitals))], _invented(rng, language)
    return [f"{kind} {place}" if rng.random() < 0.5 else f"{place} {kind}"]


def _invented(rng: np.random.Generator, language: Language) -> str:
    return "".join(rng.choice(language.syllables, int(rng.integers(2, 4)))).capitalize()


def _date(rng: np.random.Generator, year: int) -> str:
    day, month, style = rng.integers(1, 29), rng.integers(1, 13), rng.integers(3)
    return (f"{day:02d}.{month:02d}.{year}", f"{year}-{month:02d}-{day:02d}", f"{day:02d}/{month:02d}/{year}")[style]


def _font_for(text: str, font_index: int) -> Path:
    files = font_files()
    chosen = files[font_index % len(files)]
    return chosen if _covers(chosen, text) else files[0]


def _covers(path: Path, text: str) -> bool:
    return all(_has_glyph(path, character) for character in set(text) if not character.isspace())


@lru_cache(maxsize=16384)
def _has_glyph(path: Path, character: str) -> bool:
    """A font draws every character it lacks as the same box: compare with one that no font has."""
    font = _font(path, 16.0)
    return bytes(font.getmask(character)) not in (b"", bytes(font.getmask("\U0010fffd")))


@lru_cache(maxsize=256)
def _font(path: Path, size_px: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(path), size_px, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=256)
def _cap_ratio(path: Path) -> float:
    box = _font(path, 100.0).getbbox("H")
    return (box[3] - box[1]) / 100.0
