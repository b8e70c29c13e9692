"""The floor that simulate, digitize and classify share: records, layouts, page geometry, formats, filters and beats."""

from pathlib import Path

from ecg.geometry import PageGeometry
from ecg.layout import Layout, LeadBox, Template
from ecg.reading import Page, Reading, Trace
from ecg.record import Record

__all__ = ["Layout", "LeadBox", "Page", "PageGeometry", "Reading", "Record", "Template", "Trace", "read", "write"]


def read(path: str | Path, fs_hz: float | None = None, unit: str | None = None) -> Record:
    """Read a recording; the format is chosen by the suffix, the options are for CSVs (see `ecg.formats`)."""
    from ecg.formats import read as read_any

    return read_any(path, fs_hz, unit)


def write(record: Record, path: str | Path) -> None:
    """Write a recording; the format is chosen by the suffix (see `ecg.formats`)."""
    from ecg.formats import write as write_any

    write_any(record, path)
