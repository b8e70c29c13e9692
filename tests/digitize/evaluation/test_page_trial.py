"""A reading on the time line of a truth that has columns of the same seconds one after the other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from drawn_page import drawn

from digitize.evaluation.ground_truth import Truth
from digitize.evaluation.page_trial import in_turn
from digitize.trace.column_timing import simultaneous
from ecg.page import traces_to_record
from ecg.reading import Reading


def at_once() -> Reading:
    """Both columns read as of the same seconds."""
    seen = drawn("6x2")
    layout = simultaneous(seen.layout)
    return replace(seen, layout=layout, record=traces_to_record(seen.traces, seen.geometry, layout))


def test_columns_come_one_after_the_other_where_the_signal_alone_says_so() -> None:
    found = in_turn(at_once(), Truth(drawn("6x2").record))
    np.testing.assert_allclose(found.record.signal_mv, drawn("6x2").record.signal_mv, atol=1e-6)


def test_where_the_truth_knows_the_seconds_nothing_is_moved() -> None:
    read = at_once()
    assert in_turn(read, Truth(drawn("6x2").record, drawn("6x2").layout)) is read
    assert in_turn(read, Truth(read.record)) is read
