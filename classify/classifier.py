"""`Classifier`: a Record in, a Diagnosis out, with the shipped weights or others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from classify import features
from classify.diagnosis import Diagnosis, Label
from classify.evaluate import calibrated
from classify.prepare import DURATION_S, on_grid, prepare
from classify.weights import DEFAULT, Card, load
from ecg.leads import STANDARD, limb_residual_mv
from ecg.record import Record

if TYPE_CHECKING:
    from torch import nn

FEWEST_LEADS = 6
SHORTEST_S = 5.0
FLAT_MV = 0.01
_LIMB_LIMIT_MV = 0.15
_LEAST_WINDOW_S = 5.0


class Classifier:
    """A network with its card; `Classifier.load()(record)` gives the diagnosis."""

    def __init__(self, net: nn.Module, card: Card) -> None:
        self.net, self.card = net, card

    @classmethod
    def load(cls, path: str | Path | None = None) -> Classifier:
        """With the shipped weights, or those of a .safetensors file with its .json beside it."""
        return cls(*load(Path(path) if path else DEFAULT))

    def __call__(self, record: Record) -> Diagnosis:
        """The diagnosis of a record with any of the twelve leads, printed for any part of its time."""
        used = usable_leads(record)
        quality = _quality(record, used)
        reasons = _reasons_to_abstain(used, quality)
        measured = dict(zip(features.NAMES, features.core_features(record).tolist(), strict=True))
        warnings = [f"no diagnosis: {reason}" for reason in reasons] + _doubts(record, used, quality)
        probability = np.full(len(self.card.labels), np.nan) if reasons else self._probabilities(record.select(used))
        labels = tuple(
            Label(group, name, float(p), self.card.thresholds[group][name])
            for (group, name), p in zip(self.card.labels, probability, strict=True)
        )
        return Diagnosis(labels, bool(reasons), used, quality, tuple(warnings), self.card.version, measured)

    def _probabilities(self, record: Record) -> np.ndarray:
        """Mean over windows of ten seconds, float64 [label]."""
        from classify.data import stack_channels
        from classify.recipe import DataSettings
        from classify.train import predict
        from ecg.fit.recipe import from_dict

        settings = from_dict(DataSettings, self.card.recipe["data"])
        fs_hz = settings.fs_hz
        inputs, measured = [], []
        for window in windows(record):
            inputs.append(stack_channels(*prepare(on_grid(window, fs_hz), fs_hz), settings))
            measured.append(features.for_network(features.core_features(window)))
        logits = predict(self.net, np.stack(inputs), np.stack(measured))
        return calibrated(logits.mean(0), self.card)


def windows(record: Record) -> Iterator[Record]:
    """Ten-second windows one after the other; a last short one counts when it holds at least five seconds."""
    count = max(1, int((record.duration_s + DURATION_S - _LEAST_WINDOW_S) // DURATION_S))
    for k in range(count):
        yield record.crop(record.start_s + k * DURATION_S, DURATION_S)


def usable_leads(record: Record) -> tuple[str, ...]:
    """The leads with at least 0.8 s of signal that is not flat, in standard order."""
    found = []
    for lead in (name for name in STANDARD if name in record.leads):
        values = record[lead][np.isfinite(record[lead])]
        if values.size >= 0.8 * record.fs_hz and values.std() > FLAT_MV:
            found.append(lead)
    return tuple(found)


def _quality(record: Record, used: tuple[str, ...]) -> dict[str, float]:
    """Leads, seconds in which any lead is printed, the printed part of 12 x 10 s, and the limb-law residual."""
    printed = np.isfinite(record.select(used).signal_mv) if used else np.zeros((1, record.samples), bool)
    return {
        "leads": float(len(used)),
        "seconds": float(printed.any(0).sum() / record.fs_hz),
        "printed": min(1.0, float(printed.sum() / record.fs_hz / (len(STANDARD) * DURATION_S))),
        "limb_residual_mv": limb_residual_mv(record.signal_mv, record.leads),
    }


def _reasons_to_abstain(used: tuple[str, ...], quality: dict[str, float]) -> list[str]:
    reasons = []
    if len(used) < FEWEST_LEADS:
        reasons.append(f"{len(used)} usable leads ({', '.join(used) or 'none'}), at least {FEWEST_LEADS} are needed")
    if used and quality["seconds"] < SHORTEST_S:
        reasons.append(f"{quality['seconds']:.1f} s of signal, at least {SHORTEST_S:.0f} s are needed")
    return reasons


def _doubts(record: Record, used: tuple[str, ...], quality: dict[str, float]) -> list[str]:
    """What does not forbid an answer but should be known."""
    doubts = []
    flat = [lead for lead in record.leads if lead not in used and np.isfinite(record[lead]).any()]
    if flat:
        doubts.append(f"not used, flat or too short: {', '.join(flat)}")
    missing = [lead for lead in STANDARD if lead not in used and lead not in flat]
    if missing and len(missing) < len(STANDARD):
        doubts.append(f"not printed: {', '.join(missing)}")
    if quality["limb_residual_mv"] > _LIMB_LIMIT_MV:
        residual = f"{quality['limb_residual_mv']:.2f} mV on average"
        doubts.append(f"the limb leads contradict each other by {residual}: misread, misnamed or scaled one by one")
    return doubts
