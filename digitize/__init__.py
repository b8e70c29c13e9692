"""From a scan or photo of a printed ECG to a calibrated `Record`; nothing heavy is imported until it is used."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from digitize.errors import NotAnEcg, PageError
    from digitize.nets.reconstruction import ReconstructionNet
    from digitize.page.open import open_pages
    from digitize.pipeline import Digitizer

__all__ = ["Digitizer", "NotAnEcg", "PageError", "ReconstructionNet", "open_pages"]

_HOMES = {
    "Digitizer": "digitize.pipeline",
    "NotAnEcg": "digitize.errors",
    "PageError": "digitize.errors",
    "ReconstructionNet": "digitize.nets.reconstruction",
    "open_pages": "digitize.page.open",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'digitize' has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
