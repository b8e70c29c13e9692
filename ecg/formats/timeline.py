"""Parts of a recording that were stored one by one, put on one line of samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ecg.files import InputError
from ecg.formats.channels import Channel, check_size

_EQUAL_MV = 0.005  # a sample that is stored twice may be rounded twice


@dataclass(frozen=True, eq=False)
class Part:
    """Channels of one length that begin `first` samples after the line does."""

    first: int
    channels: tuple[Channel, ...]

    @property
    def end(self) -> int:
        return self.first + max((len(channel.mv) for channel in self.channels), default=0)


def on_one_line(
    path: Path, fs_hz: float, parts: Sequence[Part], samples: int = 0, leads: Sequence[str] = ()
) -> list[Channel]:
    """Every channel of the parts, and of `leads`, once, at least so many samples long; NaN where no part has it.

    Raises InputError where two parts have a channel at one time with different values.
    """
    total = max([samples, *(part.end for part in parts)])
    names = list(dict.fromkeys([*leads, *(channel.name for part in parts for channel in part.channels)]))
    check_size(path, fs_hz, total * len(names))
    rows = {name: np.full(total, np.nan) for name in names}
    for part in parts:
        for channel in part.channels:
            row = rows[channel.name][part.first : part.first + len(channel.mv)]
            if (np.abs(row - channel.mv) > _EQUAL_MV).any():
                raise InputError(f"{path}: lead {channel.name} is there twice at one time, with different values")
            row[:] = np.where(np.isnan(row), channel.mv, row)
    return [Channel(name, row) for name, row in rows.items()]
