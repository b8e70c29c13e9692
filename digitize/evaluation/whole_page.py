"""Pages read by the signal head of a whole-page network, as a run of configs/whole_page.yaml trains it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import torch

from digitize.grid.corners import Corners
from digitize.nets.inputs import ROW_CLASSES, fit_image, to_tensor
from digitize.nets.networks import HeadsNetwork
from digitize.nets.reconstruction import ReconstructionNet
from digitize.pipeline import Digitizer
from digitize.stages import Leads, PageHints, RowReading
from digitize.trace.assemble import assemble
from digitize.trace.column_start import start_mm
from digitize.trace.path_decoding import decode_columns
from digitize.training.recipe import only_pass, recipe_from_dict
from ecg.fit.checkpoint import fill, load, weights
from ecg.fit.device import autocast_for
from ecg.geometry import PageGeometry, project
from ecg.layout import Layout, LeadBox, Template
from ecg.leads import STANDARD
from ecg.page import Page, Trace
from ecg.reading import Reading, ReadingFacts

_MARGIN = 0.06  # of the traces' size, left around them as a page does
_PRESENT = 0.5
_BEYOND = 0.5  # of a row's height that a lead may reach into the next one
_ASIDE = 0.03  # of the picture's width that a box may have been placed beside its lead
_NOWHERE = -30.0  # the logit of a place where a lead cannot be


@dataclass(frozen=True, eq=False)
class Curves:
    """What the signal head says of a page under `matrix` [3, 3] (page px to the network's px).

    `height_px`, `certainty`, `presence` and `edge`, whether the lead begins or ends there, are [12, column].
    """

    matrix: np.ndarray
    height_px: np.ndarray
    certainty: np.ndarray
    presence: np.ndarray
    edge: np.ndarray


@dataclass(frozen=True, eq=False)
class SinglePass:
    """A page's place, layout and speed from a `Digitizer`, its curves from the signal head of a whole-page network.

    The gain is the given or the printed one: the row pass, which measures pulses, is not asked.
    """

    digitizer: Digitizer
    net: HeadsNetwork
    size_px: tuple[int, int]
    version: str = ""

    @classmethod
    def load(cls, checkpoint: Path, device: str = "cpu", digitizer: Digitizer | None = None) -> SinglePass:
        """The network of a run, and a digitizer, by default with the shipped weights.

        Raises ValueError where the network has no signal head.
        """
        state = load(checkpoint)
        recipe = only_pass(recipe_from_dict(state["recipe"]), checkpoint)
        if recipe.kind != "page" or "signal" not in recipe.net.heads:
            raise ValueError(f"{checkpoint}: expected a page pass with a signal head (configs/whole_page.yaml)")
        net = ReconstructionNet(recipe.net)
        fill(net, weights(state), checkpoint)
        version = f"{checkpoint.parent.parent.name}/{checkpoint.name}"
        return cls(digitizer or Digitizer.load(device=device), net.eval().to(device), recipe.pages.size_px, version)

    def __call__(
        self,
        page: Page,
        layout: Template | str | None = None,
        mm_per_s: float | None = None,
        mm_per_mv: float | None = None,
        corners_px: Corners | None = None,
    ) -> Reading:
        """Read a page from its pixels; raises NotAnEcg for a page that is refused."""
        page, located = self.digitizer.place(page, PageHints.of(layout, mm_per_s, mm_per_mv, corners_px))
        geometry, found = located.geometry, located.layout
        curves = self._look(page, geometry, found)
        moved = found.shifted(start_mm(as_rows(curves, geometry, found), found) - found.extent_mm[0], 0.0)
        placed = replace(moved, mm_per_mv=mm_per_mv or found.mm_per_mv)
        traces = tuple(cut(box, curves, geometry, placed) for box in placed.boxes)
        leads = Leads(geometry, placed, traces, located.notes, located.is_confirmed, located.certain_strips)
        versions = {**self.digitizer.nets.versions, "signal": self.version}
        return assemble(page, leads, ReadingFacts(weights=versions, read_from="signal head"))

    def _look(self, page: Page, geometry: PageGeometry, layout: Layout) -> Curves:
        matrix = upright(geometry, layout, self.size_px)
        device = next(self.net.parameters()).device
        image = to_tensor(fit_image(page.pixels, matrix, self.size_px))[None].to(device)
        with torch.inference_mode(), autocast_for("auto", image.device)():
            out = {name: value[0].float().cpu() for name, value in self.net(image).items()}
        near = torch.from_numpy(near_its_box(geometry, layout, matrix, self.size_px))
        height, certainty = decode_columns(out["signal"].masked_fill(~near, _NOWHERE))
        presence, edge = (out[name].sigmoid().numpy() for name in ("signal_valid", "signal_edge"))
        return Curves(matrix, height.numpy().astype(float), certainty.numpy(), presence, edge)


def upright(geometry: PageGeometry, layout: Layout, size_px: tuple[int, int]) -> np.ndarray:
    """The matrix [3, 3] from page px that brings the traces upright into a picture of `size_px`, as large as fits."""
    x0, y0, x1, y1 = layout.extent_mm
    wide, high = (1 + 2 * _MARGIN) * (x1 - x0), (1 + 2 * _MARGIN) * (y1 - y0)
    scale = min(size_px[0] / wide, size_px[1] / high)
    corners_mm = np.array([[x0, y0], [x1, y0], [x0, y1]])
    middle = np.array([(x0 + x1) / 2, (y0 + y1) / 2])
    into_px = (corners_mm - middle) * scale + (np.array(size_px) - 1) / 2
    affine = cv2.getAffineTransform(geometry.to_px(corners_mm).astype(np.float32), into_px.astype(np.float32))
    return np.vstack([affine, [0, 0, 1]])


def near_its_box(geometry: PageGeometry, layout: Layout, matrix: np.ndarray, size_px: tuple[int, int]) -> np.ndarray:
    """Where each lead may be, bool [12, row, col]: in its box (the short one before the strip) and half a row on.

    Columns beside its boxes, up to `_ASIDE` of the picture's width, are as the box is at its end: boxes are still moved
    to where the curves begin, and a column where a lead may be nowhere has no height.
    """
    near = np.zeros((len(STANDARD), size_px[1], size_px[0]), np.uint8)
    for box in sorted(layout.boxes, key=lambda box: not box.is_rhythm):
        x0, y0, x1, y1 = box.box_mm
        more = _BEYOND * (y1 - y0)
        corners_mm = np.array([[x0, y0 - more], [x1, y0 - more], [x1, y1 + more], [x0, y1 + more]])
        corners = np.round(project(matrix, geometry.to_px(corners_mm))).astype(np.int32)
        mine = near[_index(box)]
        mine[:, max(corners[:, 0].min(), 0) : max(corners[:, 0].max() + 1, 0)] = 0
        cv2.fillPoly(mine, [corners], 1)
    columns, aside = np.arange(size_px[0]), round(_ASIDE * size_px[0])
    for mine in near:
        covered = np.flatnonzero(mine.any(0))
        if covered.size:
            nearest = covered[np.abs(covered[:, None] - columns).argmin(0)]
            mine[:] = mine[:, nearest] * (np.abs(nearest - columns) <= aside)
    return near > 0


def as_rows(curves: Curves, geometry: PageGeometry, layout: Layout) -> list[RowReading]:
    """What the head says of each row's leads together, as the row pass says it; the zero line stands for the curve."""
    columns = np.arange(curves.height_px.shape[1])
    rows = []
    for boxes in layout.rows():
        x0, x1, zero_mm = boxes[0].box_mm[0], boxes[-1].box_mm[2], boxes[0].baseline_mm
        ends = project(curves.matrix, geometry.to_px(np.array([[x0, zero_mm], [x1, zero_mm]])))
        line = np.stack([columns, np.interp(columns, ends[:, 0], ends[:, 1])], axis=-1)
        x_mm = geometry.to_mm(project(np.linalg.inv(curves.matrix), line))[:, 0]
        leads = [_index(box) for box in boxes]
        presence, edge = curves.presence[leads].max(0), curves.edge[leads].max(0)
        no_pulses = np.zeros((ROW_CLASSES, 1, 1), np.float32)
        rows.append(RowReading(x_mm, np.full(x_mm.shape, zero_mm), presence, presence, edge, no_pulses))
    return rows


def cut(box: LeadBox, curves: Curves, geometry: PageGeometry, layout: Layout) -> Trace:
    """The columns of a lead's curve that are a box's, in page px; NaN where the network sees no ink of the lead.

    The head has one curve for each lead: where a rhythm strip's lead also stands in a short box, it is the short one's.
    """
    index = _index(box)
    columns = np.arange(curves.height_px.shape[1])
    points = np.stack([columns, curves.height_px[index]], axis=-1)
    px = project(np.linalg.inv(curves.matrix), points)
    x_mm = geometry.to_mm(px)[:, 0]
    mine = _within(x_mm, box)
    if box.is_rhythm:
        for other in layout.boxes:
            if not other.is_rhythm and _index(other) == index:
                mine &= ~_within(x_mm, other)
    seen = curves.presence[index] > _PRESENT
    y_px = np.where(seen, px[:, 1], np.nan)
    confidence = np.where(seen, curves.presence[index] * curves.certainty[index], 0.0)
    return Trace(box.lead, px[mine, 0], y_px[mine], confidence[mine])


def _index(box: LeadBox) -> int:
    return STANDARD.index(box.lead.removeprefix("-"))


def _within(x_mm: np.ndarray, box: LeadBox) -> np.ndarray:
    inside: np.ndarray = (x_mm >= box.box_mm[0]) & (x_mm <= box.box_mm[2])
    return inside
