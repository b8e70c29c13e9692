"""The twelve standard leads: names, orders, aliases, and the laws that bind the limb leads."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

STANDARD = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
CABRERA = ("aVL", "I", "-aVR", "II", "aVF", "III", "V1", "V2", "V3", "V4", "V5", "V6")
LIMB = STANDARD[:6]
PRECORDIAL = STANDARD[6:]
INDEPENDENT = ("I", "II", *PRECORDIAL)

_ALIASES = {name.lower(): name for name in STANDARD} | {
    "d1": "I", "d2": "II", "d3": "III", "di": "I", "dii": "II", "diii": "III",
    "l1": "I", "l2": "II", "l3": "III", "mli": "I", "mlii": "II", "mliii": "III",
    "c1": "V1", "c2": "V2", "c3": "V3", "c4": "V4", "c5": "V5", "c6": "V6",
    "vr": "aVR", "vl": "aVL", "vf": "aVF",
}  # fmt: skip


_PREFIX = re.compile(r"(?:(?:mdc|ecg|ekg|lead)[ _.:]*)*")
_DASHED_PREFIX = re.compile(r"(?:ecg|ekg|lead)-(?=[^ -])")
_MINUS = str.maketrans("\u2212\u2013\u2010", "---")
_UNPLACED = re.compile(
    r"(?:(ecg|ekg)[ _.:-]*(?:ch(?:annel)?)?[ _.:-]*([1-9]\d?|[a-c])?|(v[xyz]?|ml5|(?:mcl|cm|cs|cc|cb)[1-6]?))"
)


def canonical(name: str) -> str:
    """The standard spelling of a lead name ("AVR", "lead ii", "D1", "ECG II", "MDC_ECG_LEAD_II" ...).

    "-aVR" keeps its sign. Raises ValueError for a name that is none of the twelve.
    """
    key = name.strip().lower().translate(_MINUS)
    dashed = _DASHED_PREFIX.match(key)
    key = (key[dashed.end() :] if dashed else _PREFIX.sub("", key, count=1)).strip(" _")
    sign = "-" if key.startswith("-") else ""
    found = _ALIASES.get(key.removeprefix("-"))
    if found is None or (dashed and found == "aVR"):  # "ECG-aVR" may mean the lead or its negative
        raise ValueError(f"unknown lead name {name!r}: expected one of {', '.join(STANDARD)} or a usual alias")
    return sign + found


def is_known(name: str) -> bool:
    """Whether `canonical` would accept the name."""
    try:
        canonical(name)
    except ValueError:
        return False
    return True


def unplaced(name: str) -> str | None:
    """The plain spelling of a channel that is an ECG at no stated place of the twelve ("ECG1", "MCL1", "V"), or None.

    Such a channel has a rhythm, but no lead's amplitudes.
    """
    found = _UNPLACED.fullmatch(name.strip().lower())
    if found is None:
        return None
    return (f"ECG{found[2] or ''}" if found[1] else found[3]).upper()


def channel_name(name: str) -> str:
    """The standard spelling of a lead, or of an ECG channel at no stated place. Raises ValueError for any other."""
    return unplaced(name) or canonical(name)


# Each limb lead as (weight of I, weight of II): Einthoven 1913, Goldberger 1942.
LIMB_WEIGHTS: Mapping[str, tuple[float, float]] = {
    "I": (1.0, 0.0),
    "II": (0.0, 1.0),
    "III": (-1.0, 1.0),
    "aVR": (-0.5, -0.5),
    "aVL": (1.0, -0.5),
    "aVF": (-0.5, 1.0),
}


def derive_12(signal: np.ndarray, leads: Sequence[str]) -> np.ndarray:
    """Complete a recording that holds at least I, II and V1..V6 to the twelve leads in standard order.

    `signal` is [lead, sample] in any linear unit; leads that are present are kept as they are.
    """
    rows = {canonical(name): signal[i] for i, name in enumerate(leads)}
    missing = [name for name in INDEPENDENT if name not in rows]
    if missing:
        raise ValueError(f"cannot derive twelve leads: {', '.join(missing)} missing (have {', '.join(rows)})")
    one, two = rows["I"], rows["II"]
    for name, (a, b) in LIMB_WEIGHTS.items():
        rows.setdefault(name, (a * one + b * two).astype(signal.dtype))
    return np.stack([rows[name] for name in STANDARD])


_LIMB_LAWS: tuple[Mapping[str, int], ...] = ({"I": 1, "III": 1, "II": -1}, {"aVR": 1, "aVL": 1, "aVF": 1})
_MIN_LAW_SAMPLES = 250


def limb_residual_mv(signal_mv: np.ndarray, leads: Sequence[str]) -> float:
    """Largest mean absolute violation, in mV, of the limb-lead laws over the samples where the leads coexist.

    NaN when no law can be checked. A constant offset per lead is allowed: paper has no absolute zero.
    """
    rows = {name: signal_mv[i].astype(np.float64) for i, name in enumerate(leads)}
    worst = [_law_residual(rows, law) for law in _LIMB_LAWS if all(name in rows for name in law)]
    worst = [w for w in worst if np.isfinite(w)]
    return max(worst) if worst else float("nan")


def _law_residual(rows: Mapping[str, np.ndarray], law: Mapping[str, int]) -> float:
    total = sum(weight * rows[name] for name, weight in law.items())
    total = np.asarray(total)[np.isfinite(total)]
    return float(np.abs(total - np.median(total)).mean()) if total.size else float("nan")


MAX_LIMB_SHARE = 0.4  # of power left of the limb laws: true leads leave less, strange curves about all


def limb_law_share(signal: np.ndarray, leads: Sequence[str]) -> float:
    """The power that is left of the limb-lead laws as a share of the leads' own power: 0 where they hold, about 1 for
    curves that have nothing to do with each other, whatever their size. NaN when no law can be checked.
    """
    rows = {name: signal[i].astype(np.float64) for i, name in enumerate(leads)}
    left, power = 0.0, 0.0
    for law in _LIMB_LAWS:
        if all(name in rows for name in law):
            terms = np.array([weight * rows[name] for name, weight in law.items()])
            terms = terms[:, np.isfinite(terms).all(0)]
            if terms.shape[1] >= _MIN_LAW_SAMPLES:
                terms = terms - np.median(terms, axis=1, keepdims=True)
                left, power = left + float((terms.sum(0) ** 2).sum()), power + float((terms**2).sum())
    return left / power if power > 0 else float("nan")
