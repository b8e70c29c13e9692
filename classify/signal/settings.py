"""`DataSettings`: what a network sees of a recording, and how training varies it."""

from __future__ import annotations

from dataclasses import dataclass, field

from classify.signal.preprocessing import Preparation


@dataclass(frozen=True)
class DataSettings:
    """Time grid, channels and variations; `simulated` records are made when no data is given.

    `cache` is the folder that keeps recordings once read. With `crop_s` training sees random stretches of that length;
    such a network must take any length. With `from_usual` an example is shown as its difference from the median example
    of its patient, both prepared: what a beat has of its own. Such examples cannot be varied.
    An epoch of training shows every example once, or `draws` of them, of every label as many when `balanced`.
    `leads` are shown instead of the task's. `base_path` is where the paths of a table start, if not beside it;
    `records` chooses recordings of single beats, "100-180" or "100,103". With `known_people` those of which age or sex
    is not known are left out.
    """

    fs_hz: float = 125.0
    page_masks: bool = True
    vary: bool = True
    mask_channels: bool = True
    amplitude_channels: bool = False
    crop_s: float = 0.0
    from_usual: bool = False
    preparation: Preparation = field(default_factory=Preparation)
    balanced: bool = False
    draws: int = 0
    simulated: int = 96
    cache: str = "data/cache"
    leads: tuple[str, ...] = ()
    base_path: str = ""
    records: str = ""
    known_people: bool = False

    def __post_init__(self) -> None:
        if self.from_usual and self.varied:
            raise ValueError("from_usual compares examples as they are: set vary and page_masks to false, crop_s to 0")

    @property
    def varied(self) -> bool:
        """Whether training sees an example differently in each epoch."""
        return bool(self.vary or self.page_masks or self.crop_s)
