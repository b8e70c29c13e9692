"""Crossings found between pixels, and the sheet through them."""

from __future__ import annotations

import cv2
import numpy as np
from gridded_page import EXTENT_MM, crossings, glow
from oracle import SIZE_PX

from digitize.grid.lattice import astray, find_nodes, fit_geometry, see_lattice
from digitize.grid.lattice_walk import Lattice
from ecg.geometry import PageGeometry
from simulate.capture.camera import View, look


def test_nodes_are_found_between_pixels() -> None:
    rng = np.random.default_rng(0)
    x, y = np.meshgrid(np.arange(8, 120, 9), np.arange(8, 80, 9))
    wanted = np.stack([x.ravel(), y.ravel()], -1) + rng.uniform(-0.5, 0.5, (x.size, 2))
    heat = np.zeros((90, 130), np.float32)
    rows, cols = np.mgrid[:90, :130]
    for px in wanted:
        heat = np.maximum(heat, np.exp(-((cols - px[0]) ** 2 + (rows - px[1]) ** 2) / (2 * 1.2**2)))
    heat += rng.uniform(0, 0.1, heat.shape)  # faint clutter is not taken for a crossing
    found = find_nodes(heat)
    distance = np.hypot(*(found[:, None] - wanted).transpose(2, 0, 1))
    assert len(found) == len(wanted)
    assert np.sort(distance.argmin(1)).tolist() == list(range(len(wanted)))
    assert np.median(distance.min(1)) < 0.05 and distance.min(1).max() < 0.15


def test_faint_glows_between_the_crossings_are_not_counted_as_a_lattice_of_their_own() -> None:
    rng = np.random.default_rng(0)
    every = np.stack(np.meshgrid(np.arange(1, 83), np.arange(1, 61)), -1).reshape(-1, 2)
    crossing = (every % 2 == 0).all(-1)
    clump = cv2.GaussianBlur(rng.normal(0, 1, SIZE_PX[::-1]).astype(np.float32), (0, 0), 9)
    between = 6 * every[~crossing & (clump[tuple(6 * every.T[::-1])] > 0.03)]
    lattice = see_lattice(glow(6 * every[crossing], 0.8) + glow(between, 0.4))
    assert lattice is not None
    assert len(lattice.px) > 0.9 * crossing.sum()
    step_px = np.linalg.lstsq(np.c_[lattice.steps, np.ones(len(lattice.px))], lattice.px, rcond=None)[0][:2]
    np.testing.assert_allclose(step_px, [[12, 0], [0, 12]], atol=0.05)


def test_a_count_that_slipped_by_lines_is_told_from_a_bent_page() -> None:
    px, steps = crossings(View(5.0, 20.0, 40.0, 2.0, 2.5), np.random.default_rng(1))
    assert astray(Lattice(px, steps)) == 0.0
    slipped = steps + np.stack([np.zeros(len(steps), int), steps[:, 0] // 12], -1)  # one line more every 12 columns
    assert astray(Lattice(px, slipped)) > 0.025


def test_the_map_through_exact_crossings_is_exact() -> None:
    rng = np.random.default_rng(3)
    view = View(5.0, 20.0, 40.0, 2.0, 2.5)
    geometry = look(view, EXTENT_MM, (1600, 1200), 0.9, (0.0, 0.0), rng)
    steps = np.stack(np.meshgrid(np.arange(2, 51), np.arange(2, 35)), -1).reshape(-1, 2)
    found = fit_geometry(Lattice(geometry.to_px(steps * 5.0), steps))
    mm = rng.uniform([15, 15], [245, 165], (200, 2))
    error = np.hypot(*(found.to_mm(geometry.to_px(mm)) - mm).T)
    assert np.median(error) < 0.03 and np.percentile(error, 95) < 0.2


def test_miscounted_crossings_do_not_bend_the_map() -> None:
    rng = np.random.default_rng(4)
    geometry = look(View(3.0, 10.0, 200.0, 2.0, 1.0), EXTENT_MM, (1600, 1200), 0.9, (0.0, 0.0), rng)
    steps = np.stack(np.meshgrid(np.arange(2, 51), np.arange(2, 35)), -1).reshape(-1, 2)
    px = geometry.to_px(steps * 5.0)
    counted = steps + (rng.random(steps.shape) < 0.03)
    found = fit_geometry(Lattice(px, counted))
    error = np.hypot(*(found.to_mm(px) - steps * 5.0).T)
    assert np.median(error) < 0.05 and np.percentile(error, 95) < 0.2


def test_a_walk_that_slipped_by_a_line_does_not_bend_a_flat_sheet() -> None:
    steps = np.stack(np.meshgrid(np.arange(40), np.arange(28)), -1).reshape(-1, 2)
    sheet = PageGeometry(np.array([[7.9, 0.1, 30.0], [-0.05, 7.8, 20.0], [1e-5, 2e-5, 1.0]]))
    slipped = steps.copy()
    slipped[steps[:, 1] > 17, 0] += 1
    found = fit_geometry(Lattice(sheet.to_px(steps * 5.0), slipped))
    mm = np.random.default_rng(0).uniform([5, 5], [190, 130], (50, 2))
    assert np.abs(found.to_px(mm) - sheet.to_px(mm)).max() < 0.1
