"""What stands where on the paper: rows of traces, their ink, the words beside them, the calibration pulses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, permutations

import cv2
import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

from digitize.grid.page_view import View
from digitize.layout.printed_words import PrintedWord
from digitize.nets.inputs import PULSE
from ecg.geometry import PageGeometry, project

STEP_MM = 0.5
NAME_ABOVE_MM, NAME_BELOW_MM = 16.0, 11.0  # a name stands this near to its zero line
_PX_PER_MM = 1 / STEP_MM
_FARTHEST_MM = 45.0  # no trace leaves its zero line further than this
_LARGEST_MM = 900.0
_ROOM_MM = np.array([25.0, 12.0])  # beside and above the traces
_NEAR_MM = 3.0  # ink this near to a zero line belongs to its row
_SURE = 0.5  # a printed speed or gain that is less sure is not believed
_PERHAPS = 0.3  # a second gain that is as sure as this is worth a word
_CLEARLY = 0.15  # so much surer than any other number it has to be
_USUAL, _UNUSUALLY_SURE = ("25 mm/s", "10 mm/mV"), 0.6
_TOO_FAR = 1.6  # rows this many usual distances apart may have another between them
_AS_INKED = 0.4  # where there is at least this share of a row's usual ink
_BESIDE_MM = (20.0, 70.0)  # the gains of limb and chest leads are printed on one line, with a word between them,
_ON_LINE_MM = 4.0  # so exactly
_ECHO = 0.15  # the sides of pulses are told from chance by this
_PULSE_BLUR_MM, _ECHO_OF_PULSE = 1.0, 0.3  # one of two pulses repeats half of what there is, one of three two thirds
_AS_GOOD_AS = 0.3  # a pulse of this share of the clearest one counts as much
_PITCHES_MM = (45.0, 160.0)  # pulses between columns stand this far apart
_NEAREST_ROWS_MM = 4.0
_FAINT = 0.1  # a grid that is seen no better than this tells nothing
_FARTHEST_ROWS = 1.5  # where beats of neighbouring rows touch, no trace is taken to go further than so many rows


class UnknownLayout(ValueError):
    """No known layout explains what was seen; the message says what that was."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """What was seen: the rows' zero lines, `ink` [row, x] (any trace near the row, 0..1), and the words.

    `flat` [y, x] is all ink on the paper; x and y run in steps of 1/2 mm from `x0_mm` and `y0_mm`.
    `pulse_width_mm` is 5 or 10, NaN where no calibration pulse was seen well; `pulse_pitch_mm` tells how far apart
    pulses stand along the rows, NaN where there are not several.
    """

    baselines_mm: np.ndarray
    ink: np.ndarray
    words: tuple[PrintedWord, ...]
    flat: np.ndarray
    x0_mm: float
    y0_mm: float
    pulse_width_mm: float = float("nan")
    pulse_pitch_mm: float = float("nan")

    def names(self) -> list[PrintedWord]:
        """The words that are lead names, along the rows."""
        left, right = self.x0_mm, self.x0_mm + self.ink.shape[1] * STEP_MM
        top, bottom = self.baselines_mm[0] - NAME_ABOVE_MM, self.baselines_mm[-1] + NAME_BELOW_MM
        return [w for w in self.words if w.is_lead and left < w.x_mm < right and top < w.y_mm < bottom]

    def only(self, rows: Sequence[int]) -> Evidence:
        """The same with some of the rows."""
        return replace(self, baselines_mm=self.baselines_mm[list(rows)], ink=self.ink[list(rows)])

    def with_missing_row(self) -> Iterator[Evidence]:
        """The same with one row more: above, below, or where two rows stand too far apart."""
        lines = self.baselines_mm
        if len(lines) < 2:
            return
        apart = np.diff(lines)
        wide = [(a + b) / 2 for a, b in pairwise(lines) if b - a > _TOO_FAR * apart.min()]
        reach = round(_PX_PER_MM * float(np.median(apart)) / 3)
        for guess in (lines[0] - np.median(apart), lines[-1] + np.median(apart), *wide):
            top = max(0, round((guess - self.y0_mm) * _PX_PER_MM) - reach)
            band = self.flat[top : top + 2 * reach]
            if band.size and band.max(0).mean() > _AS_INKED * np.median(self.ink.mean(1)):
                line = self.y0_mm + (top + int(np.argmax(band.sum(1))) + 0.5) / _PX_PER_MM
                if np.abs(lines - line).min() > apart.min() / 2:
                    at = int(np.searchsorted(lines, line))
                    ink = np.insert(self.ink, at, band.max(0), axis=0)
                    yield replace(self, baselines_mm=np.insert(lines, at, line), ink=ink)

    def said(self, unit: str) -> float | None:
        """The number that is printed with a unit (mm/s, mm/mV): the surest one, None where none is clearly surest.

        Of ten pages nine have 25 mm/s and 10 mm/mV, so another number has to be surer.
        """
        scores: dict[str, float] = {}
        for word in self.words:
            if word.text.endswith(f" {unit}"):
                scores[word.text] = max(word.score, scores.get(word.text, 0.0))
        if unit == "mm/mV" and (both := self._both_gains(_SURE)):
            return both[0]
        first, second = (sorted(scores.items(), key=lambda item: -item[1]) + [("", 0.0)] * 2)[:2]
        least = _SURE if first[0] in _USUAL else _UNUSUALLY_SURE
        return float(first[0].split()[0]) if first[1] > least and first[1] - second[1] > _CLEARLY else None

    def chest_gain(self) -> float:
        """The chest leads' share of the gain: half where the print says so, beside the gain of the limb leads."""
        both = self._both_gains(_SURE)
        return both[1] / both[0] if both else 1.0

    def doubtful_gains(self) -> tuple[float, float] | None:
        """Gains of limb and chest leads that may be printed, but were not read surely enough to be taken."""
        return None if self._both_gains(_SURE) else self._both_gains(_PERHAPS)

    def _both_gains(self, least: float) -> tuple[float, float] | None:
        """Two gains in mm/mV that are printed side by side, the second half of the first."""
        read = [w for w in self.words if w.text.endswith(" mm/mV") and w.score > least]
        for limb, chest in permutations(read, 2):
            gains = float(limb.text.split()[0]), float(chest.text.split()[0])
            is_beside = _BESIDE_MM[0] < chest.x_mm - limb.x_mm < _BESIDE_MM[1]
            if is_beside and abs(chest.y_mm - limb.y_mm) < _ON_LINE_MM and gains[1] == gains[0] / 2:
                return gains
        return None


