"""Which maps of the paper a look at a page gives, and which of them fits best."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ecg.errors import InputError
from ecg.geometry import PageGeometry, project

if TYPE_CHECKING:
    from digitize.grid.page_view import View
    from ecg.reading import Page

_LEAST_CROSSINGS = 40
_LOUDER = 2.0  # another map of the page has to be heard so much more clearly


class NotAnEcg(InputError):
    """A page that is refused; the message says what was seen and what to do."""


class NoGrid(NotAnEcg):
    """No grid was seen: a scale has to come from elsewhere."""


@dataclass(frozen=True, eq=False)
class Maps:
    """The maps that one look at a page gives: each costs seconds and is made once, when it is asked for."""

    page: Page
    view: View

    def clearest(self) -> PageGeometry:
        """Paper millimetres from the grid's crossings and the phase of its lines; from fine lines if more fit them.

        Raises NoGrid where no crossings are seen, NotAnEcg where they make no sheet.
        """
        from digitize.grid.periodicity import CLEAR, loudness

        crossings, pixels = self.by_crossings(), self.page.pixels
        heard = loudness(pixels, crossings)
        if heard > CLEAR or self.close is None:
            return crossings  # lines 1 mm apart show no crossings that could be counted
        return self.close if loudness(pixels, self.close) >= _LOUDER * heard else crossings

    def by_crossings(self) -> PageGeometry:
        """Paper millimetres from the crossings alone. Raises as `clearest`."""
        from digitize.grid.lattice import Lattice, fit_geometry, see_lattice
        from digitize.grid.phase_refinement import refine

        lattice = see_lattice(self.view.grid)
        if lattice is None or len(lattice.px) < _LEAST_CROSSINGS:
            seen = 0 if lattice is None else len(lattice.px)
            raise NoGrid(
                f"no ECG grid was found ({seen} crossings of 5 mm lines seen, {_LEAST_CROSSINGS} needed): "
                "expected a picture of an ECG on its printed grid, sharp enough to see the lines"
            )
        px = project(np.linalg.inv(self.view.matrix), lattice.px)
        try:
            geometry = fit_geometry(Lattice(px, lattice.steps))
        except ValueError as error:
            raise NotAnEcg(str(error)) from error
        return refine(self.page.pixels, geometry)

    @cached_property
    def close(self) -> PageGeometry | None:
        """Paper millimetres from the rhythm of the finest lines, where no crossings of 5 mm lines are seen."""
        from digitize.grid.fine_grid import close_geometry
        from digitize.grid.phase_refinement import refine

        geometry = close_geometry(self.page.pixels, self.view)
        return None if geometry is None else refine(self.page.pixels, geometry)
