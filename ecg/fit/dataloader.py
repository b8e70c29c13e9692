"""Batches in an order that depends on the seed and the epoch alone."""

from __future__ import annotations

import signal
from collections.abc import Iterable, Iterator
from typing import Any, Protocol, TypeAlias

import cv2
import torch

from ecg.fit.seeds import permutation

# Tensors in dicts, lists and tuples, as the dataset nests them.
Batch: TypeAlias = Any


class ItemDataset(Protocol):
    """A map-style dataset."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int) -> Batch: ...


class EpochDataset(ItemDataset, Protocol):
    """One whose item is a pure function of (seed, epoch, index)."""

    def set_epoch(self, epoch: int) -> None: ...


def batch_lists(n: int, batch_size: int, seed: int, epoch: int) -> list[list[int]]:
    """The indices of every batch of an epoch; a short last batch is left out (the order changes every epoch)."""
    order = permutation(seed, epoch, n).tolist()
    if n <= batch_size:
        return [order]
    return [order[i : i + batch_size] for i in range(0, n - batch_size + 1, batch_size)]


def loader(dataset: ItemDataset, batches: list[list[int]], num_workers: int, pin: bool = False) -> Iterator[Batch]:
    """The batches in exactly this order, whatever the number of workers."""
    # A private generator: the loader must not draw from the stream that dropout uses.
    generator = torch.Generator().manual_seed(0)
    stream: Iterable[Batch] = torch.utils.data.DataLoader(
        dataset,  # type: ignore[arg-type]
        batch_sampler=batches,
        num_workers=num_workers,
        worker_init_fn=_quiet_worker,
        generator=generator,
        pin_memory=pin,
    )
    try:
        yield from stream
    except (ValueError, OSError) as error:
        lines = str(error).strip().splitlines()
        if "Original Traceback" not in str(error):
            raise
        # What a worker met comes wrapped in its traceback; a bad file needs its own last line only.
        raise ValueError(lines[-1].partition(": ")[2] or lines[-1]) from error


def _quiet_worker(_: int) -> None:
    """One thread each, and leave Ctrl-C to the parent, which finishes its step first."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)
    cv2.setNumThreads(0)


def to_device(batch: Batch, device: torch.device, channels_last: bool = False) -> Batch:
    """The same nest of tensors on a device; pictures [n, c, h, w] in channels-last order when asked."""
    if isinstance(batch, torch.Tensor):
        moved = batch.to(device, non_blocking=True)
        return moved.contiguous(memory_format=torch.channels_last) if channels_last and moved.dim() == 4 else moved
    if isinstance(batch, dict):
        return {key: to_device(value, device, channels_last) for key, value in batch.items()}
    if isinstance(batch, list | tuple):
        return type(batch)(to_device(value, device, channels_last) for value in batch)
    return batch
