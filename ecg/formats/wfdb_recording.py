"""`WfdbRecording`: a WFDB record that is read stretch by stretch, so that a day of it fits into memory."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ecg.files import InputError, JsonObject
from ecg.formats.checks import check_rate, some
from ecg.formats.wfdb_header import Channel, Header, parse, write_lawful, write_lawful_segments
from ecg.leads import is_known, unplaced
from ecg.notes import Note
from ecg.record import Record
from ecg.signal.filters import resample

_MV_PER_UNIT = {"v": 1e3, "mv": 1.0, "uv": 1e-3, "µv": 1e-3, "nv": 1e-6}
_NOMINAL_GAIN = 200.0  # counts per mV that WFDB assumes where a header states none
_STRETCH_S = 600.0
_MARGIN_S = 1.0  # beyond a stretch, where leads of different rates are brought to one
_INVALID = {"16": -(1 << 15), "61": -(1 << 15), "212": -(1 << 11), "80": -(1 << 7), "24": -(1 << 23), "32": -(1 << 31)}


class Folder:
    """A folder for headers as the wfdb package reads them, gone with the last recording that needs it."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="wfdb-"))
        weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)


@dataclass(frozen=True, eq=False)
class WfdbRecording:
    """The leads, rate and notes of a record as `ecg.record.Record` has them; `crop` reads a stretch of it."""

    path: Path
    leads: tuple[str, ...]
    fs_hz: float
    samples: int
    start_s: float
    meta: JsonObject
    notes: tuple[Note, ...]
    channels: tuple[Channel, ...]
    rows: tuple[int, ...]
    scale: np.ndarray
    folder: Folder

    @property
    def duration_s(self) -> float:
        return self.samples / self.fs_hz

    def crop(self, start_s: float, duration_s: float) -> Record:
        """Exactly `duration_s` from time `start_s` on; what lies outside the record is NaN."""
        first, count = round((start_s - self.start_s) * self.fs_hz), round(duration_s * self.fs_hz)
        out = np.full((len(self.leads), count), np.nan, np.float32)
        a, b = max(first, 0), min(first + count, self.samples)
        if b > a:
            out[:, a - first : b - first] = self._samples(a, b)
        return Record(out, self.fs_hz, self.leads, float(start_s), self.meta, self.notes)

    def whole(self) -> Record:
        """All of it."""
        out = np.empty((len(self.leads), self.samples), np.float32)
        step, notes = round(_STRETCH_S * self.fs_hz), list(self.notes)
        sums = np.zeros(len(self.leads), np.int64)
        for a in range(0, self.samples, step):
            b = min(a + step, self.samples)
            out[:, a:b] = self._samples(a, b, sums)
        if damaged := [c.name for c, total in zip(self._used, sums, strict=True) if _differs(c, int(total))]:
            text = f"the checksum of {some(damaged)} is not that of the signal: the file may be damaged"
            notes.append(Note("checksum-differs", text))
        return Record(out, self.fs_hz, self.leads, self.start_s, self.meta, tuple(notes))

    @property
    def _used(self) -> list[Channel]:
        return [self.channels[row] for row in self.rows]

    def _samples(self, first: int, last: int, sums: np.ndarray | None = None) -> np.ndarray:
        """mV of the samples from `first` to before `last`, [lead, sample]; the leads' counts are added to `sums`."""
        import wfdb

        highest = max(channel.per_frame for channel in self._used)
        even = all(channel.per_frame == highest for channel in self._used)
        margin = 0 if even else round(_MARGIN_S * self.fs_hz)
        frame, end = max(0, first - margin) // highest, -(-min(self.samples, last + margin) // highest)
        with_signal = str(self.folder.path / "lawful")
        try:
            found = wfdb.rdrecord(with_signal, frame, end, list(self.rows), smooth_frames=False)
        except Exception as error:  # the package raises many kinds for a file that is not what it says
            raise InputError(f"{self.path}: not a readable WFDB record ({error})") from error
        values: list[np.ndarray] = found.e_p_signal
        if sums is not None:
            sums += [_count(channel, row) for channel, row in zip(self._used, values, strict=True)]
        rows = [_at(row, channel.per_frame, highest) for channel, row in zip(self._used, values, strict=True)]
        skipped = first - frame * highest
        return np.stack([row[skipped : skipped + last - first] for row in rows]) * self.scale[:, None]


def open_recording(path: str | Path, fs_hz: float | None = None, placed: bool = True) -> WfdbRecording:
    """Open a record by any of its files; `meta` gets the header's "key: value" comments as text.

    Other channels than the twelve leads are left out with a note, and so is a lead that states no gain. Where none is
    left the record is refused, unless `placed` is False: then ECG channels at no stated place, or without a gain (200
    per mV are assumed), are read under names like ECG1. `fs_hz` counts where the header states no rate. Raises
    InputError with what is wrong, FileNotFoundError for a missing file.
    """
    header = parse(Path(path).with_suffix(".hea"))
    parts = [parse(header.path.with_name(f"{name}.hea")) for name in header.segments if name != "~"]
    channels = _channels(header, parts)
    gains = {c.name for one in (header, *parts) for c in one.channels if c.gain is None and c.file != "~"}
    rows, leads, notes = _choose(header.path, channels, gains, placed)
    used = [channels[row] for row in rows]
    frame_hz, rate_notes = _rate(header, fs_hz)
    highest = max(channel.per_frame for channel in used)
    check_rate(header.path, frame_hz * highest)
    frames, length_notes = _frames(header)
    meta = _meta(header)
    start_s = float(meta.pop("start_s", 0.0))
    scale = np.array([_mv_per_unit(header.path, channel, placed) for channel in used])
    folder = Folder()
    found = WfdbRecording(
        header.path, tuple(leads), frame_hz * highest, frames * highest, start_s, {"source": header.path.stem} | meta,
        (*notes, *rate_notes, *length_notes), channels, tuple(rows), scale, folder,
    )  # fmt: skip
    if header.segments:
        write_lawful_segments(header, parts, folder.path, frame_hz)
    else:
        write_lawful(header, folder.path, frame_hz, frames)
    return found


