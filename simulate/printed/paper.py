"""The printed paper: its colours, its grid and its ink, drawn without any rounding to pixels."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from simulate.printed.ink import Ink, sample_ink

RGB = tuple[float, float, float]

# (paper, 1 mm lines, 5 mm lines), each RGB in 0..1, as seen on common thermal papers, printouts and screens.
_INKS: dict[str, tuple[RGB, RGB, RGB]] = {
    "red": ((1.0, 0.98, 0.97), (0.97, 0.72, 0.70), (0.90, 0.40, 0.38)),
    "pink": ((1.0, 0.91, 0.94), (0.95, 0.72, 0.80), (0.88, 0.50, 0.62)),
    "crimson": ((1.0, 0.96, 0.95), (0.98, 0.60, 0.60), (0.95, 0.20, 0.20)),
    "orange": ((1.0, 0.96, 0.90), (0.96, 0.78, 0.60), (0.90, 0.58, 0.35)),
    "green": ((0.93, 0.98, 0.93), (0.68, 0.86, 0.70), (0.38, 0.68, 0.45)),
    "blue": ((0.94, 0.97, 1.0), (0.70, 0.80, 0.95), (0.42, 0.55, 0.85)),
    "grey": ((0.97, 0.97, 0.97), (0.80, 0.80, 0.80), (0.55, 0.55, 0.55)),
    "brown": ((0.96, 0.93, 0.88), (0.80, 0.70, 0.62), (0.60, 0.45, 0.40)),
    "white, red": ((1.0, 1.0, 1.0), (1.0, 0.78, 0.78), (0.85, 0.22, 0.22)),
    "white, maroon": ((1.0, 1.0, 1.0), (0.88, 0.78, 0.78), (0.50, 0.22, 0.22)),
    "white, black": ((1.0, 1.0, 1.0), (0.75, 0.75, 0.75), (0.15, 0.15, 0.15)),
    "salmon": ((0.99, 0.86, 0.80), (0.95, 0.66, 0.58), (0.88, 0.42, 0.36)),
    "mint": ((0.84, 0.97, 0.90), (0.62, 0.84, 0.72), (0.36, 0.62, 0.50)),
    "buff": ((0.93, 0.86, 0.72), (0.80, 0.68, 0.55), (0.62, 0.46, 0.36)),
    "lilac": ((0.94, 0.90, 0.96), (0.82, 0.74, 0.86), (0.62, 0.48, 0.68)),
}

# colour -> how often
_SHARES = (0.13, 0.11, 0.10, 0.10, 0.06, 0.05, 0.09, 0.05, 0.10, 0.06, 0.05, 0.03, 0.03, 0.02, 0.02)
_COLOURS = dict(zip(_INKS, _SHARES, strict=True))
# kind -> how often; "dots" prints points where 1 mm lines cross and denser ones along the 5 mm lines, "dots and lines"
# the points alone between whole 5 mm lines.
_KINDS = {
    "full": 0.54, "5mm": 0.14, "dots": 0.08, "dots and lines": 0.10, "1mm": 0.05, "dotted lines": 0.07, "none": 0.02,
}  # fmt: skip
_LACK = np.random.default_rng(5).random(64)  # what the lines lack, one after the other


@dataclass(frozen=True)
class Paper:
    """A sheet's look. Grid lines stand at whole mm, heavy ones at multiples of 5 mm, inside `grid_mm` (x0, y0, x1, y1).

    `extent_mm` is the sheet itself. Strengths are opacities in 0..1 and widths are in mm; `unevenness` is the share of
    its strength that a line may lack.
    """

    extent_mm: tuple[float, float, float, float]
    grid_mm: tuple[float, float, float, float]
    kind: str
    paper_rgb: RGB
    fine_rgb: RGB
    heavy_rgb: RGB
    fine_width_mm: float
    heavy_width_mm: float
    fine_strength: float
    heavy_strength: float
    unevenness: float
    ink_rgb: RGB
    pen_mm: float
    ink_strength: float
    ink: Ink = field(default_factory=Ink)

    @property
    def has_grid(self) -> bool:
        return self.kind != "none"


def sample_paper(
    rng: np.random.Generator,
    extent_mm: tuple[float, float, float, float],
    grid_mm: tuple[float, float, float, float],
) -> Paper:
    """Draw a look at random."""
    colour = rng.choice(list(_COLOURS), p=list(_COLOURS.values()))
    paper, fine, heavy = (np.array(c) for c in _INKS[colour])
    jitter = rng.normal(0, 0.03, 3)
    kind = str(rng.choice(list(_KINDS), p=list(_KINDS.values())))
    ink = _ink(rng)
    return Paper(
        extent_mm=extent_mm,
        grid_mm=grid_mm,
        kind=kind,
        paper_rgb=_rgb(paper + jitter * 0.5),
        fine_rgb=_rgb(fine + jitter),
        heavy_rgb=_rgb(heavy + jitter if rng.random() < 0.8 else heavy * rng.uniform(0.3, 0.9)),
        fine_width_mm=float(rng.uniform(0.06, 0.18)),
        heavy_width_mm=float(rng.uniform(0.12, 0.35)),
        fine_strength=float(rng.uniform(0.35, 1.0)),
        heavy_strength=float(rng.uniform(0.6, 1.0)),
        unevenness=float(rng.uniform(0.1, 0.5)) if rng.random() < 0.3 else 0.0,
        ink_rgb=ink,
        pen_mm=float(np.clip(rng.lognormal(np.log(0.3), 0.35), 0.15, 0.8)),
        ink_strength=float(1 - 0.35 * rng.random() ** 2),
        ink=sample_ink(rng),
    )


def in_any_colour(paper: Paper, rng: np.random.Generator) -> Paper:
    """The sheet with its paper and its lines in colours of their own, the lines from hardly darker to nearly black."""
    ground = rng.uniform(0.55, 1.0, 3)
    heavy = ground * rng.uniform(0.1, 0.9, 3)
    fine = heavy if rng.random() < 0.3 else ground + (heavy - ground) * rng.uniform(0.3, 0.9)
    return replace(paper, paper_rgb=_rgb(ground), fine_rgb=_rgb(fine), heavy_rgb=_rgb(heavy))


def _ink(rng: np.random.Generator) -> RGB:
    dark = rng.uniform(0.0, 0.3)
    tint = rng.choice(3, p=[0.75, 0.17, 0.08])
    if tint == 1:
        return _rgb(np.array([dark, dark, dark + rng.uniform(0.1, 0.45)]))
    return _rgb(np.full(3, dark) if tint == 0 else np.array([dark + 0.2, dark, dark + 0.15]))


def _rgb(values: np.ndarray) -> RGB:
    r, g, b = np.clip(values, 0, 1).tolist()
    return r, g, b


def draw_grid(paper: Paper, window_mm: tuple[float, float, float, float], px_per_mm: float) -> np.ndarray:
    """The bare paper with its grid inside a window (x0, y0, x1, y1), float32 [row, col, RGB] in 0..1.

    Every line is integrated over the pixel, so it lies where it should to a fraction of a pixel. Most rows are alike:
    each kind of row is drawn once.
    """
    x0, y0, x1, y1 = window_mm
    xs = x0 + (np.arange(round((x1 - x0) * px_per_mm)) + 0.5) / px_per_mm
    ys = y0 + (np.arange(round((y1 - y0) * px_per_mm)) + 0.5) / px_per_mm
    across = _profiles(paper, xs, px_per_mm, paper.grid_mm[::2])
    kinds, kind = np.unique(_profiles(paper, ys, px_per_mm, paper.grid_mm[1::2]), axis=1, return_inverse=True)
    inside = across[0] * kinds[0][:, None]
    planes = [np.full(inside.shape, part, np.float32) for part in paper.paper_rgb]
    for rgb, alpha in _grid_layers(paper, across, kinds):
        alpha *= inside
        for plane, part in zip(planes, rgb, strict=True):
            plane += alpha * (np.float32(part) - plane)
    return cv2.merge(planes)[kind.reshape(-1)]


def _profiles(paper: Paper, at: np.ndarray, px_per_mm: float, span_mm: tuple[float, ...]) -> np.ndarray:
    """Along one axis: inside the grid or not, then fine lines, heavy lines, dots and dashes; float32 [5, pixel]."""

    def lines(every_mm: float, width_mm: float) -> np.ndarray:
        share = _coverage(at, every_mm, width_mm, 1 / px_per_mm)
        lacking = paper.unevenness * _LACK[np.round(at / every_mm).astype(int) % len(_LACK)] if paper.unevenness else 0
        return (share * (1 - lacking)).astype(np.float32)

    dash, pace = {"dots": (0.35, 0.5), "dots and lines": (0.3, 1.0)}.get(paper.kind, (0.5, 1.0))
    fine = lines(1.0, paper.fine_width_mm) * np.float32(paper.fine_strength)
    heavy = lines(5.0, paper.heavy_width_mm) * np.float32(paper.heavy_strength)
    inside = ((at > span_mm[0]) & (at < span_mm[1])).astype(np.float32)
    return np.stack([inside, fine, heavy, lines(1.0, dash), lines(pace, dash / 2)])


def _grid_layers(paper: Paper, across: np.ndarray, down: np.ndarray) -> list[tuple[RGB, np.ndarray]]:
    """(colour, opacity [row, col]) from the `_profiles` of both axes."""
    _, fine_x, heavy_x, dot_x, along_x = across
    _, fine_y, heavy_y, dot_y, along_y = down
    if paper.kind == "5mm":
        return [(paper.heavy_rgb, _cross(heavy_x, heavy_y))]
    if paper.kind == "1mm":
        return [(paper.fine_rgb, _cross(fine_x, fine_y))]
    if paper.kind == "none":
        return []
    if paper.kind == "dots and lines":
        dots = np.outer(dot_y * (heavy_y == 0), dot_x * (heavy_x == 0)) * paper.fine_strength
        return [(paper.fine_rgb, dots), (paper.heavy_rgb, _cross(heavy_x, heavy_y))]
    if paper.kind in ("dots", "dotted lines"):
        dots = np.outer(dot_y, dot_x) * paper.fine_strength
        heavy = np.maximum(heavy_x * along_y[:, None], heavy_y[:, None] * along_x)
        return [(paper.fine_rgb, dots), (paper.heavy_rgb, heavy)]
    return [(paper.fine_rgb, _cross(fine_x, fine_y)), (paper.heavy_rgb, _cross(heavy_x, heavy_y))]


def _cross(across_x: np.ndarray, across_y: np.ndarray) -> np.ndarray:
    return 1 - (1 - across_x) * (1 - across_y[:, None])


def _coverage(at: np.ndarray, every: float, width: float, pixel: float) -> np.ndarray:
    """Share of each pixel (centre `at`, size `pixel`) on a line of `width` around the multiples of `every`."""

    def area(edge: np.ndarray) -> np.ndarray:
        shifted = edge / every + width / (2 * every)
        whole = np.floor(shifted)
        return whole * width + np.minimum((shifted - whole) * every, width)

    return (area(at + pixel / 2) - area(at - pixel / 2)) / pixel
