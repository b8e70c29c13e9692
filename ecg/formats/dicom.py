"""DICOM waveforms, read: 12-lead, general and ambulatory ECG; the rhythm, gaps as NaN."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ecg.files import InputError
from ecg.formats.channels import Channel, check_size, mv_per_unit, to_record
from ecg.formats.dicom_write import MAKER, START_TAG
from ecg.formats.format import ReadOptions, read_bytes
from ecg.formats.identity import patient
from ecg.formats.lead_codes import lead_of_code
from ecg.formats.spans import without_short
from ecg.formats.timeline import Part, on_one_line
from ecg.leads import canonical, is_known
from ecg.record import Record

if TYPE_CHECKING:
    from pydicom import Dataset

_KINDS = {"SS": "i2", "US": "u2", "SB": "i1", "UB": "u1", "SL": "i4", "UL": "u4"}
_DEFLATED, _META_BYTES = b"1.2.840.10008.1.2.1.99", 1024
_BEAT_WORDS = ("MEDIAN", "AVERAGE", "BEAT", "TEMPLATE")
_LONGEST_BEAT_S = 2.0
_SHORTEST_ZERO_GAP_S = 0.5  # a flat line this long is a gap, where 0 stands for "nothing here"
_MOMENT = re.compile(r"(\d{8})(\d{2}(?:\d{2}){0,2})?(?:\.(\d{1,6}))?([-+]\d{4})?")
_NO_YEAR = 1900  # stands for a time that is not known


@dataclass(frozen=True, eq=False)
class _Group:
    """The channels of one multiplex group, from `start_s` after the acquisition began."""

    start_s: float
    fs_hz: float
    channels: tuple[Channel, ...]

    @property
    def samples(self) -> int:
        return len(self.channels[0].mv)


def recognises(head: bytes, path: Path) -> bool:
    return head[128:132] == b"DICM"


def read(path: Path, options: ReadOptions) -> list[Record]:
    """The rhythm of a waveform object; groups at several times lie on one time line, NaN between them.

    Raises InputError for an object without waveforms, for a channel without a sensitivity, and for samples that are
    fewer than the header says.
    """
    dataset = _dataset(path)
    items = list(dataset.get("WaveformSequence") or [])
    if not items:
        raise InputError(f"{path}: is DICOM, but holds no waveform (modality {dataset.get('Modality') or 'unknown'})")
    little = bool(dataset.original_encoding[1])
    for item in dataset.WaveformSequence:  # also those that are no rhythm: a file that is cut off is not to be trusted
        _check_length(path, item)
    groups = [_group(path, item, little) for item in _rhythms(items)]
    fs_hz = max(groups, key=lambda g: g.samples / g.fs_hz).fs_hz
    chosen = [group for group in groups if group.fs_hz == fs_hz]
    if len(chosen) < len(groups):
        warnings.warn(f"{path}: left out groups at another rate than {fs_hz:g} Hz", stacklevel=2)
    start_s = min(group.start_s for group in chosen)
    parts = [Part(round((group.start_s - start_s) * fs_hz), group.channels) for group in chosen]
    channels = on_one_line(path, fs_hz, parts)
    return [to_record(path, channels, fs_hz, _meta(dataset, options), start_s=start_s)]


def _dataset(path: Path) -> Dataset:
    import pydicom
    from pydicom.errors import InvalidDicomError

    data = read_bytes(path)
    if _DEFLATED in data[:_META_BYTES]:
        raise InputError(f"{path}: is deflated DICOM, which is not read; save it as explicit VR little endian")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of values that other programs write wrongly
            dataset = pydicom.dcmread(BytesIO(data), force=not recognises(data, path))
            dataset.decode()
    except InvalidDicomError as error:
        raise InputError(f"{path}: is no DICOM ({error})") from error
    return dataset


def _rhythms(items: Sequence[Dataset]) -> list[Dataset]:
    """Without groups of median beats: such a group says so, or is as short as a beat beside a longer one."""
    rhythm = [i for i in items if not any(w in str(i.get("MultiplexGroupLabel", "")).upper() for w in _BEAT_WORDS)]
    longest = max((_seconds(item) for item in rhythm or items), default=0.0)
    return [i for i in rhythm or items if _seconds(i) > _LONGEST_BEAT_S or longest <= _LONGEST_BEAT_S]


def _seconds(item: Dataset) -> float:
    rate = float(item.get("SamplingFrequency") or 0)
    return int(item.get("NumberOfWaveformSamples") or 0) / rate if rate > 0 else 0.0


def _check_length(path: Path, item: Dataset) -> None:
    fs_hz, bits = float(item.get("SamplingFrequency") or 0), int(item.get("WaveformBitsAllocated") or 0)
    said = int(item.get("NumberOfWaveformSamples") or 0) * int(item.get("NumberOfWaveformChannels") or 0)
    check_size(path, fs_hz, said)
    held = len(item.get("WaveformData") or b"")
    if not bits or 8 * held < said * bits:
        raise InputError(f"{path}: says {said} samples of {bits} bits, but holds {held} bytes; is the file cut off?")


def _group(path: Path, item: Dataset, little: bool) -> _Group:
    fs_hz, count = float(item.get("SamplingFrequency") or 0), int(item.get("NumberOfWaveformSamples") or 0)
    channels = int(item.get("NumberOfWaveformChannels") or 0)
    definitions = item.get("ChannelDefinitionSequence") or []
    if not count or not channels or len(definitions) != channels:
        words = f"{count} samples of {channels} channels, {len(definitions)} of them described"
        raise InputError(f"{path}: the header says {words}; expected as many descriptions as channels")
    counts = _numbers(path, item, item.get("WaveformData"), little)
    table = counts[: count * channels].reshape(count, channels).T
    is_gap = _gaps(path, item, table, fs_hz, little)
    found = (
        _channel(path, definition, row, gap) for definition, row, gap in zip(definitions, table, is_gap, strict=True)
    )
    return _Group(_start_s(item), fs_hz, tuple(found))


def _start_s(item: Dataset) -> float:
    """The offset of the group; ours is private, because the standard has one for synchronized clocks only."""
    group, element, creator = START_TAG
    if (group, 0x0010) in item and str(item[group, 0x0010].value) == creator:
        return float(item.private_block(group, creator)[element].value)
    return float(item.get("MultiplexGroupTimeOffset") or 0) / 1000


def _numbers(path: Path, item: Dataset, raw: bytes | None, little: bool) -> np.ndarray:
    kind = str(item.get("WaveformSampleInterpretation", ""))
    bits = int(item.get("WaveformBitsAllocated") or 0)
    if kind not in _KINDS or bits != 8 * int(_KINDS[kind][1]):
        raise InputError(f"{path}: samples of the kind {kind!r} with {bits} bits; expected {', '.join(_KINDS)}")
    size = bits // 8
    whole = (raw or b"")[: len(raw or b"") // size * size]
    return np.frombuffer(whole, ("<" if little else ">") + _KINDS[kind])


def _gaps(path: Path, item: Dataset, table: np.ndarray, fs_hz: float, little: bool) -> np.ndarray:
    """Where nothing was recorded, bool [channel, sample].

    That is the padding value, in runs only where it is 0, which is also a voltage; and the lowest number of 16 bits.
    """
    lowest = table == -32768 if table.dtype.itemsize == 2 and table.dtype.kind == "i" else np.zeros(table.shape, bool)
    raw = item.get("WaveformPaddingValue")
    padding = _numbers(path, item, raw, little) if raw else np.empty(0)
    if not len(padding):
        return lowest
    is_padding = table == padding[0]
    if padding[0] == 0:
        is_padding = without_short(is_padding, round(_SHORTEST_ZERO_GAP_S * fs_hz))
    return lowest | is_padding


def _channel(path: Path, definition: Dataset, counts: np.ndarray, is_gap: np.ndarray) -> Channel:
    name = _name(definition)
    if not is_known(name):  # its unit need not be one of ours
        return Channel(name, np.full(len(counts), np.nan))
    sensitivity, units = definition.get("ChannelSensitivity"), definition.get("ChannelSensitivityUnitsSequence")
    if sensitivity is None or not units:
        raise InputError(f"{path}: channel {name} states no sensitivity, so its values are not in mV")
    unit = mv_per_unit(str(units[0].get("CodeValue", "")), path)
    factor = float(definition.get("ChannelSensitivityCorrectionFactor") or 1)
    baseline = float(definition.get("ChannelBaseline") or 0)
    mv = (counts.astype(np.float64) * float(sensitivity) * factor + baseline) * unit
    return Channel(name, np.where(is_gap, np.nan, mv))


def _name(definition: Dataset) -> str:
    """The lead by its code, its code's meaning or the channel's label, whichever is one of the twelve first."""
    sources = definition.get("ChannelSourceSequence") or []
    words = [str(source.get(key, "")) for source in sources for key in ("CodeValue", "CodeMeaning")]
    words.append(str(definition.get("ChannelLabel", "")))
    leads = [lead_of_code(word).partition("(")[0].strip() for word in words if word]
    return next((canonical(lead) for lead in leads if is_known(lead)), words[-1] or "unnamed")


def _meta(dataset: Dataset, options: ReadOptions) -> dict[str, object]:
    began = _time(str(dataset.get("AcquisitionDateTime") or ""))
    family, *given = str(dataset.get("PatientName") or "").split("^")
    age, sex = str(dataset.get("PatientAge") or ""), str(dataset.get("PatientSex") or "")
    maker = str(dataset.get("Manufacturer") or "")
    device = ("" if maker == MAKER else maker, dataset.get("ManufacturerModelName"))
    return {
        "recorded_at": "" if began.startswith(f"{_NO_YEAR}-") else began,
        "device": " ".join(str(word) for word in device if word),
        "age": str(int(age[:-1])) if age.endswith("Y") and age[:-1].isdigit() else "",
        "sex": sex if sex in ("M", "F") else "",
        **patient(
            options,
            " ".join(word for word in (*given[:2], family) if word),
            str(dataset.get("PatientID") or ""),
            _time(str(dataset.get("PatientBirthDate") or ""))[:10],
        ),
    }


def _time(text: str) -> str:
    """DICOM's YYYYMMDDHHMMSS.FFFFFF+ZZZZ as ISO, "" for what is none; all after the day may be left out."""
    parts = _MOMENT.fullmatch(text.strip())
    if parts is None:
        return ""
    day, clock, fraction, zone = parts.groups(default="")
    try:
        moment = datetime.strptime(day + clock.ljust(6, "0") + zone, "%Y%m%d%H%M%S" + ("%z" if zone else ""))
    except ValueError:
        return ""
    return moment.replace(microsecond=int(fraction.ljust(6, "0"))).isoformat()
