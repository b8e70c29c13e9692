"""Age and sex, as networks are told them."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

UNKNOWN = float("nan")
_MALE = {"m": 1.0, "male": 1.0, "f": 0.0, "female": 0.0}
_OLDEST_YEARS = 120.0


def demographics(meta: Mapping[str, object]) -> np.ndarray:
    """(age in years, 1 for a man and 0 for a woman) of a record's facts, float32 [2]; NaN where they say nothing."""
    facts = {str(key).lower(): value for key, value in meta.items()}
    return np.array([age_years(facts.get("age")), male(facts.get("sex", facts.get("gender")))], np.float32)


def age_years(value: object) -> float:
    """An age as a header or a table states it ("57", "57 years"); NaN for none, and for one that no person has."""
    found = re.match(r"\s*(\d+(?:\.\d+)?)\s*(?:y|years?)?\s*$", str(value), re.IGNORECASE)
    years = float(found.group(1)) if found else UNKNOWN
    return years if years <= _OLDEST_YEARS else UNKNOWN


def male(value: object) -> float:
    """1 for a man and 0 for a woman, by the word or its first letter; NaN for anything else."""
    return _MALE.get(str(value).strip().lower(), UNKNOWN)
