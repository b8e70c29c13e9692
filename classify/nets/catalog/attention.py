"""Networks that weigh their steps: recurrent ones for single beats, and a small transformer."""

from __future__ import annotations

from collections.abc import Mapping

from classify.nets.catalog.row import Row

ROWS: Mapping[str, Row] = {
    "lstm_soft_attention": Row("attention", "SoftAttention"),
    "lstm_bahdanau": Row("attention", "Bahdanau"),
    "transformer": Row("attention", "Transformer"),
}
