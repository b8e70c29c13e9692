"""Counting a grid's crossings into a lattice: a walk from neighbour to neighbour."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree


@dataclass(frozen=True)
class WalkThresholds:
    """How crossings are taken for neighbours; set on simulated pages, tilted and bent."""

    min_crossings: int = 12  # that make a lattice
    enough_share: float = 0.5  # share of all crossings in one walk after which no other start is tried
    slant_deg: float = 30.0  # a page is upright within this
    neighbour_steps: tuple[float, float] = (0.6, 1.7)  # how far apart neighbours are, in median distances
    min_neighbours: int = 6  # of each kind that say how far apart crossings usually are
    mode_radius: float = 0.15  # of a step, within which steps agree
    seed_radius: float = 0.2  # of a step, within which a start's four neighbours stand in place
    max_seeds: int = 40  # starts that are tried
    reach: float = 0.28  # of a step: a neighbour is looked for this near to where it should be
    inertia: float = 0.7  # what the local step keeps when a neighbour is taken up,
    gain: float = 0.3  # and what it takes from the step to that neighbour


_WALK = WalkThresholds()
_WAYS = ((0, 1), (0, -1), (1, 1), (1, -1))  # (axis, sign): to the right, to the left, down, up


@dataclass(frozen=True, eq=False)
class Lattice:
    """Crossings with their whole-number places: `px` [node, (x, y)], `steps` [node, (column, row)] of 5 mm."""

    px: np.ndarray
    steps: np.ndarray


def count_lattice(nodes: np.ndarray, *, leaps: bool = False) -> Lattice | None:
    """Give every crossing its whole-number place, walking from neighbour to neighbour; None when no lattice is there.

    With `leaps` the walk goes on behind a crossing that is missing: a fold or the edge of a shadow hides rows of them.
    The page must be nearly upright (its x axis within about 30 degrees of the picture's).
    """
    if len(nodes) < _WALK.min_crossings:
        return None
    tree = cKDTree(nodes)
    basis = _typical_basis(nodes, tree)
    if basis is None:
        return None
    best: dict[int, tuple[int, int]] = {}
    for start in _seeds(nodes, tree, basis):
        if start in best:
            continue
        found = _Walk(nodes, tree, start, basis).run(leaps)
        if len(found) > len(best):
            best = found
        if len(best) > _WALK.enough_share * len(nodes):
            break
    if len(best) < _WALK.min_crossings:
        return None
    index = np.fromiter(best.keys(), int)
    return Lattice(nodes[index], np.array(list(best.values())))


def _typical_basis(nodes: np.ndarray, tree: cKDTree) -> np.ndarray | None:
    """The usual steps to the right and down, px [(right, down), (x, y)]: medians over neighbours that agree."""
    _, near = tree.query(nodes, k=min(9, len(nodes)))
    steps = (nodes[near[:, 1:]] - nodes[:, None]).reshape(-1, 2)
    length = np.hypot(*steps.T)
    spacing = np.median(np.hypot(*(nodes[near[:, 1]] - nodes).T))
    near_one = (length > _WALK.neighbour_steps[0] * spacing) & (length < _WALK.neighbour_steps[1] * spacing)
    angle = np.degrees(np.arctan2(steps[:, 1], steps[:, 0]))
    right = steps[near_one & (np.abs(angle) < _WALK.slant_deg)]
    down = steps[near_one & (np.abs(angle - 90) < _WALK.slant_deg)]
    if min(len(right), len(down)) < _WALK.min_neighbours:
        return None
    return np.array([_mode(right), _mode(down)])


def _mode(steps: np.ndarray) -> np.ndarray:
    """The densest place among step vectors, then the mean around it."""
    tree = cKDTree(steps)
    radius = _WALK.mode_radius * float(np.median(np.hypot(*steps.T)))
    sample = steps[:: max(1, len(steps) // 400)]
    crowd = tree.query_ball_point(sample, radius, return_length=True)
    return steps[tree.query_ball_point(sample[int(np.argmax(crowd))], radius)].mean(0)


def _seeds(nodes: np.ndarray, tree: cKDTree, basis: np.ndarray) -> list[int]:
    """Nodes with all four neighbours in place, the most central first."""
    radius = _WALK.seed_radius * float(np.hypot(*basis[0]))
    around = [nodes + step for step in (basis[0], -basis[0], basis[1], -basis[1])]
    count = sum((tree.query(p, distance_upper_bound=radius)[0] < np.inf).astype(int) for p in around)
    distance = np.hypot(*(nodes - np.median(nodes, 0)).T)
    good = np.flatnonzero(count == 4)
    return good[np.argsort(distance[good])][: _WALK.max_seeds].tolist()


class _Walk:
    """A flood over crossings [node, (x, y)] from a start, each node carrying the local steps along."""

    def __init__(self, nodes: np.ndarray, tree: cKDTree, start: int, basis: np.ndarray) -> None:
        self.nodes, self.tree = nodes, tree
        self.places: dict[int, tuple[int, int]] = {start: (0, 0)}
        self.taken = {(0, 0)}
        self.steps = {start: basis}
        self.queue = [start]

    def run(self, leaps: bool) -> dict[int, tuple[int, int]]:
        """The places of all nodes that can be reached; with `leaps` also over gaps, once there is no other way on."""
        while self.queue:
            while self.queue:
                self._go_on(self.queue.pop(0), 1)
            for node in list(self.places) if leaps else ():
                self._go_on(node, 2)
        return self.places

    def _go_on(self, node: int, leap: int) -> None:
        """Take up the node's neighbours, `leap` steps away."""
        local = self.steps[node]
        ways = [way for way in _WAYS if self._place(node, way, 1) not in self.taken]
        if not ways:
            return
        aims = [self.nodes[node] + leap * sign * local[axis] for axis, sign in ways]
        distances, others = self.tree.query(aims)
        for way, distance, other in zip(ways, distances.tolist(), others.tolist(), strict=True):
            place = self._place(node, way, leap)
            is_near = distance < _WALK.reach * np.hypot(*local[way[0]])
            if is_near and place not in self.taken and other not in self.places:
                self._take(node, other, place, way, leap)

    def _place(self, node: int, way: tuple[int, int], far: int) -> tuple[int, int]:
        (col, row), (axis, sign) = self.places[node], way
        return (col + far * sign, row) if axis == 0 else (col, row + far * sign)

    def _take(self, node: int, other: int, place: tuple[int, int], way: tuple[int, int], leap: int) -> None:
        (axis, sign), moved = way, self.steps[node].copy()
        apart = self.nodes[other] - self.nodes[node]
        moved[axis] = _WALK.inertia * moved[axis] + _WALK.gain * sign * apart / leap
        self.places[other], self.steps[other] = place, moved
        self.taken.add(place)
        self.queue.append(other)
