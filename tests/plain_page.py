"""Pages on plain paper, and what flawless networks see of them."""

from __future__ import annotations

from dataclasses import replace

from oracle import SIZE_PX, Oracle, heart, scene

from digitize.grid.page_view import PageView, closer
from digitize.nets.inputs import fit_matrix
from ecg.page import Page
from ecg.reading import Reading


def plain(
    seed: int, preset: str = "clean", name: str = "3x4+1", pulse: str = "left", mm_per_mv: float = 10.0
) -> tuple[Page, Reading]:
    """A page without a grid and its truth."""
    found = scene(seed, preset, name, mm_per_mv=mm_per_mv, pulse=pulse)
    x0, y0, x1, y1 = found.layout.extent_mm
    room = (x0 - 25, y0 - 15, x1 + 10, y1 + 10)  # for the pulses as well
    paper = replace(found.paper, kind="none", ink_strength=1.0, extent_mm=room, grid_mm=room)
    whole = replace(found, paper=paper, frame_mm=room, shift=(0.0, 0.0), fill=min(found.fill, 0.95))
    return replace(whole, effects={}, quarter_turns=0).render(heart(seed))


def view_of(page: Page, truth: Reading) -> PageView:
    oracle = Oracle(truth)
    first = oracle.look(None, page.pixels, fit_matrix(page.size_px, SIZE_PX))
    return oracle.look(None, page.pixels, closer(first, SIZE_PX))
