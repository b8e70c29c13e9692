"""The table of what may happen to a printed page before it is pictured."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from simulate.wear.artefact import Artefact, Ground
from simulate.wear.covers import fingers, papers
from simulate.wear.damage import creases, fibre, holes, mould, quilting, stains, staples, tape, tears
from simulate.wear.layers import Layer
from simulate.wear.pens import calipers, handwriting, highlighter, redaction, stamps, stickers

# In the order in which they come onto the page.
WEAR: Mapping[str, Artefact] = {
    "fibre": fibre, "stamps": stamps, "handwriting": handwriting, "calipers": calipers, "highlighter": highlighter,
    "stains": stains, "mould": mould, "creases": creases, "quilting": quilting, "redaction": redaction,
    "stickers": stickers, "tape": tape, "holes": holes, "tears": tears, "staples": staples,
}  # fmt: skip
COVERS: Mapping[str, Artefact] = {"papers": papers, "fingers": fingers}  # above the paper and its shading


def layers_of(
    table: Mapping[str, Artefact], ground: Ground, strengths: Mapping[str, float], seed: int
) -> tuple[Layer, ...]:
    """The layers of every artefact with a strength above zero; none changes what another one does."""
    layers: list[Layer] = []
    for name, artefact in table.items():
        if strengths.get(name, 0.0) > 0:
            layers += artefact(ground, float(strengths[name]), np.random.default_rng([seed, 16, *name.encode()]))
    return tuple(layers)
