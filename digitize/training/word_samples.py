# ruff: noqa: RUF001 - the letters of other alphabets are meant as they stand
"""What the name reader learns from: crops of simulated pages with names, speeds, gains and other words on them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
import torch
from torch import Tensor

from digitize.nets.inputs import to_tensor
from digitize.nets.word_net import GAINS, LEADS, PX_PER_MM, SPEEDS, STRIDE, TURNED, WORDS
from digitize.training.drawn_samples import DrawnSamples
from ecg.leads import canonical, is_known
from ecg.record import Record
from simulate.capture.camera import apply
from simulate.printed.machine import text_boxes_mm
from simulate.printed.rasterize import draw
from simulate.printed.sheet import Label, Sheet
from simulate.raster.text import font_files, header_lines, text_size
from simulate.scene import Scene

Spell = Callable[[str], str]

_SIGMA = 0.8  # of a word's heat, cells
_NUMBERS = {"I": "1", "II": "2", "III": "3"}
# How machines spell the names, and how often: rules from the standard spelling to what is printed.
_SPELLINGS: tuple[tuple[float, Spell], ...] = (
    (0.60, lambda lead: lead),
    (0.16, str.upper),
    (0.05, lambda lead: f"D{lead}" if lead in _NUMBERS else lead),
    (0.04, lambda lead: f"D{_NUMBERS[lead]}" if lead in _NUMBERS else lead.upper()),
    (0.02, lambda lead: f"L{_NUMBERS[lead]}" if lead in _NUMBERS else lead),
    (0.05, lambda lead: lead.replace("V", "C") if lead[-1].isdigit() else lead),
    (0.04, lambda lead: lead.replace("a", "")),
    (0.04, lambda lead: lead.translate(str.maketrans("123456", "₁₂₃₄₅₆"))),
)
_PLAIN = str.maketrans("₁₂₃₄₅₆−", "123456-", " :")
_SPACED = 0.06  # how often "I I I"
_UNUSUAL = ("IV", "VI", "V", "V7", "V8", "V9", "V3R", "V4R", "aV", "A", "R", "L", "F", "1", "11", "ID", "/", "i", "Vx")
_SPEED_FORMS = ("{}mm/s", "{} mm/s", "{} mm/sec", "{}mm/S", "{} mm / s", "{}MM/S", "{} мм/с")
_GAIN_FORMS = ("{}mm/mV", "{} mm/mV", "{}mm/mv", "{} mm / mV", "{}MM/MV", "{} мм/мВ", "{}.0 mm/mV")
_MEASURE = re.compile(r"(?<![\d.,])(\d+(?:\.5)?)(?:\.0)? ?(?:mm|мм) ?/ ?(mv|мв|s|с)", re.IGNORECASE)
_FREE_KINDS = {"name": 0.6, "speed": 0.12, "gain": 0.08, "other": 0.2}


@dataclass
class WordDataset(DrawnSamples):
    """Simulated crops of flattened pages."""

    size_px: tuple[int, int] = (320, 192)

    def example(self, rng: np.random.Generator) -> dict[str, Tensor]:
        return word_example(self.stream.scene(rng), self.stream.hearts.draw(rng), rng, self.size_px)


@dataclass(frozen=True, eq=False)
class Crop:
    """How a crop lies on the paper: px from its centre = `matrix` [2, 2] @ (mm - `centre_mm`)."""

    centre_mm: np.ndarray
    matrix: np.ndarray
    is_turned: bool
    size_px: tuple[int, int]

    @classmethod
    def sample(cls, centre_mm: np.ndarray, rng: np.random.Generator, size_px: tuple[int, int]) -> Crop:
        """Nearly straight and nearly to scale, as a flattened page is; some stand on their head."""
        is_turned = bool(rng.random() < 0.15)
        angle = np.radians(rng.normal(0, 1.2) + 180 * is_turned)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        return cls(centre_mm, turn * np.exp(rng.normal(0, 0.08, 2)) * PX_PER_MM, is_turned, size_px)

    def to_px(self, mm: np.ndarray) -> np.ndarray:
        return (mm - self.centre_mm) @ self.matrix.T + np.array(self.size_px) / 2 - 0.5

    def window_mm(self) -> np.ndarray:
        """(x0, y0, x1, y1) around the paper that the crop shows, with a margin."""
        corners = np.array(self.size_px) / 2 * np.array([[1, 1], [1, -1]])
        reach = np.abs(corners @ np.linalg.inv(self.matrix).T).max(0) + 2.0
        return np.concatenate([self.centre_mm - reach, self.centre_mm + reach])

    def warp(self, native: np.ndarray, corner_mm: np.ndarray, px_per_mm: float, flags: int) -> np.ndarray:
        """The crop from a straight picture with px = (mm - corner) * px_per_mm - 0.5."""
        back = np.linalg.inv(self.matrix) * px_per_mm
        origin = (self.centre_mm - corner_mm) * px_per_mm - 0.5 - back @ (np.array(self.size_px) / 2 - 0.5)
        flags |= cv2.WARP_INVERSE_MAP
        return cv2.warpAffine(
            native, np.column_stack([back, origin]), self.size_px, flags=flags, borderMode=cv2.BORDER_REPLICATE
        )


def word_example(
    scene: Scene, record: Record, rng: np.random.Generator, size_px: tuple[int, int] = (320, 192)
) -> dict[str, Tensor]:
    """A crop: image [3, row, col]; heat and care [word, row, col] in the network's cells, care 0 where none can say."""
    sheet = with_any_names(scene.sheet(record), rng)
    crop = Crop.sample(_place(sheet, rng), rng, size_px)
    window = crop.window_mm()
    sheet = with_more_words(sheet, window, rng)
    px_per_mm = float(np.exp(rng.uniform(np.log(3.5), np.log(13.0))))
    native = apply(draw(sheet, tuple(window.tolist()), px_per_mm), scene.effects, rng)
    image = crop.warp(native, window[:2], px_per_mm, int(rng.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC])))
    heat, care = word_targets(sheet, crop)
    return {"image": to_tensor(image), "heat": torch.from_numpy(heat), "care": torch.from_numpy(care)}


