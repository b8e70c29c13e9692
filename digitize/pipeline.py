"""`Digitizer`: from a page to a `Reading`, stage by stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from threadpoolctl import threadpool_limits

from digitize.errors import NotVector
from digitize.grid.corners import Corners
from digitize.layout.mirror import refuse_mirror_image
from digitize.layout.search import locate
from digitize.nets.networks import Networks
from digitize.nets.pretrained import load_networks
from digitize.page.negative import positive
from digitize.stages import LocatedPage, PageHints, RowReading
from digitize.trace.assemble import assemble
from digitize.trace.beats_in_step import in_step
from digitize.trace.calibration import calibrate
from digitize.trace.column_timing import resolve_timing
from digitize.trace.lead_traces import cut_leads
from digitize.trace.rhythm_strip import name_strips
from digitize.trace.row_reading import read_rows
from digitize.trace.strayed import without_strays
from digitize.vector.read import read_vector_page
from ecg.layout import Template
from ecg.notes import Note
from ecg.page import Page
from ecg.reading import Reading, ReadingFacts


@dataclass(frozen=True, eq=False)
class Digitizer:
    """Reads pages with its networks; call it with a `Page` to get a `Reading`."""

    nets: Networks

    @classmethod
    def load(cls, device: str = "cpu", *, exact: bool = False) -> Digitizer:
        """With the shipped weights, rounded to what the device computes in fastest, or with `exact` kept in float32."""
        return cls(load_networks(device, exact=exact))

    def __call__(
        self,
        page: Page,
        layout: Template | str | None = None,
        mm_per_s: float | None = None,
        mm_per_mv: float | None = None,
        corners_px: Corners | None = None,
    ) -> Reading:
        """Read a page; layout, speed and gain are found unless given. Raises NotAnEcg for a page that is refused.

        Where the file draws its curves itself, these are the traces; everything else is read from the pixels.
        `corners_px` are four crossings of the grid that make a rectangle on the paper, as (x, y) in page px from the
        upper left one clockwise as the page is read: the millimetres are laid on them. Raises ValueError for
        others, for a layout that is not known and for a speed or gain that no page has.
        """
        hints = PageHints.of(layout, mm_per_s, mm_per_mv, corners_px)
        with threadpool_limits(1, "blas"):  # the matrices are small: on more threads NumPy waits, up to ten times over
            if page.drawing is None or corners_px is not None:
                return self._read_pixels(page, hints)
            try:
                return read_vector_page(page, hints)
            except NotVector as why:
                note = Note("read-from-pixels", f"read from its pixels, because {why}")
                return self._read_pixels(replace(page, notes=(*page.notes, note)), hints)

    def _read_pixels(self, page: Page, hints: PageHints) -> Reading:
        page, located = self.place(page, hints)
        rows = without_strays(read_rows(page, located, self.nets.row))
        return self.assembled(page, located, rows, hints)

    def assembled(self, page: Page, located: LocatedPage, rows: Sequence[RowReading], hints: PageHints) -> Reading:
        """The reading of a placed page from its rows. Raises NotAnEcg where they are no ECG's."""
        calibrated = calibrate(located, rows, hints)
        leads = cut_leads(calibrated, rows)
        read_by = ReadingFacts(weights=self.nets.versions)
        return assemble(page, in_step(name_strips(resolve_timing(leads, hints))), read_by)

    def place(self, page: Page, hints: PageHints) -> tuple[Page, LocatedPage]:
        """(The page as ink on paper, where its layout lies). Raises NotAnEcg for a page that is refused."""
        page = positive(page)
        located = locate(page, self.nets, hints)
        refuse_mirror_image(page, self.nets, located)
        return page, located
