"""Which geometries of the paper one view of a page gives, and which of them fits best."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from digitize.errors import NoGrid, NotAnEcg
from digitize.grid.fine_grid import fine_geometry
from digitize.grid.flat_sheet import flat_sheet
from digitize.grid.lattice import fit_geometry, see_lattice
from digitize.grid.lattice_walk import Lattice
from digitize.grid.page_view import PageView
from digitize.grid.periodicity import CLEAR_PERIODICITY, clarity_both_ways, periodicity, shows_both_lines
from digitize.grid.phase_refinement import refine
from ecg.geometry import PageGeometry, project

_MIN_CROSSINGS = 40
_MULTIPLES = (1 / 5, 2 / 5, 1 / 2, 1.0, 2.0, 5 / 2, 5.0)  # of 1 mm that the finest lines, or their harmonics, are apart
_NEAR_MULTIPLE = 0.03  # share within which a scale is that multiple
_AS_CLEAR = 0.8  # share of a bent sheet's clarity from which on a plane is as clear
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

        Where all lines of the page are in step on one plane, that is the sheet, however crossings were counted.
        Raises NoGrid where no crossings are seen, NotAnEcg where they make no sheet.
        """
        crossings = self.by_crossings()
        if crossings.bend_mm is None and shows_both_lines(self.pixels, crossings):
            return crossings
        if (flat := self._flat_near(crossings)) is not None:
            return flat
        clarity = periodicity(self.pixels, crossings)
        if clarity > CLEAR_PERIODICITY or self.by_fine_lines is None:
            return crossings  # lines 1 mm apart show no crossings that could be counted
        is_clearer = periodicity(self.pixels, self.by_fine_lines) >= _MUCH_CLEARER * clarity
        return self.by_fine_lines if is_clearer else crossings

    def _flat_near(self, crossings: PageGeometry) -> PageGeometry | None:
        """The plane on which all lines are in step, at the scale of the crossings where theirs is a multiple of it."""
        fine = self._fine_lines
        planes = [crossings] if fine is None else [_at_scale_of(crossings, fine), crossings]
        flats = (flat for plane in planes if (flat := flat_sheet(self.pixels, plane)) is not None)
        return next((flat for flat in flats if self._is_as_clear(flat, crossings)), None)

    def _is_as_clear(self, flat: PageGeometry, bent: PageGeometry) -> bool:
        """Whether lines stand out on a plane as they do on a bent sheet, on the paper that both show."""
        x0, y0, x1, y1 = bent.extent_mm
        corners = flat.to_mm(bent.to_px(np.array([[x0, y0], [x1, y0], [x0, y1], [x1, y1]])))
        window = (*corners.min(0).tolist(), *corners.max(0).tolist())
        both = (clarity_both_ways(self.pixels, *seen) for seen in ((flat, window), (bent, bent.extent_mm)))
        return all(plane > _AS_CLEAR * curved for plane, curved in zip(*both, strict=True))

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
    def _fine_lines(self) -> PageGeometry | None:
        return fine_geometry(self.pixels, self.view)

    @cached_property
    def by_fine_lines(self) -> PageGeometry | None:
        """Paper millimetres from the periodicity of the finest lines, where no crossings of 5 mm lines are seen."""
        geometry = self._fine_lines
        return None if geometry is None else flat_sheet(self.pixels, geometry) or refine(self.pixels, geometry)


def _at_scale_of(crossings: PageGeometry, fine: PageGeometry) -> PageGeometry:
    """The fine lines' map in the millimetres of the crossings, if these are a usual multiple of what it counts.

    It begins to count where the crossings do, to a whole millimetre.
    """
    ratio = np.log(_px_per_mm(fine) / _px_per_mm(crossings)).mean()
    nearest = min(_MULTIPLES, key=lambda multiple: abs(ratio - np.log(multiple)))
    scaled = fine.scaled(nearest) if abs(ratio - np.log(nearest)) < _NEAR_MULTIPLE else fine
    x0, y0, x1, y1 = crossings.extent_mm
    middle = np.array([[(x0 + x1) / 2, (y0 + y1) / 2]])
    dx, dy = np.round(middle - scaled.to_mm(crossings.to_px(middle)))[0].tolist()
    return scaled.counted_from((dx, dy))


def _px_per_mm(geometry: PageGeometry) -> np.ndarray:
    x0, y0, x1, y1 = geometry.extent_mm
    return np.array(geometry.px_per_mm(((x0 + x1) / 2, (y0 + y1) / 2)))
