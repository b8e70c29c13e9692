"""Pages of which nobody may be diagnosed: other curves, no curves, and ECGs that are not one whole upright ECG."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import ceil

import cv2
import numpy as np

from ecg.page import Page
from simulate.heart import synthetic_record
from simulate.scene import Scene

PX_PER_MM = 6
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_INK, _THIN, _THICK = (20, 20, 20), (250, 215, 215), (240, 170, 170)

Drawer = Callable[[np.random.Generator], np.ndarray]


def graph_paper(wide_mm: int = 280, high_mm: int = 190) -> np.ndarray:
    """Paper with lines every 1 and 5 mm, uint8 [row, col, RGB]."""
    pixels = np.full((high_mm * PX_PER_MM, wide_mm * PX_PER_MM, 3), 253, np.uint8)
    for step, colour in ((1, _THIN), (5, _THICK)):
        pixels[:: step * PX_PER_MM] = colour
        pixels[:, :: step * PX_PER_MM] = colour
    return pixels


def draw_rows(pixels: np.ndarray, rows: np.ndarray, names: list[str]) -> np.ndarray:
    """Curves [row, sample] in mm, one below the other over the whole width, with their names before them."""
    high, wide = pixels.shape[:2]
    x = np.linspace(18 * PX_PER_MM, wide - 8 * PX_PER_MM, rows.shape[1])
    for k, (row, name) in enumerate(zip(rows, names, strict=True)):
        middle = (k + 0.7) * high / (len(rows) + 0.5)
        points = np.stack([x, middle - row * PX_PER_MM], -1)
        cv2.polylines(pixels, [np.round(points * 16).astype(np.int32)], False, _INK, 2, cv2.LINE_AA, 4)
        cv2.putText(pixels, name, (6, int(middle)), _FONT, 0.5, _INK, 1, cv2.LINE_AA)
    return pixels


def _smooth(rng: np.random.Generator, rows: int, width: float, samples: int = 2500) -> np.ndarray:
    noise = cv2.GaussianBlur(rng.normal(size=(rows, samples)), (0, 0), sigmaX=width, sigmaY=1e-3)
    return np.asarray(noise / noise.std(axis=1, keepdims=True))


def eeg(rng: np.random.Generator) -> np.ndarray:
    names = [
        "Fp1-F7",
        "F7-T3",
        "T3-T5",
        "T5-O1",
        "Fp2-F8",
        "F8-T4",
        "T4-T6",
        "T6-O2",
        "Fp1-F3",
        "F3-C3",
        "C3-P3",
        "P3-O1",
    ]
    waves = 1.5 * _smooth(rng, 12, 8) + 2.0 * _smooth(rng, 12, 40)
    return draw_rows(graph_paper(), waves, names)


def chart(rng: np.random.Generator) -> np.ndarray:
    rows = int(rng.integers(3, 7))
    walks = np.cumsum(rng.normal(size=(rows, 1200)), axis=1)
    return draw_rows(
        graph_paper(), 4 * (walks - walks.mean(1, keepdims=True)) / walks.std(1, keepdims=True), [""] * rows
    )


def waves(rng: np.random.Generator) -> np.ndarray:
    rows, t = int(rng.integers(3, 13)), np.linspace(0, 10, 2500)
    return draw_rows(graph_paper(), np.sin(2 * np.pi * t * rng.uniform(0.5, 3, (rows, 1))) * 5, [""] * rows)


def blank(rng: np.random.Generator) -> np.ndarray:
    return graph_paper(int(rng.integers(200, 300)), int(rng.integers(140, 210)))


def handwriting(rng: np.random.Generator) -> np.ndarray:
    pixels = graph_paper()
    for k in range(int(rng.integers(5, 10))):
        t = np.linspace(0, 40, 900)
        x = 120 + t * 34 + 14 * np.sin(t * 5 + rng.normal(size=1))
        y = 90 + 110 * k + 16 * np.cos(t * 5) * (0.4 + np.abs(_smooth(rng, 1, 12, 900)[0]))
        cv2.polylines(pixels, [np.stack([x, y], -1).astype(np.int32)], False, (40, 40, 120), 2, cv2.LINE_AA)
    return pixels


def text(rng: np.random.Generator) -> np.ndarray:
    pixels = np.full((1500, 1100, 3), 252, np.uint8)
    words = [
        "report",
        "normal",
        "heart",
        "rate",
        "of",
        "the",
        "patient",
        "II",
        "V1",
        "lead",
        "25 mm/s",
        "and",
        "was",
        "seen",
    ]
    for row in range(60, 1460, 34):
        cv2.putText(pixels, " ".join(rng.choice(words, 11)), (50, row), _FONT, 0.62, _INK, 1, cv2.LINE_AA)
    return pixels


def chessboard(rng: np.random.Generator) -> np.ndarray:
    cell = int(rng.integers(12, 60))
    y, x = np.mgrid[:900, :1200] // cell
    return np.repeat((60 + 180 * ((x + y) % 2)).astype(np.uint8)[..., None], 3, axis=2)


def _ecg(rng: np.random.Generator, layout: str = "3x4+1", preset: str = "clean") -> Page:
    seed = int(rng.integers(1, 10**6))
    scene = Scene.sample(seed, preset, layout=layout)
    scene = replace(scene, quarter_turns=0, frame_mm=scene.paper.extent_mm, shift=(0.0, 0.0), long_side_px=1700)
    return scene.render(synthetic_record(seed))[0]


def mirrored(rng: np.random.Generator) -> np.ndarray:
    return np.ascontiguousarray(_ecg(rng, str(rng.choice(["3x4+1", "12x1", "6x2"]))).pixels[:, ::-1])


def half(rng: np.random.Generator) -> np.ndarray:
    pixels = _ecg(rng).pixels
    middle = pixels.shape[1] // 2
    return np.ascontiguousarray(pixels[:, :middle] if rng.random() < 0.5 else pixels[:, middle:])


def two_ecgs(rng: np.random.Generator) -> np.ndarray:
    upper, lower = (_ecg(rng).pixels for _ in range(2))
    wide = max(upper.shape[1], lower.shape[1])
    sheets = [np.pad(p, ((20, 20), (0, wide - p.shape[1]), (0, 0)), constant_values=252) for p in (upper, lower)]
    return np.concatenate(sheets)


def contact_sheet(rng: np.random.Generator) -> np.ndarray:
    count = int(rng.integers(4, 10))
    small = [cv2.resize(_ecg(rng).pixels, (700, 460), interpolation=cv2.INTER_AREA) for _ in range(count)]
    small += [np.full_like(small[0], 252)] * (-count % 3)
    return np.concatenate([np.concatenate(small[3 * k : 3 * k + 3], axis=1) for k in range(ceil(count / 3))])


def one_lead(rng: np.random.Generator) -> np.ndarray:
    """A pocket recorder's page: one lead over several rows, named once or not at all."""
    rows = int(rng.integers(3, 7))
    record = synthetic_record(int(rng.integers(1, 10**6)), duration_s=7.5 * rows)
    strip = 10 * record["I"][: rows * (record.samples // rows)].reshape(rows, -1)
    pixels = draw_rows(graph_paper(214, 40 * rows), strip, ["Lead I" if rng.random() < 0.5 else ""] + [""] * (rows - 1))
    cv2.putText(pixels, "25 mm/s, 10 mm/mV", (40, pixels.shape[0] - 12), _FONT, 0.5, _INK, 1, cv2.LINE_AA)
    return pixels


KINDS: Mapping[str, Drawer] = {
    "EEG": eeg,
    "chart": chart,
    "waves": waves,
    "blank graph paper": blank,
    "handwriting": handwriting,
    "text": text,
    "chessboard": chessboard,
    "mirror image": mirrored,
    "half an ECG": half,
    "two ECGs": two_ecgs,
    "contact sheet": contact_sheet,
    "one lead over rows": one_lead,
}


def draw(kind: str, seed: int) -> Page:
    """A page of a kind; the same for the same seed."""
    rng = np.random.default_rng([seed, *kind.encode()])
    return Page(KINDS[kind](rng), None, f"{kind}-{seed}")
