"""The table of formats: one row each, told by content first and by suffix second."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ecg.files import InputError
from ecg.formats import (
    aecg,
    aecg_write,
    apple_watch,
    cardiosoft,
    cpsc_struct,
    csv,
    device_files,
    dicom,
    dicom_write,
    edf,
    edf_write,
    fhir,
    hefei_text,
    json,
    muse,
    muse_text,
    parquet,
    pdf_page,
    schiller,
    wfdb,
)
from ecg.formats.format import Format, ReadOptions, never
from ecg.record import Record

_HEAD_BYTES = 4096


def _one(read: Callable[[Path], Record]) -> Callable[[Path, ReadOptions], list[Record]]:
    """A reader of files that hold one recording and say all that there is to say."""
    return lambda path, options: [read(path)]


def _csv(path: Path, options: ReadOptions) -> list[Record]:
    return [csv.read(path, options.fs_hz, options.unit, options.placed)]


def _wfdb(path: Path, options: ReadOptions) -> list[Record]:
    return [wfdb.read(path, options.fs_hz, options.placed)]


_device = device_files.reader
_XML, _DEVICE, _DICOM = ("defusedxml",), ("ecgdatakit", "defusedxml", "xmltodict"), ("pydicom",)

FORMATS: tuple[Format, ...] = (
    Format("wfdb", "WFDB", (".hea", ".dat", ".mat"), never, _wfdb, wfdb.write),
    Format("apple-watch", "Apple Watch CSV", (), apple_watch.recognises, apple_watch.read),
    Format("csv", "CSV", (".csv",), never, _csv, csv.write),
    Format("fhir", "FHIR R4", (".fhir.json",), fhir.recognises, fhir.read, fhir.write_r4),
    Format("fhir-r5", "FHIR R5", (".fhir-r5.json",), never, fhir.read, fhir.write_r5),
    Format("json", "JSON", (".json",), json.recognises, _one(json.read), json.write),
    Format("dicom", "DICOM ECG", (".dcm",), dicom.recognises, dicom.read, dicom_write.write, _DICOM),
    Format("dicom-pdf", "DICOM PDF", (".pdf.dcm",), never, None, dicom_write.write_pdf, (*_DICOM, "reportlab")),
    Format("aecg", "HL7 aECG", (".aecg.xml", ".xml"), aecg.recognises, aecg.read, aecg_write.write, _XML),
    Format("edf", "EDF+", (".edf",), edf.recognises_edf, edf.read_edf, edf_write.write_edf, ("edfio",)),
    Format("bdf", "BDF+", (".bdf",), edf.recognises_bdf, edf.read_bdf, edf_write.write_bdf, ("edfio",)),
    Format("parquet", "Parquet", (".parquet",), parquet.recognises, parquet.read, parquet.write, ("pyarrow",)),
    Format("pdf", "PDF page", (".pdf",), never, None, pdf_page.write, ("reportlab",)),
    Format("muse", "GE MUSE XML", (), muse.recognises, muse.read, None, _XML),
    Format("philips", "Philips Sierra XML", (), device_files.is_philips, _device("sierra_xml"), None, _DEVICE),
    Format("mortara", "Mortara ELI XML", (), device_files.is_mortara, _device("mortara_el250"), None, _DEVICE),
    Format("schiller", "Schiller XML", (), schiller.recognises, schiller.read, None, _XML),
    Format("cardiosoft", "CardioSoft XML", (), cardiosoft.recognises, cardiosoft.read, None, _XML),
    Format("ishne", "ISHNE Holter", (".ecg",), device_files.is_ishne, _device("ishne_holter"), None, _DEVICE),
    Format("mfer", "MFER", (".mwf",), device_files.is_mfer, _device("mfer"), None, _DEVICE),
    Format("scp", "SCP-ECG", (".scp",), device_files.is_scp, _device("scp_ecg"), None, _DEVICE),
    Format("cpsc-struct", "CPSC2018 MATLAB struct", (), cpsc_struct.recognises, cpsc_struct.read),
    Format("hefei-text", "Hefei text", (), hefei_text.recognises, hefei_text.read),
    Format("muse-text", "MUSE text export", (), muse_text.recognises, muse_text.read),
)  # fmt: skip


def by_name(name: str) -> Format:
    """The row of a name. Raises ValueError with the names that there are."""
    found = next((row for row in FORMATS if row.name == name), None)
    if found is None:
        raise ValueError(f"unknown format {name!r}: expected one of {', '.join(row.name for row in FORMATS)}")
    return found


def of_file(path: Path) -> Format:
    """The format of a file that is there: by its first bytes, else by its suffix. Raises InputError for none."""
    readable = [row for row in FORMATS if row.read]
    head = head_of(path)
    found = next((row for row in readable if row.recognises(head, path)), None) or _by_suffix(path, readable)
    if found is None and head.lstrip()[:5] == b"%PDF-":
        raise InputError(f"{path}: is a PDF, a page and no recording; read it with `python -m digitize.infer --image`")
    if found is None:
        suffixes = ", ".join(suffix for row in readable for suffix in row.suffixes)
        raise InputError(f"{path}: expected a recording, such as one that ends in {suffixes}")
    return found


def of_new_file(path: Path) -> Format:
    """The format in which a file of this name is written. Raises InputError for a suffix of none."""
    writable = [row for row in FORMATS if row.write]
    found = _by_suffix(path, writable)
    if found is None:
        suffixes = ", ".join(suffix for row in writable for suffix in row.suffixes)
        raise InputError(f"{path}: cannot tell the format; expected a name that ends in one of {suffixes}")
    return found


def head_of(path: Path) -> bytes:
    """The first bytes of a file, b"" where it is none."""
    if not path.is_file():
        return b""
    with path.open("rb") as file:
        return file.read(_HEAD_BYTES)


def _by_suffix(path: Path, rows: list[Format]) -> Format | None:
    """The row with the longest suffix in which the name ends."""
    name = path.name.lower()
    fitting = [(len(suffix), row) for row in rows for suffix in row.suffixes if name.endswith(suffix)]
    return max(fitting, key=lambda found: found[0])[1] if fitting else None
