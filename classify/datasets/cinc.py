"""The mixed share of the PhysioNet/CinC Challenge 2020-21: what its abbreviations mean."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from classify.datasets.csv_table import names, rows
from classify.datasets.example import Example

# The rhythm that an abbreviation names; a record with none of these was not assessed for it.
_RHYTHM = {
    "NSR": "SR", "Normal": "SR", "AF": "AFIB", "STach": "STACH", "SB": "SBRAD", "SA": "SARRH", "PR": "PACE",
    "AFL": "AFLT",
}  # fmt: skip


def cinc_mix(root: Path) -> Iterator[Example]:
    """Training only; its PTB-XL share is left out because it overlaps the other collections.

    `found` has the rhythm where it was assessed, and all abbreviations under "cinc".
    """
    table = root / "cinc_mix" / "index.csv"
    if not table.is_file():
        return
    for row in rows(table, ("record", "db", "dx_abbrev")):
        if row["db"] != "PTB-XL":
            codes = names(row["dx_abbrev"])
            rhythm = frozenset(_RHYTHM[name] for name in codes if name in _RHYTHM) or None
            found = {"rhythm": rhythm, "rhythm12": rhythm, "cinc": codes}
            yield Example(table.parent / f"{row['record']}.hea", "cinc_mix", row["record"], "train", found)