def _channels(header: Header, parts: Sequence[Header]) -> tuple[Channel, ...]:
    """The channels of a record; of one in segments those of its layout, or of its first segment."""
    found = header.channels or next((part.channels for part in parts if part.channels), ())
    if not found:
        raise InputError(f"{header.path}: not a readable WFDB record (it has no channels)")
    if not any(channel.name for channel in found):
        raise InputError(f"{header.path}: its channels have no names, so which lead each is cannot be known")
    return found if header.channels else tuple(replace(channel, checksum=None) for channel in found)


def _choose(
    path: Path, channels: Sequence[Channel], without_gain: set[str], placed: bool
) -> tuple[list[int], list[str], list[Note]]:
    """(rows, their names, what is left out) of the channels that are read."""
    numbered = list(enumerate(channels))
    leads = [(k, c.name) for k, c in numbered if is_known(c.name) and c.name not in without_gain]
    names = [channel.name or "one without a name" for channel in channels]
    if leads:
        others = [name for k, name in enumerate(names) if k not in {row for row, _ in leads}]
        notes = [_left_out(others, without_gain)] if others else []
        return [row for row, _ in leads], [name for _, name in leads], notes
    ecg = [(k, unplaced(c.name)) for k, c in numbered if is_known(c.name) or unplaced(c.name)]
    if not ecg or placed:
        if ecg and all(channels[row].name in without_gain for row, _ in ecg):
            raise InputError(
                f"{path}: channel {channels[ecg[0][0]].name!r} states no gain, so its values are not in mV"
            )
        raise InputError(f"{path}: none of the twelve leads is here (channels: {some(names)})")
    return [row for row, _ in ecg], _distinct([name or "ECG" for _, name in ecg]), _of_rhythm(names, without_gain)


def _left_out(others: Sequence[str], without_gain: set[str]) -> Note:
    why = "not calibrated leads" if any(name in without_gain for name in others) else "none of the twelve leads"
    return Note("channels-skipped", f"skipped {some(others)}: {why}")


def _of_rhythm(names: Sequence[str], without_gain: set[str]) -> list[Note]:
    text = f"none of the twelve leads is here (channels: {some(names)}): only what needs no lead's place is measured"
    notes = [Note("no-named-lead", text)]
    if without_gain:
        text = f"{some(sorted(without_gain))}: no gain is stated, so amplitudes are not known"
        notes.append(Note("uncalibrated", text))
    return notes


def _distinct(names: Sequence[str]) -> list[str]:
    """The names, or ECG1, ECG2 ... where two are the same."""
    return list(names) if len(set(names)) == len(names) else [f"ECG{k}" for k in range(1, len(names) + 1)]


def _rate(header: Header, given_hz: float | None) -> tuple[float, list[Note]]:
    """(frames per second, notes): what the header states, or else what was given."""
    try:
        stated = float(header.fs_hz)
    except ValueError:
        stated = float("nan")
    if 0 < stated < float("inf"):
        return stated, []
    said = f"states the rate {header.fs_hz!r}" if header.fs_hz else "states no sampling rate"
    if given_hz is None:
        raise InputError(f"{header.path}: {said}; state it in Hz (fs_hz=, --fs_hz)")
    return given_hz, [Note("rate-given", f"the header {said}: {given_hz:g} Hz as given")]


def _frames(header: Header) -> tuple[int, list[Note]]:
    """(how many frames there are, notes where header and signal file differ)."""
    if header.segments:
        return sum(header.segment_frames), []
    there, stated = header.frames_there, header.frames
    if there is None:
        if stated is None:
            raise InputError(f"{header.path}: not a readable WFDB record (how long it is cannot be known)")
        return stated, []
    if stated is None or stated == there:
        return there, []
    text = f"the header says {stated} samples, its signal file holds {there}"
    return min(stated, there), [Note("length-differs", f"{text}: {min(stated, there)} are read")]


def _mv_per_unit(path: Path, channel: Channel, placed: bool) -> float:
    if channel.gain is None and not placed:
        return 1.0
    if channel.unit.lower() not in _MV_PER_UNIT:
        raise InputError(f"{path}: lead {channel.name} is in {channel.unit!r}; expected one of V, mV, uV, nV")
    return _MV_PER_UNIT[channel.unit.lower()]


def _meta(header: Header) -> JsonObject:
    pairs = (line.partition(":") for line in header.comments)
    return {key.strip().strip("<>").lower(): value.strip() for key, colon, value in pairs if colon and value.strip()}


def _count(channel: Channel, values: np.ndarray) -> int:
    """The sum of a stretch's counts, for the checksum."""
    counts = np.round(values * (channel.gain or _NOMINAL_GAIN)) + channel.baseline
    return int(np.nansum(counts)) + int(np.isnan(counts).sum()) * _INVALID.get(channel.code, 0)


def _differs(channel: Channel, total: int) -> bool:
    """Whether a stated checksum is another; 0 is what programs write that reckon none."""
    return channel.checksum is not None and channel.code in _INVALID and (total - channel.checksum) & 0xFFFF != 0


def _at(values: np.ndarray, per_frame: int, highest: int) -> np.ndarray:
    return values if per_frame == highest else resample(values.astype(np.float32), per_frame, highest)