def seen_window(view: View, geometry: PageGeometry) -> tuple[float, float, float, float]:
    """The paper from the first to the last trace, with room for pulses and names: (x0, y0, x1, y1) in mm."""
    rows, cols = np.nonzero(view.ink > 0.5)
    if len(rows) < 50:
        raise UnknownLayout("no ECG traces were found on the page")
    page_px = project(np.linalg.inv(view.matrix), np.stack([cols, rows], axis=-1).astype(float))
    mm = geometry.to_mm(page_px)
    low, high = np.percentile(mm, 0.2, axis=0) - _ROOM_MM, np.percentile(mm, 99.8, axis=0) + _ROOM_MM
    if (high - low).max() > _LARGEST_MM:
        raise UnknownLayout(f"the traces seem to spread over {(high - low).max():.0f} mm: the grid was misread")
    return (*low.tolist(), *high.tolist())


def gather(view: View, geometry: PageGeometry, words: Sequence[PrintedWord] = ()) -> Evidence:
    """Find the rows and what stands along each, in paper mm. Raises UnknownLayout when there is no row."""
    x0, y0, x1, y1 = seen_window(view, geometry)
    cols, rows = round((x1 - x0) * _PX_PER_MM), round((y1 - y0) * _PX_PER_MM)
    mm = np.stack(np.meshgrid(x0 + (np.arange(cols) + 0.5) / _PX_PER_MM, y0 + (np.arange(rows) + 0.5) / _PX_PER_MM), -1)
    where = project(view.matrix, geometry.to_px(mm)).astype(np.float32)

    def flat(plane: np.ndarray) -> np.ndarray:
        return cv2.remap(
            plane, where[..., 0], where[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0
        )

    ink = flat(view.ink)
    lines = _on_grid(_rows(flat(view.baseline), ink), flat(view.grid))
    if not len(lines):
        raise UnknownLayout("no ECG rows were found on the page")
    bounds = np.concatenate([[0], (lines[1:] + lines[:-1]) / 2, [rows]])
    bands = np.stack([ink[int(a) : max(int(a) + 1, int(b))].max(0) for a, b in pairwise(bounds)])
    pulse = flat(view.seg[PULSE])
    width, pitch = _pulse_width_mm(pulse), _pulse_pitch_mm(pulse)
    return Evidence(y0 + (lines + 0.5) / _PX_PER_MM, bands, tuple(words), ink, x0, y0, width, pitch)


def _on_grid(lines: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """The rows that stand on the grid; others are a rule under the header, a signature, a table's edge."""
    if not len(lines):
        return lines
    crossings = np.array([_usual_peak(_band(grid, line)) for line in lines])
    return lines[crossings >= 0.8 * crossings.max()] if crossings.max() > _FAINT else lines


def _usual_peak(band: np.ndarray) -> float:
    """The median, over pieces of 10 mm along a row, of the highest value in each: text peaks here and there only."""
    pieces = np.array_split(band, max(1, band.shape[1] // round(10 * _PX_PER_MM)), axis=1)
    return float(np.median([piece.max(initial=0.0) for piece in pieces]))


def _band(plane: np.ndarray, line: float) -> np.ndarray:
    """The part of a map from 12 mm above to 8 mm below a zero line."""
    top, bottom = round(line - 12 * _PX_PER_MM), round(line + 8 * _PX_PER_MM)
    return plane[max(0, top) : max(1, bottom)]


def _rows(heat: np.ndarray, ink: np.ndarray) -> np.ndarray:
    """Heights of the zero lines, px from the top, sub-pixel: peaks of the baseline map along x that have ink near."""
    profile = cv2.GaussianBlur(np.sort(heat, axis=1)[:, ::-1][:, : heat.shape[1] // 2].mean(1)[:, None], (1, 5), 1.0)[
        :, 0
    ]
    if profile.max() < 0.05:
        return np.array([])
    peaks, _ = find_peaks(
        profile,
        height=0.3 * profile.max(),
        distance=round(_NEAREST_ROWS_MM * _PX_PER_MM),
        prominence=0.15 * profile.max(),
    )
    reach = round(8 * _PX_PER_MM)
    inked = [ink[max(0, p - reach) : p + reach].max(0).mean() for p in peaks]
    peaks = peaks[np.array(inked) > 0.5 * max(inked, default=0)] if len(peaks) else peaks
    lines = []
    for p in peaks:
        near = slice(max(0, p - 3), p + 4)
        lines.append(float(np.average(np.arange(len(profile))[near], weights=profile[near] ** 2)))
    return np.array(lines)


def _pulse_width_mm(pulse: np.ndarray) -> float:
    """How far apart the sides of the pulses stand, 5 or 10 mm; NaN when neither stands out.

    Seen this coarsely a pulse is little more than its two sides, alike in every row: their sum down the page echoes.
    """
    side = pulse.sum(0)

    def echo(mm: float) -> float:
        step = round(mm * _PX_PER_MM)
        return float((side[:-step] * side[step:]).sum() / max((side**2).sum(), 1e-6))

    clear = {mm: echo(mm) - max(echo(0.5 * mm), echo(1.5 * mm)) for mm in (5.0, 10.0)}
    best = max(clear, key=lambda mm: clear[mm])
    return best if clear[best] > _ECHO else float("nan")


def _pulse_pitch_mm(pulse: np.ndarray) -> float:
    """How far apart the pulses of a row stand that has one before every column, mm; NaN where they do not repeat."""
    side = gaussian_filter1d(pulse.sum(0), _PULSE_BLUR_MM * _PX_PER_MM)
    side = np.minimum(side, _AS_GOOD_AS * side.max())  # one that is seen well must not drown the others
    least, most = (round(mm * _PX_PER_MM) for mm in _PITCHES_MM)
    echoes = np.correlate(side, side, "full")[len(side) - 1 :][:most] / max(float((side**2).sum()), 1e-6)
    tops = [lag for lag in find_peaks(echoes)[0] if lag >= least and echoes[lag] > _ECHO_OF_PULSE]
    return tops[0] / _PX_PER_MM if tops else float("nan")


def reach_mm(evidence: Evidence, baselines_mm: Sequence[float]) -> list[float]:
    """How far the ink that starts near each row's zero line goes straight up or down from it, mm."""
    pitch = float(np.median(np.diff(baselines_mm))) if len(baselines_mm) > 1 else _FARTHEST_MM
    mask = cv2.morphologyEx((evidence.flat > 0.3).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)) > 0
    near, far = round(_NEAR_MM * _PX_PER_MM), round(min(_FARTHEST_MM, _FARTHEST_ROWS * pitch) * _PX_PER_MM)
    padded = np.pad(mask, ((far + 1, far + 1), (0, 0)))
    reaches = []
    for baseline in baselines_mm:
        row = round((baseline - evidence.y0_mm) * _PX_PER_MM - 0.5) + far + 1
        reaches.append(max(_climb(padded, row, step, near, far) for step in (-1, 1)) / _PX_PER_MM)
    return reaches


def _climb(mask: np.ndarray, row: int, step: int, near: int, far: int) -> int:
    """How many rows on, in steps of `step`, some column is still inked without a gap from within `near` of `row`."""
    alive = np.zeros(mask.shape[1], bool)
    for off in range(far):
        inked = mask[row + step * off]
        alive = inked & (alive | (off <= near))
        if off > near and not alive.any():
            return off - 1
    return far
