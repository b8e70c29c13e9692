"""Pictures of what single networks look at, where they have something to show: attention by stage, leads over time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure

from classify.classifier import Classifier, windows
from classify.diagnosis import Label
from classify.explanation.attention_maps import attention_maps, by_stage, draw_attention
from classify.explanation.lead_cam import draw_by_lead, grad_cam_by_lead
from classify.report.figures import save_png
from classify.signal.preprocessing import on_grid
from ecg.record import Record

_SHOWN = "II"  # the lead over which attention is drawn, where it is there


class NetworkPictures:
    """The pictures that a classifier's network has of the first window of a record."""

    def __init__(self, classifier: Classifier, record: Record) -> None:
        window = next(iter(windows(record)))
        self.net, self.labels, self.leads = classifier.net, classifier.card.labels, classifier.leads
        self.signal, *beside = (torch.from_numpy(np.asarray(part)) for part in classifier.inputs(window))
        self.other = [part[None] for part in beside]
        self.fs_hz = classifier.settings.fs_hz
        self.traces = on_grid(window, self.fs_hz, self.leads)

    def attention_by_stage(self) -> Figure | None:
        """The attention of every stage, and of the last layer, over a lead's trace; None without attention."""
        layers = attention_maps(self.net, self.signal, self.other)
        if not layers:
            return None
        printed = np.isfinite(self.traces).sum(1)
        row = self.leads.index(_SHOWN) if _SHOWN in self.leads else 0
        row = row if printed[row] else int(printed.argmax())
        return draw_attention(self.traces[row], self.fs_hz, [*by_stage(layers), layers[-1]], self.leads[row])

    def cam_by_lead(self, label: Label) -> Figure | None:
        """Grad-CAM of a label over leads and time; None for a network that keeps no leads apart."""
        output = self.labels.index((label.group, label.name))
        heat = grad_cam_by_lead(self.net, self.signal, self.other, output, len(self.leads))
        return None if heat is None else draw_by_lead(self.traces, self.fs_hz, heat, self.leads)


def save_if_any(figure: Figure | None, path: Path) -> None:
    """Save a picture that there is."""
    if figure is not None:
        save_png(figure, path)
