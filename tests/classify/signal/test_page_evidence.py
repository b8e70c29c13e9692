"""Pages are diagnosed only where names, or scale and limb leads, tell that they are whole ECGs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from drawn_page import drawn

from classify.classifier import Classifier
from classify.signal.page_evidence import reasons_of_page
from ecg.notes import Note
from ecg.reading import Reading
from simulate.heart import synthetic_record


def reading(codes: list[str], *, is_lawful: bool = True, name: str = "3x4+1") -> Reading:
    page = drawn(name)
    record = synthetic_record(3, "SR", conditions=(), noise={})
    printed = np.isfinite(page.record.signal_mv)
    signal = record.signal_mv if is_lawful else np.stack([np.roll(record["V2"], 173 * k) for k in range(12)])
    shown = replace(page.record, signal_mv=np.where(printed, signal, np.nan).astype(np.float32))
    return replace(page, record=shown, notes=tuple(Note(code, code) for code in codes))


@pytest.mark.parametrize(
    ("codes", "is_lawful", "lacking"),
    [
        ([], True, None),
        (
            ["speed-assumed", "gain-assumed"],
            False,
            None,
        ),  # named leads need no law: some machines scale them one by one
        (["names-not-recognised"], True, None),
        (["names-not-recognised", "speed-assumed"], True, None),
        (["names-not-recognised", "speed-assumed", "gain-assumed"], True, "no lead names, no scale;"),
        (["names-not-recognised"], False, "no limb leads that add up"),
    ],
)
def test_without_names_scale_and_limb_law_have_to_tell(codes: list[str], is_lawful: bool, lacking: str | None) -> None:
    reasons = reasons_of_page(reading(codes, is_lawful=is_lawful))
    assert len(reasons) == (lacking is not None)
    assert lacking is None or lacking in reasons[0].text


@pytest.mark.parametrize(("name", "shown"), [("6x1-limb", "limb"), ("3x2-precordial", "chest"), ("3x1", "limb")])
def test_half_an_ecg_rules_nothing_out(name: str, shown: str) -> None:
    assert f"only {shown} leads" in reasons_of_page(reading([], name=name))[0].text


def test_the_classifier_abstains_with_the_reason() -> None:
    classifier = Classifier.load()
    known = classifier.of_reading(reading([]))
    assert not known.abstained and known.predicted
    strange = classifier.of_reading(reading(["names-not-recognised", "speed-assumed", "gain-assumed"]))
    assert strange.abstained and not strange.predicted
    assert any(words.startswith("no diagnosis: nothing tells that the page is an ECG") for words in strange.warnings)
