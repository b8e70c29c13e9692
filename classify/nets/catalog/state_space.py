"""Structured state space networks."""

from __future__ import annotations

from collections.abc import Mapping

from classify.nets.catalog.row import Row

ROWS: Mapping[str, Row] = {"s4": Row("s4", "S4")}
