"""The worst pages on one sheet."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from drawn_page import REFUSED_COLOUR, FakeDigitizer, drawn
from PIL import Image
from saved_pages import save_page

from digitize.evaluation import runner
from digitize.evaluation import worst_pages as worst
from digitize.evaluation.runner import evaluate
from digitize.evaluation.worst_pages import WorstPages
from ecg import write


def test_the_worst_pages_stand_on_one_sheet_worst_first(tmp_path: Path) -> None:
    for i in range(4):
        save_page(tmp_path / "pages" / f"p{i}.png", REFUSED_COLOUR if i == 1 else (255, 255, 255))
        reading = drawn()
        signal = reading.record.signal_mv * (1 + 0.05 * i)
        write(replace(reading.record, signal_mv=signal), str(tmp_path / "pages" / f"p{i}.csv"))
    offered: list[str] = []
    sheet = WorstPages()
    keep = sheet.offer
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worst, "_KEPT", 2)
        patch.setattr(runner, "WorstPages", lambda: sheet)
        patch.setattr(sheet, "offer", lambda snr, words, *rest: (offered.append(words), keep(snr, words, *rest)))
        evaluate([tmp_path / "pages"], tmp_path / "out", digitizer=FakeDigitizer())
    kept = [words for *_, words, _ in sorted(sheet._kept, reverse=True)]
    assert len(offered) == 4
    assert len(kept) == 2
    assert kept[0] == "pages/p1, none: refused, 0.0 dB"
    assert kept[1].startswith("pages/p3, none: read, ")
    with Image.open(tmp_path / "out" / "worst.jpg") as picture:
        assert picture.width == 2000
