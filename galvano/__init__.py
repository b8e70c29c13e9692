"""From a scan or photo of a printed ECG to its signal and a diagnosis; every name is loaded when it is first used."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from classify import Classifier
    from digitize import Digitizer, open_pages
    from ecg import read, write

__all__ = ["Classifier", "Digitizer", "open_pages", "read", "write"]

_HOMES = {
    "Classifier": "classify",
    "Digitizer": "digitize",
    "open_pages": "digitize",
    "read": "ecg",
    "write": "ecg",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'galvano' has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
