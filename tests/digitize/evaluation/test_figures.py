"""The views of a reading lie where the layout says."""

from __future__ import annotations

from drawn_page import drawn

from digitize.evaluation import figures as views


def test_the_straightened_page_has_its_boxes_where_the_layout_says() -> None:
    reading = drawn()
    straight, (x0, y0, _, _) = views.straighten(reading, px_per_mm=6.0)
    dark = straight.mean(axis=2) < 100
    box = reading.layout.boxes[0]
    # At 0.4 s of the first box stands an R peak of 0.9 mV.
    x, y = (box.box_mm[0] + 0.4 * 25 - x0) * 6, (box.baseline_mm - 9 - y0) * 6
    assert dark[round(y) - 4 : round(y) + 8, round(x) - 3 : round(x) + 4].any()
    assert not dark[round(y) - 30 : round(y) - 8, round(x) - 30 : round(x) + 30].any()
