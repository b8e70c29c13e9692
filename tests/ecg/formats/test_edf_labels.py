"""Leads of EDF files by the labels that machines write."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ecg import read

edfio = pytest.importorskip("edfio")


@pytest.mark.parametrize("label", ["ECG II", "EKG II", "ECG-II", "II"])
def test_a_label_never_turns_a_lead_over(tmp_path: Path, label: str) -> None:
    mv = np.sin(np.arange(1000) / 20)
    signal = edfio.EdfSignal(mv, sampling_frequency=250, label=label, physical_dimension="mV")
    edfio.Edf([signal]).write(tmp_path / "r.edf")
    record = read(tmp_path / "r.edf")
    assert record.leads == ("II",)
    np.testing.assert_allclose(record["II"], mv, atol=1e-3)
