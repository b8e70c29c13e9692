"""Which geometries of the paper one view of a page gives, and which of them fits best."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from digitize.errors import NoGrid, NotAnEcg
from digitize.grid.fine_grid import fine_geometry
from digitize.grid.lattice import fit_geometry, see_lattice
from digitize.grid.lattice_walk import Lattice
from digitize.grid.page_view import PageView
from digitize.grid.periodicity import CLEAR_PERIODICITY, periodicity
from digitize.grid.phase_refinement import refine
from ecg.geometry import PageGeometry, project

_MIN_CROSSINGS = 40
_MUCH_CLEARER = 2.0  # by this factor the fine lines' periodicity has to be clearer than that of the crossings


@dataclass(frozen=True, eq=False)
class GridGeometries:
    """The geometries that a view of a page gives: each costs seconds and is made once, when it is asked for.

    `pixels` is the page, uint8 [row, col, RGB].
    """

    pixels: np.ndarray
    view: PageView

    def clearest(self) -> PageGeometry:
        """Paper millimetres from the grid's crossings and the phase of its lines; from fine lines if more fit them.

        Raises NoGrid where no crossings are seen, NotAnEcg where they make no sheet.
        """
        crossings = self.by_crossings()
        clarity = periodicity(self.pixels, crossings)
        if clarity > CLEAR_PERIODICITY or self.by_fine_lines is None:
            return crossings  # lines 1 mm apart show no crossings that could be counted
        is_clearer = periodicity(self.pixels, self.by_fine_lines) >= _MUCH_CLEARER * clarity
        return self.by_fine_lines if is_clearer else crossings

    def by_crossings(self) -> PageGeometry:
        """Paper millimetres from the crossings alone. Raises as `clearest`."""
        lattice = see_lattice(self.view.grid)
        if lattice is None or len(lattice.px) < _MIN_CROSSINGS:
            count = 0 if lattice is None else len(lattice.px)
            raise NoGrid(
                f"no ECG grid was found ({count} crossings of 5 mm lines seen, {_MIN_CROSSINGS} needed): "
                "expected a picture of an ECG on its printed grid, sharp enough to see the lines"
            )
        px = project(np.linalg.inv(self.view.matrix), lattice.px)
        try:
            geometry = fit_geometry(Lattice(px, lattice.steps))
        except ValueError as error:
            raise NotAnEcg(str(error), "no-sheet") from error
        return refine(self.pixels, geometry)

    @cached_property
    def by_fine_lines(self) -> PageGeometry | None:
        """Paper millimetres from the periodicity of the finest lines, where no crossings of 5 mm lines are seen."""
        geometry = fine_geometry(self.pixels, self.view)
        return None if geometry is None else refine(self.pixels, geometry)
