"""The channels of a network's input: the prepared leads, where they are printed, and their amplitudes."""

from __future__ import annotations

import numpy as np

from classify.signal.settings import DataSettings

_TYPICAL_SD_MV = 0.15  # the median standard deviation of a filtered lead in PTB-XL: the amplitude channel's zero
_MAX_LOG2_SD = 3.0  # an eighth to eight times the typical amplitude covers every lead that is not an artefact


def stack_channels(z: np.ndarray, seen: np.ndarray, spread_mv: np.ndarray | None, settings: DataSettings) -> np.ndarray:
    """The network's input [channel, sample]: the leads, then per lead what the settings ask for.

    `z` and `seen` are [lead, sample], `spread_mv` [lead], as `preprocessing.prepare` gives them. Mask channels are 1
    where the lead is printed. Amplitude channels hold log2(spread / 0.15 mV) there, so that voltage survives the
    z-score; they are 0, the typical value, where the unit is not known (`spread_mv` None).
    """
    parts = [z]
    if settings.mask_channels:
        parts.append(seen.astype(np.float32))
    if settings.amplitude_channels:
        known = np.zeros(len(z), np.float32) if spread_mv is None else spread_mv
        level = np.where(known > 0, np.log2(np.maximum(known, 1e-6) / _TYPICAL_SD_MV), 0.0)
        parts.append((np.clip(level, -_MAX_LOG2_SD, _MAX_LOG2_SD)[:, None] * seen).astype(np.float32))
    return np.concatenate(parts)