def with_any_names(sheet: Sheet, rng: np.random.Generator) -> Sheet:
    """The sheet with any lead's name in the place of each name, all spelled in one way."""
    spell = _spelling(rng)
    labels = (replace(label, text=spell(_any_lead(rng))) if label.is_name else label for label in sheet.labels)
    return replace(sheet, labels=tuple(labels))


def _any_lead(rng: np.random.Generator) -> str:
    return str(rng.choice(LEADS))


def _spelling(rng: np.random.Generator) -> Spell:
    rule = _SPELLINGS[rng.choice(len(_SPELLINGS), p=[share for share, _ in _SPELLINGS])][1]
    return (lambda lead: " ".join(rule(lead))) if rng.random() < _SPACED else rule


def _place(sheet: Sheet, rng: np.random.Generator) -> np.ndarray:
    """The centre of a crop in mm: mostly near a name, else near another text or anywhere."""
    x0, y0, x1, y1 = sheet.paper.extent_mm
    is_near_name, luck = rng.random() < 0.75, rng.random()
    near = [label for label in sheet.labels if label.is_name == is_near_name]
    if not near or luck < 0.2:
        return rng.uniform([x0, y0], [x1, y1])
    label = near[rng.integers(len(near))]
    return np.array([label.x_mm, label.y_mm]) + rng.uniform(-1, 1, 2) * (20, 12)


