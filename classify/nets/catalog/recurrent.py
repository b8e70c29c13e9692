"""Recurrent networks: piecewise linear, LSTM, GRU, alone, for each lead, or behind convolutions."""

from __future__ import annotations

from collections.abc import Mapping

from classify.nets.catalog.convolutional import BLOCKS_50
from classify.nets.catalog.row import Row

_TWO_LAYERS = ((64, 0.4, True), (32, 0.3, False))


def _for_each_lead(**options: object) -> Row:
    return Row("gru", "LeadRecurrent", options)


def _after_seresnet50(reading: str) -> Row:
    return Row("gru", "ResidualRecurrent", {"reading": reading, "blocks": BLOCKS_50, "squeeze": True})


ROWS: Mapping[str, Row] = {
    "plrnn": Row("plrnn", "Plrnn", {}, {"features": 8, "branch": ((24, 0.2, True),), "hidden": _TWO_LAYERS}),
    "plrnn_shallow": Row("plrnn", "ShallowPlrnn"),
    "lstm_lite": Row("lstm", "LstmLite", {}, {"features": 8, "hidden": ((32, 0.3, True),)}),
    "cnn_bilstm": Row(
        "lstm", "CnnBiLstm", {},
        {"features": 8, "branch": ((32, 0.2, True), (16, 0.2, True)), "hidden": _TWO_LAYERS},
    ),
    "lstm": Row("lstm", "Lstm", {"units": 64}),
    "lstm_v1": Row("lstm", "Lstm", {"both_ways": True}),
    "lstm_v2": _for_each_lead(cell="lstm"),
    "gru_v1": _for_each_lead(),
    "gru_v1_shared": _for_each_lead(shared=True),
    "gru_v2_1": _for_each_lead(attention="after"),
    "gru_v2_2": _for_each_lead(attention="before"),
    "gru_v3": Row(
        "gru", "LeadRecurrent", {"attention": "after", "dropout": 0.3},
        {"demographics": True, "hidden": ((128, 0.3, False),)},
    ),
    "seresnet_gru_v1": _after_seresnet50("one"),
    "seresnet_gru_v2": _after_seresnet50("rows"),
    "seresnet_gru_v3": _after_seresnet50("regroup"),
}  # fmt: skip
