"""Single files of two challenges, as their publishers hand them out, are recordings like any other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import published_forms as forms
import pytest
from scipy.io import savemat

from ecg.files import InputError
from ecg.formats import find_records, read, write
from ecg.leads import INDEPENDENT, STANDARD

COUNT_MV = 4.88e-3


def test_a_text_of_the_hefei_competition(tmp_path: Path) -> None:
    forms.hefei(tmp_path, [["SR"]], records=1)
    record = read(tmp_path / "hf_round2_train/0.txt")
    assert (record.fs_hz, record.leads, record.samples) == (500.0, STANDARD, 5000)
    np.testing.assert_allclose(record.signal_mv, forms.tiny(0).signal_mv, atol=1.5 * COUNT_MV)
    assert find_records([tmp_path]) == [tmp_path / "hf_round2_train/0.txt"]  # and not the table of labels


@pytest.mark.parametrize("rows", [np.ones((400, 8)), np.full((5000, 8), 0.25)], ids=["fewer lines", "no whole numbers"])
def test_another_text_of_that_form_has_to_be_told_rate_and_unit(rows: np.ndarray, tmp_path: Path) -> None:
    np.savetxt(tmp_path / "a.txt", rows, header=" ".join(INDEPENDENT), comments="")
    with pytest.raises(InputError, match=r"a\.txt: says neither rate nor unit, .* state both"):
        read(tmp_path / "a.txt")
    with pytest.raises(InputError, match="state both"):
        read(tmp_path / "a.txt", fs_hz=250.0)
    told = read(tmp_path / "a.txt", fs_hz=250.0, unit="uV")
    assert told.fs_hz == 250.0 and np.nanmax(told.signal_mv) == pytest.approx(rows.max() / 1000)


def test_a_torn_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(f"{' '.join(INDEPENDENT)}\n" + "1 2 3 4 5 6 7 8\n" * 4999 + "1 2 3\n")
    with pytest.raises(InputError, match=r"a\.txt: 39995 numbers do not fill lines of 8"):
        read(path)


def test_a_struct_of_cpsc2018(tmp_path: Path) -> None:
    forms.cpsc2018(tmp_path, ["1"], records=1)
    path = tmp_path / "TrainingSet1/A0001.mat"
    record = read(path)
    assert (record.fs_hz, record.leads, record.meta["age"], record.meta["sex"]) == (500.0, STANDARD, "60", "Male")
    np.testing.assert_allclose(record.signal_mv, forms.tiny(0).signal_mv, atol=1e-6)
    assert find_records([path]) == find_records([tmp_path]) == [path]


def test_a_matlab_file_of_something_else_is_named(tmp_path: Path) -> None:
    savemat(tmp_path / "a.mat", {"val": np.zeros((12, 10))})
    savemat(tmp_path / "b.mat", {"ECG": {"data": np.zeros((10, 12))}})
    with pytest.raises(InputError, match=r"a\.mat: expected a MATLAB struct ECG"):
        read(tmp_path / "a.mat")
    with pytest.raises(InputError, match=r"b\.mat: expected data \[12, sample\], got shape \(10, 12\)"):
        read(tmp_path / "b.mat")


def test_a_matlab_file_with_a_header_is_that_records_signal(tmp_path: Path) -> None:
    forms.cpsc2018(tmp_path, ["1"], records=1)
    path = tmp_path / "TrainingSet1/A0001.mat"
    write(forms.tiny(3), path.with_suffix(".hea"))
    assert find_records([path]) == [path.with_suffix(".hea")]
    assert find_records([tmp_path]) == [path.with_suffix(".hea")]
