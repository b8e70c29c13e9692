"""Matplotlib figures as PNG."""

from __future__ import annotations

import io
from pathlib import Path

from matplotlib.figure import Figure

from ecg.formats import atomic_path

_DPI = 110


def png(figure: Figure) -> bytes:
    data = io.BytesIO()
    figure.savefig(data, dpi=_DPI, bbox_inches="tight", format="png")
    return data.getvalue()


def save_png(figure: Figure, path: Path) -> Path:
    """Write a figure; the file is whole or absent. Gives its path."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(png(figure))
    return path