def with_more_words(sheet: Sheet, window_mm: np.ndarray, rng: np.random.Generator) -> Sheet:
    """The sheet with more words here and there in the window, none over another."""
    boxes, labels = text_boxes_mm(sheet), list(sheet.labels)
    for _ in range(3 + rng.poisson(4)):
        x, y = rng.uniform(window_mm[:2], window_mm[2:])
        height = float(np.exp(rng.uniform(np.log(1.5), np.log(5.0))))
        label = Label(_free_text(rng), float(x), float(y), height, int(rng.integers(len(font_files()))))
        box = _box_mm(label)
        if all(box[2] < b[0] or box[0] > b[2] or box[3] < b[1] or box[1] > b[3] for b in boxes):
            boxes, labels = [*boxes, box], [*labels, label]
    return replace(sheet, labels=tuple(labels))


def _free_text(rng: np.random.Generator) -> str:
    kind = rng.choice(list(_FREE_KINDS), p=list(_FREE_KINDS.values()))
    if kind == "name":
        return _spelling(rng)(_any_lead(rng))
    if kind == "other":
        if rng.random() < 0.6:
            return str(rng.choice(_UNUSUAL))
        return str(rng.choice(" ".join(header_lines(rng)).split()))
    words, forms = (SPEEDS, _SPEED_FORMS) if kind == "speed" else (GAINS, _GAIN_FORMS)
    return str(rng.choice(forms)).format(str(rng.choice(words)).split()[0])


def _box_mm(label: Label) -> list[float]:
    rows, cols = text_size(label.text, label.height_mm * 8, label.font)
    return [label.x_mm, label.y_mm, label.x_mm + cols / 8, label.y_mm + rows / 8]


# --- targets ----------------------------------------------------------------------------------------------------------


def words_of(label: Label) -> Iterator[tuple[str, list[float]]]:
    """What of `WORDS` a label says, each with its box (x0, y0, x1, y1) in mm: all of a name, a measure's number."""
    plain = label.text.translate(_PLAIN)
    if is_known(plain):
        yield canonical(plain), _box_mm(label)
    for found in _MEASURE.finditer(label.text):
        is_gain = found[2].lower() in ("mv", "мв")
        word = f"{found[1]} {'mm/mV' if is_gain else 'mm/s'}"
        if word in WORDS:
            _, y0, x1, y1 = _box_mm(replace(label, text=label.text[: found.end(1)]))
            width = text_size(found[1], label.height_mm * 8, label.font)[1] / 8
            yield word, [x1 - width, y0, x1, y1]


def word_targets(sheet: Sheet, crop: Crop) -> tuple[np.ndarray, np.ndarray]:
    """Heat and care, float32 [word, row, col], of the words on a crop."""
    shape = (len(WORDS), crop.size_px[1] // STRIDE, crop.size_px[0] // STRIDE)
    heat, care = np.zeros(shape, np.float32), np.ones(shape, np.float32)
    for label in sheet.labels:
        for word, box in words_of(label):
            corners = (crop.to_px(np.array(box)[[0, 1, 2, 1, 2, 3, 0, 3]].reshape(4, 2)) + 0.5) / STRIDE - 0.5
            low, high = corners.min(0), corners.max(0)
            is_whole = (low > -0.5).all() and (high < np.array(shape[:0:-1]) - 0.5).all()
            # Nobody can say which a cut word is, nor which way up I, II and III stand.
            if not is_whole or (crop.is_turned and set(word) == {"I"}):
                (c0, r0), (c1, r1) = np.maximum(np.floor(low).astype(int), 0), np.maximum(np.ceil(high).astype(int), 0)
                care[:, r0 : r1 + 1, c0 : c1 + 1] = 0
            elif not crop.is_turned or word in LEADS:
                _mark_centre(heat[WORDS.index(TURNED if crop.is_turned else word)], corners.mean(0))
    return heat, care


def _mark_centre(plane: np.ndarray, centre: np.ndarray) -> None:
    """Put a bell around a centre (x, y), with exactly 1 in the nearest cell."""
    y, x = np.ogrid[: plane.shape[0], : plane.shape[1]]
    np.maximum(plane, np.exp(-((x - centre[0]) ** 2 + (y - centre[1]) ** 2) / (2 * _SIGMA**2)), out=plane)
    col, row = np.round(centre).astype(int)
    plane[row, col] = 1.0
