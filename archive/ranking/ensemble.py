"""What each network of a classifier says of a recording."""

from __future__ import annotations

import numpy as np
import torch

from classify.classifier import Classifier
from classify.nets.ensemble import Ensemble
from classify.signal.preprocessing import DURATION_S
from ecg.record import Record


def members(classifier: Classifier, record: Record) -> np.ndarray:
    """Calibrated probabilities [member, 1, label] of the first ten seconds.

    Raises ValueError for weights of a single network.
    """
    net = classifier.net
    if not isinstance(net, Ensemble):
        raise ValueError("--by disagreement needs weights of several networks; classify.ensemble makes such")
    inputs = classifier.inputs(record.crop(record.start_s, DURATION_S))
    with torch.no_grad():
        logits = net.each(*(torch.from_numpy(np.ascontiguousarray(part))[None] for part in inputs))
    return classifier.card.calibrated(logits.float().numpy())
