"""The floor that all packages share: records, layouts, page geometry, formats, filters and beats; loaded when used."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ecg.formats import read, write
    from ecg.geometry import PageGeometry
    from ecg.layout import Layout, LeadBox, Template
    from ecg.page import Page, Trace
    from ecg.reading import Reading
    from ecg.record import Record

__all__ = ["Layout", "LeadBox", "Page", "PageGeometry", "Reading", "Record", "Template", "Trace", "read", "write"]

_HOMES = {
    "Layout": "ecg.layout",
    "LeadBox": "ecg.layout",
    "Page": "ecg.page",
    "PageGeometry": "ecg.geometry",
    "Reading": "ecg.reading",
    "Record": "ecg.record",
    "Template": "ecg.layout",
    "Trace": "ecg.page",
    "read": "ecg.formats",
    "write": "ecg.formats",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'ecg' has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
