"""The speed report: rates add up over processes, and a part's share holds what it calls."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from digitize.studies.reading_speed import Timing, row, shares


def test_processes_add_their_rates() -> None:
    two = [Timing(6, 1, 3.0, 2.0), Timing(6, 1, 6.0, 4.0)]
    assert row(two, "torch") == ["torch", "2", "1", "3.00", "0.75", "0.50"]


def test_the_share_of_a_part_holds_what_it_calls() -> None:
    calls = {("p.py", 1, "read_rows"): (1, 1, 0.1, 6.0, {}), ("r.py", 1, "follow"): (4, 4, 2.0, 2.0, {})}
    profiled: Any = SimpleNamespace(stats=calls, total_tt=8.0)
    found = shares(profiled)
    assert found["row pass"] == 0.75
    assert found["names"] == 0
