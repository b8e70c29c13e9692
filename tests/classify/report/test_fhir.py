"""A diagnosis as a FHIR DiagnosticReport: valid in both releases, the recording in it, nobody's name."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from fhir.resources.diagnosticreport import DiagnosticReport as ReportR5
from fhir.resources.R4B.diagnosticreport import DiagnosticReport as ReportR4
from pydantic import BaseModel
from recordings import FACTS, WHO, printed

from classify.diagnosis import Diagnosis, Label, reason
from classify.report.fhir import ENDING, diagnostic_report
from ecg.formats import find_records, read, write
from ecg.notes import Note
from ecg.record import Record

LABELS = (Label("super_class", "NORM", 0.9, 0.5, True), Label("super_class", "MI", 0.1, 0.5, False))


@pytest.mark.parametrize(("release", "resource"), [("R4", ReportR4), ("R5", ReportR5)])
@pytest.mark.parametrize("facts", [{}, {**FACTS, **WHO}])
def test_a_report_is_valid_and_holds_the_recording(
    tmp_path: Path, release: str, resource: type[BaseModel], facts: dict[str, str]
) -> None:
    page = printed(60)
    record = Record(page.signal_mv, 500, page.leads, 0.0, facts)
    report = diagnostic_report(
        Diagnosis(LABELS, False, (), {}, (Note("gain-assumed", "check the gain"),), "w1"), record, "r", release
    )
    (tmp_path / "r.json").write_text(json.dumps(report))
    resource.model_validate(report)
    assert report["status"] == "preliminary"
    assert "(probability 0.90). check the gain. w1" in report["conclusion"]
    assert len(report["conclusionCode"]) == 1
    again = read(tmp_path / "r.json")
    np.testing.assert_allclose(again.signal_mv, record.signal_mv, atol=0.501e-3)
    assert "Lovelace" not in str(again.meta)


def test_a_report_beside_its_recording_is_no_recording_of_its_own(tmp_path: Path) -> None:
    write(printed(60), tmp_path / "r.fhir.json")
    report = diagnostic_report(Diagnosis(LABELS, False, (), {}, (), "w1"), printed(60), "r")
    (tmp_path / f"r{ENDING}").write_text(json.dumps(report))
    assert find_records([tmp_path]) == [tmp_path / "r.fhir.json"]
    assert find_records([tmp_path / f"r{ENDING}"]) == [tmp_path / f"r{ENDING}"]  # which is read where it is named


def test_reasons_are_the_notes_that_forbid_a_diagnosis() -> None:
    notes = (Note("gain-assumed", "check the gain"), reason("2 usable leads"))
    assert Diagnosis((), True, (), {}, notes).reasons == ["no diagnosis: 2 usable leads"]


def test_an_abstained_diagnosis_concludes_nothing() -> None:
    report = diagnostic_report(Diagnosis((), True, (), {}, (Note("too-short", "too short"),)), printed(60), "r")
    assert report["conclusion"] == "no diagnosis was made. too short"
    assert "conclusionCode" not in report
