"""What a WFDB header says (header(5) of the WFDB manual), and a copy of it that the wfdb package reads as it is meant.

A header's date and time are not read: nothing here needs them, and collections write them in many ways.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ecg.files import InputError

# How much of its file a sample takes, by format.
_BYTES = {"8": 1.0, "16": 2.0, "24": 3.0, "32": 4.0, "61": 2.0, "80": 1.0, "160": 2.0, "212": 1.5, "310": 4 / 3,
          "311": 4 / 3}  # fmt: skip
_FORMAT = re.compile(r"(?P<code>\d+)(?:x(?P<per_frame>\d+))?(?::(?P<skew>\d+))?(?:\+(?P<offset>\d+))?")
_GAIN = re.compile(r"(?P<gain>[-+]?[\d.]+(?:[eE][-+]?\d+)?)?(?:\((?P<baseline>[-+]?\d+)\))?(?:/(?P<unit>\S+))?")


@dataclass(frozen=True)
class Channel:
    """One signal: its file and format, counts per unit (None: not stated), name ("": not stated) and checksum."""

    file: str
    code: str
    per_frame: int
    offset: int
    gain: float | None
    baseline: int
    unit: str
    checksum: int | None
    name: str
    line: str


@dataclass(frozen=True)
class Header:
    """A record, or one in segments (then `segments` names them); `fs_hz` is the text, `frames` None if not stated."""

    path: Path
    name: str
    fs_hz: str
    frames: int | None
    channels: tuple[Channel, ...] = ()
    segments: tuple[str, ...] = ()
    segment_frames: tuple[int, ...] = ()
    comments: tuple[str, ...] = ()

    @property
    def per_frame(self) -> int:
        """Samples of all channels in one frame."""
        return sum(channel.per_frame for channel in self.channels)

    @property
    def frames_there(self) -> int | None:
        """How many frames its signal files hold; None where the format does not tell, or nothing is stored."""
        found = []
        for file in {channel.file for channel in self.channels}:
            own = [channel for channel in self.channels if channel.file == file]
            size, stored = _BYTES.get(own[0].code), self.path.with_name(file)
            if size is None or not stored.is_file():
                return None
            found.append(int((stored.stat().st_size - own[0].offset) / (size * sum(c.per_frame for c in own))))
        return min(found, default=None)


def parse(path: Path) -> Header:
    """Read a header. Raises InputError for one that is none, FileNotFoundError when it is not there."""
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such WFDB header")
    text = _text(path)
    first, *lines = _statements(text) or [""]
    fields = first.split()
    if len(fields) < 2 or not fields[1].isdigit():
        raise InputError(f"{path}: not a readable WFDB record (its first line names no record and number of signals)")
    name, _, segments = fields[0].partition("/")
    frames = int(fields[3]) if len(fields) > 3 and fields[3].isdigit() else 0
    fs_hz = re.split(r"[/(]", fields[2])[0] if len(fields) > 2 else ""
    head = Header(path, name, fs_hz, frames or None, comments=tuple(_comments(text)))
    if segments:
        return _with_segments(head, lines[: int(segments)] if segments.isdigit() else lines)
    channels = tuple(_channel(path, line) for line in lines[: int(fields[1])])
    if len(channels) < int(fields[1]):
        raise InputError(f"{path}: not a readable WFDB record ({fields[1]} signals, {len(channels)} lines for them)")
    return replace(head, channels=channels)


def write_lawful(header: Header, folder: Path, fs_hz: float, frames: int, name: str = "lawful") -> None:
    """The header without what the wfdb package stumbles over, beside links to its signal files.

    The name is plain (CinC 2020 has "E00271.mat"), the micro sign is u, date and time are left out.
    """
    lines = [f"{name} {len(header.channels)} {fs_hz:.12g} {frames}"]
    lines += [re.sub("[µμ]", "u", channel.line) for channel in header.channels]
    for file in {channel.file for channel in header.channels} - {"~"}:
        if not header.path.with_name(file).is_file():
            raise FileNotFoundError(f"{header.path}: its signal file is missing ({header.path.with_name(file)})")
        _link(header.path.with_name(file), folder / file)
    (folder / f"{name}.hea").write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_lawful_segments(header: Header, parts: Sequence[Header], folder: Path, fs_hz: float) -> None:
    """The same for a record in segments."""
    by_name = {part.path.stem: part for part in parts}
    lines = list[str]()
    for number, (name, frames) in enumerate(zip(header.segments, header.segment_frames, strict=True)):
        lines.append(f"{'~' if name == '~' else f's{number}'} {frames}")
        if name != "~":
            write_lawful(by_name[name], folder, fs_hz, frames, f"s{number}")
    channels = next(part.channels for part in parts if part.channels)
    first = f"lawful/{len(lines)} {len(channels)} {fs_hz:.12g} {sum(header.segment_frames)}"
    (folder / "lawful.hea").write_text("\n".join([first, *lines]) + "\n", encoding="utf-8")


def segments_of(path: Path) -> list[Path]:
    """The headers of the segments that a header names; none where it is no header of a record in segments."""
    try:
        first = (_statements(_text(path)) or [""])[0].split()
        return [path.with_name(f"{name}.hea") for name in parse(path).segments] if first and "/" in first[0] else []
    except (OSError, InputError):
        return []


def _with_segments(header: Header, lines: Sequence[str]) -> Header:
    pairs = [(*line.split(), "")[:2] for line in lines]
    if not pairs or not all(frames.isdigit() for _, frames in pairs) or header.path.stem in {name for name, _ in pairs}:
        raise InputError(f"{header.path}: not a readable WFDB record (its segments need a name and a length each)")
    names, frames = zip(*pairs, strict=True)
    return replace(header, segments=names, segment_frames=tuple(map(int, frames)))


def _link(source: Path, target: Path) -> None:
    if target.exists():
        return
    try:
        target.symlink_to(source.resolve())
    except OSError:  # not allowed to everyone everywhere
        shutil.copyfile(source, target)


def _channel(path: Path, line: str) -> Channel:
    fields = line.split(maxsplit=8)
    form = _FORMAT.fullmatch(fields[1]) if len(fields) > 1 else None
    if form is None:
        raise InputError(f"{path}: not a readable WFDB record (no signal's line: {line[:60]!r})")
    if Path(fields[0]).name != fields[0]:
        raise InputError(f"{path}: not a readable WFDB record (its signal file {fields[0]!r} is not beside it)")
    scale = _GAIN.fullmatch(fields[2]) if len(fields) > 2 else None
    numbers = [int(text) if re.fullmatch(r"-?\d+", text) else 0 for text in fields[3:8]] + [0] * 5
    gain = float(scale["gain"]) if scale and scale["gain"] else 0.0
    baseline = int(scale["baseline"]) if scale and scale["baseline"] else numbers[1]
    unit = (scale["unit"] if scale and scale["unit"] else "mV").replace("\u03bc", "\u00b5")
    return Channel(
        fields[0], form["code"], int(form["per_frame"] or 1), int(form["offset"] or 0), gain or None, baseline, unit,
        numbers[3] or None, fields[8].strip() if len(fields) > 8 else "", line,
    )  # fmt: skip


def _text(path: Path) -> str:
    raw = path.read_bytes()
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _statements(text: str) -> list[str]:
    """The header's lines that are not comments."""
    lines = map(str.strip, text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _comments(text: str) -> list[str]:
    lines = map(str.strip, text.splitlines())
    return [line[1:].strip() for line in lines if line.startswith("#")]
