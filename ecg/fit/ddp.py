"""Several processes that train one network: each takes its share of every batch, the first one writes."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn

from ecg.fit.launch import launched, local_rank

T = TypeVar("T")


@contextmanager
def team(cuda: bool) -> Iterator[None]:
    """Inside, the processes that `torchrun` started know each other; nothing happens when there is only one."""
    if launched() == 1:
        yield
        return
    if cuda:
        torch.cuda.set_device(local_rank())
    dist.init_process_group("nccl" if cuda else "gloo")
    try:
        yield
        dist.barrier()  # one that leaves while others still write brings them down
    finally:
        gc.collect()  # a network that is not needed any more still holds on to the group
        dist.destroy_process_group()


def size() -> int:
    return dist.get_world_size() if dist.is_initialized() else 1


def rank() -> int:
    return dist.get_rank() if dist.is_initialized() else 0


def share(items: Sequence[T]) -> list[T]:
    """This process's part of a batch or of anything else; the parts of all processes make up the whole."""
    return list(items[rank() :: size()])


def by_first(make: Callable[[], T]) -> T:
    """What the first process makes, in every process."""
    made = [make() if rank() == 0 else None]
    if size() > 1:
        dist.broadcast_object_list(made)
    return made[0]  # type: ignore[return-value]


def gather(value: T) -> list[T]:
    """Every process's value, in every process."""
    values: list[Any] = [value] * size()
    if size() > 1:
        dist.all_gather_object(values, value)
    return values


def total(values: Mapping[str, float], device: torch.device) -> dict[str, float]:
    """The sums over all processes."""
    if size() == 1:
        return dict(values)
    # The CPU and GPUs add in double precision; MPS, which lacks it, never comes in teams.
    sums = torch.tensor(list(values.values()), dtype=torch.float64, device=device)
    dist.all_reduce(sums)
    return dict(zip(values, sums.tolist(), strict=True))


def wrap(model: nn.Module, device: torch.device) -> nn.Module:
    """The network whose gradients are averaged over the team; the network itself when there is no team."""
    if size() == 1:
        return model
    devices = [device] if device.type == "cuda" else None
    return nn.parallel.DistributedDataParallel(model, device_ids=devices)


def whole_batch_norm(model: nn.Module, device: torch.device) -> nn.Module:
    """Normalise over the whole batch, not over one process's share (torch can do so on GPUs only)."""
    if size() == 1 or device.type != "cuda":
        return model
    made: nn.Module = nn.SyncBatchNorm.convert_sync_batchnorm(model)
    return made


def exchange(model: nn.Module, now: bool) -> AbstractContextManager[object]:
    """Gradients are exchanged at the last batch of a step only."""
    return nullcontext() if now or not isinstance(model, nn.parallel.DistributedDataParallel) else model.no_sync()


def agree(tensors: Mapping[str, Tensor]) -> None:
    """Every process takes over the first one's tensors (statistics of batch norms differ between shares)."""
    if size() > 1:
        for value in tensors.values():
            dist.broadcast(value, 0)
