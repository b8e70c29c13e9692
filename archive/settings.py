"""What a run is told: what decides its rows, and how the work is done."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

from archive.loaders import SHIPPED
from digitize.stages import PageHints
from ecg.files import JsonMapping, JsonObject
from ecg.workers.limits import ProcessLimits

SHARD_PAGES = 500


@dataclass(frozen=True)
class Work:
    """All that the rows depend on besides the pages; an archive is begun and continued with the same.

    `loader` is module:function(device, engine), which gives the digitizer; `weights` is the classifier's file, "" the
    shipped one; without `diagnose` pages are digitized alone. Raises ValueError for hints that make no sense.
    """

    engine: str = "torch"
    layout: str | None = None
    mm_per_s: float | None = None
    mm_per_mv: float | None = None
    diagnose: bool = True
    weights: str = ""
    loader: str = SHIPPED

    def __post_init__(self) -> None:
        _ = self.hints

    @property
    def hints(self) -> PageHints:
        return PageHints.of(self.layout, self.mm_per_s, self.mm_per_mv)

    def to_dict(self) -> JsonObject:
        return asdict(self)

    @classmethod
    def from_dict(cls, data: JsonMapping) -> Work:
        return cls(**data)


@dataclass(frozen=True)
class Part:
    """The `number`-th of `count` equal parts of the shards, counted from 1. Raises ValueError for one that is none."""

    number: int = 1
    count: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.count:
            raise ValueError(f"part {self.number}/{self.count}: expected 1/{self.count} to {self.count}/{self.count}")

    @classmethod
    def parse(cls, text: str) -> Part:
        """From "3/16". Raises ValueError."""
        number, slash, count = text.partition("/")
        if not (slash and number.isdecimal() and count.isdecimal()):
            raise ValueError(f"part {text!r}: expected such as 3/16, the third of sixteen parts")
        return cls(int(number), int(count))

    def holds(self, shard: int) -> bool:
        return shard % self.count == self.number - 1


@dataclass(frozen=True)
class Run:
    """How the work is done, which no row depends on. Raises ValueError for what makes no sense."""

    engine: str = "local"
    workers: int = 1
    address: str | None = None
    part: Part = Part()
    retry_errors: bool = False
    limits: ProcessLimits = field(default_factory=ProcessLimits)

    def __post_init__(self) -> None:
        if self.engine not in ("local", "ray"):
            raise ValueError(f"engine {self.engine!r} is not known: expected local or ray")
        if self.workers < 1:
            raise ValueError(f"--workers must be at least 1, got {self.workers}")
