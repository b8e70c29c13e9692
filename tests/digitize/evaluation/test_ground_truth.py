"""Which truth belongs to which page, and what of it is printed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from drawn_page import drawn
from saved_pages import WHOLE, save_page

from digitize.evaluation.ground_truth import as_printed, find_truth, index_folder, load_truth
from ecg import write
from ecg.layout import template
from ecg.leads import STANDARD


def test_truth_lies_beside_the_page_by_its_best_name(tmp_path: Path) -> None:
    page = save_page(tmp_path / "p.png")
    assert find_truth(page) is None
    for name in ("p.hea", "p.csv", "p.truth.csv"):
        write(drawn().record, str(tmp_path / name))
        assert find_truth(page) == tmp_path / name


def test_results_of_infer_do_not_pass_for_the_truth(tmp_path: Path) -> None:
    page = save_page(tmp_path / "p.png")
    write(drawn().record, str(tmp_path / "p.csv"))
    drawn().save_json(tmp_path / "p.json")
    assert load_truth(tmp_path / "p.csv", page).layout is not None
    (tmp_path / "p.overlay.png").write_bytes(b"x")
    with pytest.raises(ValueError, match="written by infer"):
        find_truth(page)
    write(drawn().record, str(tmp_path / "p.truth.csv"))
    assert load_truth(tmp_path / "p.truth.csv", page).layout is None


def test_numbers_are_compared_without_leading_zeros(tmp_path: Path) -> None:
    for name in ("deep/5.hea", "deep/00012_hr.hea", "0.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        write(WHOLE.crop(0, 0.1), str(tmp_path / name))
    index = index_folder(tmp_path)
    assert find_truth(Path("005.webp"), index) == tmp_path / "deep" / "5.hea"
    assert find_truth(Path("00012_hr.pdf"), index) == tmp_path / "deep" / "00012_hr.hea"
    assert find_truth(Path("000.png"), index) == tmp_path / "0.csv"
    assert find_truth(Path("50.png"), index) is None
    write(WHOLE.crop(0, 0.1), str(tmp_path / "05.csv"))
    with pytest.raises(ValueError, match="two recordings are named 5"):
        index_folder(tmp_path)


def test_a_whole_recording_is_cut_to_what_the_template_prints() -> None:
    cut = as_printed(WHOLE, template("3x4+1").place().boxes)
    finite = np.isfinite(cut.signal_mv)
    assert finite.sum(axis=1).tolist() == [1250, 5000] + [1250] * 10
    assert finite[STANDARD.index("V4")].nonzero()[0][[0, -1]].tolist() == [3750, 4999]
    cabrera = as_printed(WHOLE, template("cabrera-6x2").place().boxes)
    assert np.isfinite(cabrera["aVR"]).sum() == 2500
    np.testing.assert_array_equal(cabrera["aVR"][:2500], WHOLE["aVR"][:2500])


def test_a_whole_recording_from_elsewhere_needs_to_know_what_is_printed(tmp_path: Path) -> None:
    page = save_page(tmp_path / "pages" / "7.png")
    write(WHOLE, str(tmp_path / "7.csv"))
    with pytest.raises(ValueError, match="--printed"):
        load_truth(tmp_path / "7.csv", page)
    truth = load_truth(tmp_path / "7.csv", page, template("3x4"))
    assert np.isfinite(truth.record.signal_mv).sum() == 12 * 1250
