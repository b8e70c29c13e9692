"""Held-out pages in batches: drawn once a run where memory allows, and dealt to the processes of a team."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from torch import Tensor

from ecg.fit import ddp
from ecg.fit.cache import GB, BoundedMemo
from ecg.fit.dataloader import ItemDataset, loader

_MEMORY_BYTES = 2 * GB

Batch = Mapping[str, Tensor]


class HeldOut:
    """The same batches on every pass, each seen by one process of the team."""

    def __init__(self, dataset: ItemDataset, batch_size: int, num_workers: int) -> None:
        n = len(dataset)
        batches = [list(range(i, min(i + batch_size, n))) for i in range(0, n, batch_size)]
        self.count = len(batches)
        own = ddp.share(batches)
        self._kept = BoundedMemo(lambda: loader(dataset, own, num_workers), _nbytes, _MEMORY_BYTES)

    def __iter__(self) -> Iterator[Batch]:
        return iter(self._kept)


def _nbytes(batch: Batch) -> int:
    return sum(value.numel() * value.element_size() for value in batch.values())
