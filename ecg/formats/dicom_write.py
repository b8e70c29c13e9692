"""DICOM, written: a waveform with padding where nothing is printed, or the page to scale as an encapsulated PDF."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from ecg.files import InputError, atomic_path
from ecg.formats import identity, pdf_page
from ecg.formats.counts import in_microvolts
from ecg.formats.lead_codes import dicom_code
from ecg.formats.moment import began_at
from ecg.leads import STANDARD
from ecg.record import Record

if TYPE_CHECKING:
    from pydicom import Dataset

START_TAG = (0x0079, 0x01, "GALVANO")  # private: group, element and creator of the first sample's time in s
MAKER = "Galvano"
_PADDING = -32768
_TWELVE_LEAD, _GENERAL, _AMBULATORY = (f"1.2.840.10008.5.1.4.1.1.9.{part}" for part in ("1.1", "1.2", "1.3"))
_ENCAPSULATED_PDF = "1.2.840.10008.5.1.4.1.1.104.1"
_RATES_HZ, _AMBULATORY_RATES_HZ = (200.0, 1000.0), (50.0, 1000.0)  # DICOM PS3.3 A.34
_NO_DATE = "19000101000000"  # where the standard wants a time and none is known


def write(record: Record, path: Path) -> None:
    """Write one group of 16 bits in steps of 1 uV, derived, NaN as padding.

    The object is a 12-lead ECG for the twelve leads, else a general ECG; below 200 Hz an ambulatory one.
    Raises InputError for a rate that DICOM does not allow and for more than +-32.767 mV.
    """
    counts, printed = in_microvolts(record, path)
    dataset = _dataset(record, _sop_class(record, path), "ECG")
    began = began_at(record.meta)
    dataset.AcquisitionDateTime = _stamp(began) if began else _NO_DATE
    dataset.WaveformSequence = [_group(record, np.where(printed, counts, _PADDING))]
    dataset.AcquisitionContextSequence = []
    _save(dataset, path)


def write_pdf(record: Record, path: Path) -> None:
    """Write the page of `pdf_page.write` as an encapsulated PDF, the form in which an archive keeps a report."""
    with TemporaryDirectory() as folder:
        page = Path(folder, "page.pdf")
        pdf_page.write(record, page)
        document = page.read_bytes()
    dataset = _dataset(record, _ENCAPSULATED_PDF, "DOC")
    dataset.ConversionType = "WSD"
    dataset.BurnedInAnnotation = "YES" if any(identity.of(record.meta)) else "NO"
    dataset.DocumentTitle = "ECG"
    dataset.ConceptNameCodeSequence = [_code("11524-6", "LN", "EKG study")]
    dataset.AcquisitionDateTime = _stamp(began) if (began := began_at(record.meta)) else ""
    dataset.MIMETypeOfEncapsulatedDocument = "application/pdf"
    dataset.EncapsulatedDocumentLength = len(document)
    dataset.EncapsulatedDocument = document + b"\0" * (len(document) % 2)
    _save(dataset, path)


def _sop_class(record: Record, path: Path) -> str:
    low, high = _RATES_HZ
    if low <= record.fs_hz <= high:
        return _TWELVE_LEAD if set(record.leads) == set(STANDARD) else _GENERAL
    if _AMBULATORY_RATES_HZ[0] <= record.fs_hz < low:
        return _AMBULATORY
    words = f"DICOM holds ECGs at {_AMBULATORY_RATES_HZ[0]:g} to {high:g} Hz, this one has {record.fs_hz:g} Hz"
    raise InputError(f"{path}: {words}; resample it first")


def _dataset(record: Record, sop_class: str, modality: str) -> Dataset:
    """Patient, study, series and equipment; what is not known is empty, as DICOM allows it."""
    from pydicom import Dataset, FileMetaDataset
    from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

    found, began, now = Dataset(), began_at(record.meta), datetime.now()
    found.file_meta = FileMetaDataset()
    found.file_meta.MediaStorageSOPClassUID = found.SOPClassUID = UID(sop_class)
    found.file_meta.MediaStorageSOPInstanceUID = found.SOPInstanceUID = generate_uid(prefix=None)
    found.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    found.SpecificCharacterSet = "ISO_IR 192"
    found.StudyInstanceUID, found.SeriesInstanceUID = generate_uid(prefix=None), generate_uid(prefix=None)
    found.Modality, found.SeriesNumber, found.InstanceNumber = modality, 1, 1
    found.StudyDate, found.StudyTime = (f"{began:%Y%m%d}", f"{began:%H%M%S}") if began else ("", "")
    found.ContentDate, found.ContentTime = f"{now:%Y%m%d}", f"{now:%H%M%S}"
    found.StudyID = found.AccessionNumber = found.ReferringPhysicianName = ""
    found.Manufacturer, found.ManufacturerModelName = MAKER, str(record.meta.get("device") or MAKER)[:64]
    found.DeviceSerialNumber, found.SoftwareVersions = "0", "0"
    _add_patient(found, record.meta)
    return found


def _add_patient(dataset: Dataset, meta: Mapping[str, object]) -> None:
    name, number, birth = identity.of(meta)
    sex, age = str(meta.get("sex", "")).upper()[:1], str(meta.get("age", "")).partition(".")[0]
    given, _, family = name.rpartition(" ")
    dataset.PatientName, dataset.PatientID = f"{family}^{given}".strip("^"), number
    dataset.PatientBirthDate = birth.replace("-", "")
    dataset.PatientSex = sex if sex in ("M", "F") else ""
    if age.isascii() and age.isdigit() and len(age) <= 3:
        dataset.PatientAge = f"{int(age):03d}Y"


def _group(record: Record, counts: np.ndarray) -> Dataset:
    from pydicom import Dataset

    group = Dataset()
    group.WaveformOriginality = "DERIVED"
    group.MultiplexGroupLabel = "RHYTHM"
    if record.start_s:
        at, element, creator = START_TAG
        group.private_block(at, creator, create=True).add_new(element, "DS", f"{record.start_s:.12g}")
    group.NumberOfWaveformChannels, group.NumberOfWaveformSamples = counts.shape
    group.SamplingFrequency = f"{record.fs_hz:.12g}"
    group.ChannelDefinitionSequence = [_channel(lead) for lead in record.leads]
    group.WaveformBitsAllocated, group.WaveformSampleInterpretation = 16, "SS"
    group.add_new("WaveformPaddingValue", "OW", np.array(_PADDING, "<i2").tobytes())
    group.add_new("WaveformData", "OW", np.ascontiguousarray(counts.T).astype("<i2").tobytes())
    return group


def _channel(lead: str) -> Dataset:
    from pydicom import Dataset

    channel = Dataset()
    channel.ChannelLabel = lead
    channel.ChannelSourceSequence = [_code(dicom_code(lead), "MDC", f"Lead {lead}")]
    channel.ChannelSensitivity, channel.ChannelSensitivityCorrectionFactor = "1", "1"
    channel.ChannelSensitivityUnitsSequence = [_code("uV", "UCUM", "microvolt")]
    channel.ChannelBaseline, channel.ChannelSampleSkew = "0", "0"
    channel.WaveformBitsStored = 16
    return channel


def _code(value: str, scheme: str, meaning: str) -> Dataset:
    from pydicom import Dataset

    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, scheme, meaning
    return code


def _stamp(time: datetime) -> str:
    return f"{time:%Y%m%d%H%M%S.%f}{time:%z}"


def _save(dataset: Dataset, path: Path) -> None:
    with atomic_path(path) as temporary:
        dataset.save_as(temporary, enforce_file_format=True)
