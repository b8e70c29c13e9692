"""Several trained networks whose logits are averaged."""

from __future__ import annotations

from collections.abc import Mapping

from classify.nets.catalog.row import Row

ROWS: Mapping[str, Row] = {"ensemble": Row("ensemble", "Ensemble", {}, None)}
