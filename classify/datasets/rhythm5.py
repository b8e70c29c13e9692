"""Five classes of rhythm and conduction, put together from the labels of PTB-XL and CinC."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

from classify.datasets.cinc import cinc_mix
from classify.datasets.example import Example
from classify.datasets.ptbxl import ptbxl

_CLASS_OF = {
    "AFIB": "Atrial_Fibrillation", "AF": "Atrial_Fibrillation",
    "SBRAD": "Bradycardia", "SB": "Bradycardia",
    "STACH": "Tachycardia", "STach": "Tachycardia",
    "CRBBB": "Bundle_Branch_Block", "CLBBB": "Bundle_Branch_Block",
    "RBBB": "Bundle_Branch_Block", "LBBB": "Bundle_Branch_Block",
}  # fmt: skip
_NORMAL = ({"SR", "NORM"}, {"NSR"}, {"Normal"})  # a normal ECG in sinus rhythm and nothing else


def rhythm5(root: Path) -> Iterator[Example]:
    """The records of which exactly one class holds; an incomplete bundle branch block alone is none of them."""
    for example in (*ptbxl(root), *cinc_mix(root)):
        kinds = ("cinc",) if "cinc" in example.found else ("rhythm", "subclass")
        name = single_class({label for kind in kinds for label in example.found.get(kind) or ()})
        if name:
            yield replace(example, found={"mimic5": frozenset([name])})


def single_class(labels: Collection[str]) -> str | None:
    """The one class that these labels mean, None where they mean none or several."""
    classes = {_CLASS_OF[name] for name in labels if name in _CLASS_OF}
    if not classes and set(labels) in _NORMAL:
        return "Normal"
    return classes.pop() if len(classes) == 1 else None
