"""What a flawless page network sees of a page whose traces lie whole in the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from oracle import SIZE_PX, Oracle, scene, starts_mm, unpainted

from digitize.grid.page_view import PageView, look_twice
from digitize.layout.candidates import GeometryCandidate, Scale
from digitize.layout.evidence import Evidence, gather
from digitize.layout.find import find_layout
from digitize.layout.printed_words import PrintedWord
from digitize.stages import LocatedPage, PageHints
from ecg.layout import Layout
from ecg.reading import Reading
from simulate.printed.machine import apart
from simulate.scene import Scene
from simulate.wear.wear import COVERS


def whole(seed: int, preset: str, name: str, mm_per_s: float = 25.0, **changes: object) -> Scene:
    """A scene whose traces lie whole in the picture, under nothing."""
    found = scene(seed, preset, name, mm_per_s, **changes)  # type: ignore[arg-type]
    bare = {k: v for k, v in found.effects.items() if k not in COVERS}
    return replace(found, effects=bare, fill=min(found.fill, 0.95), frame_mm=found.paper.extent_mm, shift=(0.0, 0.0))


def view_of(truth: Reading, monkeypatch: pytest.MonkeyPatch) -> PageView:
    monkeypatch.setattr("digitize.grid.page_view.look", Oracle(truth).look)
    return look_twice(None, truth.page.pixels, SIZE_PX)


def words_on(truth: Reading) -> list[PrintedWord]:
    return Oracle(truth).read_words(None, truth.page.pixels, truth.geometry, (0.0, 0.0, 100.0, 100.0))


def evidence_of(truth: Reading, monkeypatch: pytest.MonkeyPatch) -> Evidence:
    return gather(view_of(truth, monkeypatch), truth.geometry, words_on(truth))


NO_HINTS = PageHints()


def lay(view: PageView, truth: Reading, words: Sequence[PrintedWord], hints: PageHints = NO_HINTS) -> LocatedPage:
    """The layout that a view shows on the page's true geometry."""
    return find_layout(GeometryCandidate(Scale.CROSSINGS, view, truth.geometry, words), hints)


def agrees(found: Layout, wanted: Layout) -> None:
    assert (found.name, found.mm_per_s) == (wanted.name, wanted.mm_per_s)
    assert [b.lead for b in found.boxes] == [b.lead for b in wanted.boxes]
    spans = [[(b.t0_s, b.t1_s) for b in layout.boxes] for layout in (found, wanted)]
    np.testing.assert_allclose(*spans)
    off = np.abs(starts_mm(found.boxes) - starts_mm(wanted.boxes))
    assert off[:, 0].max() < 1.1
    assert off[:, 1].max() < 0.3


def with_pulses_between(name: str, room_mm: float) -> Reading:
    found = whole(27, "clean", name, pulse="none")
    x0, y0, x1, y1 = found.paper.extent_mm
    sheet = (x0, y0, x1 + 4 * room_mm, y1)
    paper = replace(found.paper, extent_mm=sheet, grid_mm=sheet)
    apart_ = replace(found, layout=apart(found.layout, room_mm), paper=paper, frame_mm=sheet)
    return unpainted(replace(apart_, style=replace(found.style, pulse="between", pulse_room_mm=room_mm)))
