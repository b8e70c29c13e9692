"""Lead names in every usual spelling, and the laws of Einthoven and Goldberger."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecg.leads import (
    INDEPENDENT,
    LIMB,
    STANDARD,
    canonical,
    derive_12,
    is_known,
    limb_law_share,
    limb_residual_mv,
    unplaced,
)  # fmt: skip


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("i", "I"),
        ("AVR", "aVR"),
        ("lead ii", "II"),
        ("D3", "III"),
        (" C4 ", "V4"),
        ("MLII", "II"),
        ("-avr", "-aVR"),
        ("ECG II", "II"),
        ("EKG V1", "V1"),
        ("MDC_ECG_LEAD_aVL", "aVL"),
        ("ECG-III", "III"),
        ("ECG lead V6", "V6"),
        ("ECG -aVR", "-aVR"),
        ("\u2212aVR", "-aVR"),
        ("Lead_I", "I"),
        ("ecgV2", "V2"),
    ],
)
def test_spellings(spelling: str, name: str) -> None:
    assert canonical(spelling) == name


@pytest.mark.parametrize(
    ("name", "plain"),
    [("ECG", "ECG"), ("ecg 2", "ECG2"), ("EKG1", "ECG1"), ("V", "V"), ("mcl1", "MCL1"), ("II", None), ("RESP", None)],
)
def test_an_ecg_of_no_stated_place(name: str, plain: str | None) -> None:
    assert unplaced(name) == plain


@given(st.sampled_from(STANDARD), st.sampled_from([str.upper, str.lower, str.title]))
def test_case_never_matters(name: str, change: object) -> None:
    assert canonical(change(name)) == name  # type: ignore[operator]


@pytest.mark.parametrize(
    "name", ["V7", "", "RESP", "aV", "time_s", "--I", "ECG", "ECG1", "V", "MCL1", "ECG-aVR", "lead"]
)
def test_what_is_no_lead_is_refused_by_name(name: str) -> None:
    assert not is_known(name)
    with pytest.raises(ValueError, match="unknown lead name"):
        canonical(name)


@given(st.integers(0, 1000))
def test_twelve_from_eight_obey_the_laws(seed: int) -> None:
    eight = np.random.default_rng(seed).normal(0, 1, (8, 50)).astype(np.float32)
    twelve = derive_12(eight, INDEPENDENT)
    by_name = dict(zip(STANDARD, twelve, strict=True))
    assert twelve.shape == (12, 50) and twelve.dtype == np.float32
    np.testing.assert_array_equal(by_name["V3"], eight[INDEPENDENT.index("V3")])
    np.testing.assert_allclose(by_name["aVF"], (by_name["II"] + by_name["III"]) / 2, atol=1e-5)
    np.testing.assert_allclose(by_name["aVL"], (by_name["I"] - by_name["III"]) / 2, atol=1e-5)
    assert limb_residual_mv(twelve, STANDARD) < 1e-5


def test_what_is_missing_is_named() -> None:
    with pytest.raises(ValueError, match="V6 missing"):
        derive_12(np.zeros((7, 5)), INDEPENDENT[:-1])


def test_leads_that_are_there_are_kept() -> None:
    odd = np.full((9, 4), 2.0)
    assert (derive_12(odd, (*INDEPENDENT, "aVF"))[STANDARD.index("aVF")] == 2.0).all()


def test_residual_measures_a_contradiction_but_no_offset() -> None:
    limb = derive_12(np.random.default_rng(1).normal(0, 1, (8, 400)), INDEPENDENT)[:6]
    assert limb_residual_mv(limb + 0.7, LIMB) < 1e-6
    swapped = limb.copy()
    swapped[2, ::2] += 1.0
    assert limb_residual_mv(swapped, LIMB) == pytest.approx(0.5, abs=0.01)


def test_residual_needs_leads_that_coexist() -> None:
    limb = np.ones((3, 10))
    limb[0, :5], limb[1, 5:] = np.nan, np.nan
    assert np.isnan(limb_residual_mv(limb, LIMB[:3]))
    assert np.isnan(limb_residual_mv(limb[:2], LIMB[:2]))


@given(st.integers(0, 50), st.floats(0.001, 50.0))
def test_what_is_left_of_the_limb_laws_tells_leads_from_strange_curves_whatever_their_size(
    seed: int, size: float
) -> None:
    rng = np.random.default_rng(seed)
    one, two = size * rng.normal(size=(2, 1000))
    lawful = np.stack([one, two, two - one, -(one + two) / 2, one - two / 2, two - one / 2])
    assert limb_law_share(lawful + size, LIMB) == pytest.approx(0, abs=0.02)
    assert limb_law_share(size * rng.normal(size=(6, 1000)), LIMB) > 0.7
    assert limb_law_share(np.stack([one] * 6), LIMB) > 0.7  # one lead over and over again


def test_no_law_is_checked_on_too_little() -> None:
    assert np.isnan(limb_law_share(np.ones((6, 100)), LIMB))
    assert np.isnan(limb_law_share(np.ones((6, 1000)), LIMB))  # flat leads obey nothing
    assert np.isnan(limb_law_share(np.ones((2, 1000)), ("V1", "V2")))
