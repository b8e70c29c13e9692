"""What the page network's coarse map of calibration pulses tells: how wide they are, and how far apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

from digitize.layout.zero_lines import PX_PER_MM


@dataclass(frozen=True)
class PulseMapThresholds:
    """When pulses are seen in the page network's map; set on simulated pages with and without pulses."""

    widths_mm: tuple[float, float] = (5.0, 10.0)  # of pulses at 25 and at 50 mm/s
    min_width_echo: float = 0.15  # share of the sides that have another side a pulse's width away, beyond chance
    blur_mm: float = 1.0  # a pulse between columns is known to stand within this
    max_share: float = 0.3  # a pulse of this share of the clearest one counts as much as that
    min_pitch_echo: float = 0.3  # one of two pulses repeats half of what there is, one of three two thirds
    pitches_mm: tuple[float, float] = (45.0, 160.0)  # pulses between columns stand this far apart


_PULSES = PulseMapThresholds()


def pulse_width_mm(pulse: np.ndarray) -> float:
    """How far apart the sides of the pulses stand, 5 or 10 mm; NaN when neither stands out.

    Seen this coarsely a pulse is little more than its two sides, alike in every row: their sum down the page echoes.
    """
    side = pulse.sum(0)

    def echo(mm: float) -> float:
        step = round(mm * PX_PER_MM)
        return float((side[:-step] * side[step:]).sum() / max((side**2).sum(), 1e-6))

    clear = {mm: echo(mm) - max(echo(0.5 * mm), echo(1.5 * mm)) for mm in _PULSES.widths_mm}
    best = max(clear, key=lambda mm: clear[mm])
    return best if clear[best] > _PULSES.min_width_echo else float("nan")


def pulse_pitch_mm(pulse: np.ndarray) -> float:
    """How far apart the pulses of a row stand that has one before every column, mm; NaN where they do not repeat."""
    side = gaussian_filter1d(pulse.sum(0), _PULSES.blur_mm * PX_PER_MM)
    side = np.minimum(side, _PULSES.max_share * side.max())  # one that is seen well must not drown the others
    least, most = (round(mm * PX_PER_MM) for mm in _PULSES.pitches_mm)
    echoes = np.correlate(side, side, "full")[len(side) - 1 :][:most] / max(float((side**2).sum()), 1e-6)
    tops = [lag for lag in find_peaks(echoes)[0] if lag >= least and echoes[lag] > _PULSES.min_pitch_echo]
    return tops[0] / PX_PER_MM if tops else float("nan")
