"""Pages on disk, brought to the network's size once with their targets, and seen in another light every epoch."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from digitize.nets.inputs import to_tensor
from digitize.nets.pretrained import FOLDER
from digitize.training.page_files import PageFiles, open_page
from digitize.training.page_samples import TARGETS_VERSION, page_example
from digitize.training.photometric import augment
from ecg.fit.cache import Arrays, DiskCache, MemoryCache, key_of
from ecg.fit.dataloader import loader
from ecg.fit.seeds import rng_for

_WEIGHTS = sorted(FOLDER.glob("*.safetensors"))  # a page without a truth of its own is placed by these
_HALF = ("grid", "baseline")  # soft maps in 0..1 are kept in half precision


@dataclass
class PreparedPages:
    """Training pages; an item is a pure function of (seed, epoch, index), whatever the caches hold.

    Pages that are not `varied` are seen in the same light always, as for validation.
    """

    pages: Sequence[PageFiles]
    size_px: tuple[int, int]
    seed: int = 0
    memory: MemoryCache | None = None
    disk: DiskCache | None = None
    varied: bool = True
    epoch: int = field(default=0, init=False)

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.pages)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        arrays = self.prepared(index)
        light = int(rng_for(self.seed, self.epoch, index).integers(2**31))
        targets = {name: torch.from_numpy(_wide(name, value)) for name, value in arrays.items() if name != "image"}
        image = augment(arrays["image"], light) if self.varied else arrays["image"]
        return {"image": to_tensor(image), **targets}

    def prepared(self, index: int) -> Arrays:
        """Picture uint8 [row, col, RGB] and targets of a page, from memory, from disk, or made now."""
        kept = self.memory.get(index) if self.memory else None
        if kept is not None:
            return kept
        if self.disk is None:
            return self._make(index)
        files = self.pages[index]
        key = key_of([*files.paths, *([] if files.truth else _WEIGHTS)], _preparation(self.size_px, files.fs_hz))
        arrays = self.disk.get(key)
        if arrays is None:
            arrays = self._make(index)
            self.disk.put(key, arrays)
        return arrays

    def _make(self, index: int) -> Arrays:
        example = page_example(*open_page(self.pages[index]), self.size_px)
        image = (example.pop("image") * 255).round().byte().permute(1, 2, 0).numpy()
        return {"image": np.ascontiguousarray(image), **{k: _narrow(k, v.numpy()) for k, v in example.items()}}

    def fill(self, num_workers: int) -> None:
        """Prepare every page into memory before training, so that workers share what the parent holds."""
        if self.memory is None:
            return
        stream = loader(_Raw(self), [[i] for i in range(len(self))], num_workers)
        hide = not sys.stderr.isatty()
        for index, batch in enumerate(tqdm(stream, "preparing pages", len(self), file=sys.stderr, disable=hide)):
            if not self.memory.put(index, {name: value[0].numpy() for name, value in batch.items()}):
                print(f"--cache: {index} of {len(self)} pages fit into memory (--cache_gb)", file=sys.stderr)
                break


@dataclass
class _Raw:
    """The prepared arrays themselves, before any light falls on them."""

    pages: PreparedPages

    def __len__(self) -> int:
        return len(self.pages)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        return {name: torch.from_numpy(value) for name, value in self.pages.prepared(index).items()}


def _preparation(size_px: tuple[int, int], fs_hz: float | None) -> dict[str, object]:
    """What the arrays depend on besides the files: the size, how the targets are drawn, and a rate from a table."""
    rate = {} if fs_hz is None else {"fs_hz": fs_hz}
    return {"size_px": list(size_px), "targets": TARGETS_VERSION, **rate}


def _narrow(name: str, value: np.ndarray) -> np.ndarray:
    if name == "seg":
        return value.astype(np.uint8)
    return value.astype(np.float16) if name in _HALF else value


def _wide(name: str, value: np.ndarray) -> np.ndarray:
    if name == "seg":
        return value.astype(np.int64)
    return value.astype(np.float32) if name in _HALF else value
