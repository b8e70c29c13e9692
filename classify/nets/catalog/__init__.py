"""Every network by name, one file of rows per family; nothing here needs torch, so that naming a network is cheap."""

from __future__ import annotations

from collections.abc import Mapping

from classify.nets.catalog import (
    attention,
    convolutional,
    ensemble,
    inceptionformer,
    leadwise,
    recurrent,
    state_space,
)
from classify.nets.catalog.row import Row

__all__ = ["NAMES", "NETS", "Row"]

_FAMILIES = (convolutional, recurrent, attention, state_space, inceptionformer, leadwise, ensemble)
NETS: Mapping[str, Row] = {name: row for family in _FAMILIES for name, row in family.ROWS.items()}
NAMES: tuple[str, ...] = tuple(NETS)
