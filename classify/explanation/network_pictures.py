"""Pictures of what single networks look at, where they have something to show: attention by stage, leads over time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from classify.classifier import Classifier, windows
from classify.diagnosis import Label
from classify.explanation.attention_maps import attention_maps, by_stage, draw_attention
from classify.explanation.lead_cam import draw_by_lead, grad_cam_by_lead
from classify.report.figures import save_png
from classify.signal.preprocessing import on_grid
from ecg.record import Record

_SHOWN = "II"  # the lead over which attention is drawn, where it is there


def attention_by_stage(classifier: Classifier, record: Record) -> Figure | None:
    """The attention of every stage, and of the last layer, over the first window's trace; None without attention."""
    window = next(iter(windows(record)))
    signal, other = _inputs(classifier, window)
    layers = attention_maps(classifier.net, signal, other)
    if not layers:
        return None
    traces, fs_hz = on_grid(window, classifier.settings.fs_hz, classifier.leads), classifier.settings.fs_hz
    printed = np.isfinite(traces).sum(1)
    row = classifier.leads.index(_SHOWN) if _SHOWN in classifier.leads else 0
    row = row if printed[row] else int(printed.argmax())
    return draw_attention(traces[row], fs_hz, [*by_stage(layers), layers[-1]], classifier.leads[row])


def cam_by_lead(classifier: Classifier, record: Record, label: Label) -> Figure | None:
    """Grad-CAM of a label over leads and time; None for a network that keeps no leads apart."""
    window = next(iter(windows(record)))
    signal, other = _inputs(classifier, window)
    output = classifier.card.labels.index((label.group, label.name))
    heat = grad_cam_by_lead(classifier.net, signal, other, output, len(classifier.leads))
    if heat is None:
        return None
    fs_hz = classifier.settings.fs_hz
    return draw_by_lead(on_grid(window, fs_hz, classifier.leads), fs_hz, heat, classifier.leads)


def _inputs(classifier: Classifier, window: Record) -> tuple[Tensor, list[Tensor]]:
    signal, *beside = (torch.from_numpy(np.asarray(part)) for part in classifier.inputs(window))
    return signal, [part[None] for part in beside]


def save_if_any(figure: Figure | None, path: Path) -> None:
    """Save a picture that there is."""
    if figure is not None:
        save_png(figure, path)
