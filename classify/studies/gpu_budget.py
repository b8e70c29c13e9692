"""What training heavy networks asks for: one real step here, and memory and time of a GPU by arithmetic from it."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ecg.cli import command_parser, entry
from ecg.markdown import table as markdown_table

if TYPE_CHECKING:
    from torch import Tensor, nn

HEAVY = ("im_ecg", "st_mem", "token_selection", "inceptionformer")
_PER_WEIGHT_BYTES = 16  # in fp32: the weight, its gradient, and two moments of AdamW
_PER_MULTIPLY_ADD = 6  # operations of a step: two forward, four backward
_LEFT_FREE = 0.1  # of the GPU's memory, for what libraries and fragments take
_GB, _MB = 1e9, 1e6


@dataclass(frozen=True)
class Gpu:
    """A GPU by its data sheet, the dense bf16 TFLOPS of which a training uses the share `used`. Default: an H200."""

    memory_gb: float = 141.0
    tflops: float = 989.0
    used: float = 0.2


@dataclass(frozen=True)
class Step:
    """One step of a network on this CPU with `records` recordings in bf16: times, losses, and what backward keeps."""

    name: str
    parameters: int
    macs: int
    records: int
    forward_s: float
    step_s: float
    losses: tuple[float, float]
    kept_bytes: float

    def batch_bytes(self, batch: int) -> float:
        """Memory of a training with batches of so many recordings."""
        return _PER_WEIGHT_BYTES * self.parameters + batch * self.kept_bytes

    def largest_batch(self, gpu: Gpu) -> int:
        """How many recordings fit into a GPU's memory at once; 0 where not one does."""
        room = (1 - _LEFT_FREE) * gpu.memory_gb * _GB - _PER_WEIGHT_BYTES * self.parameters
        return max(int(room / self.kept_bytes), 0)

    def epoch_s(self, gpu: Gpu, records: int) -> float:
        """Time of a GPU for one epoch of so many recordings, if nothing else holds it up."""
        return _PER_MULTIPLY_ADD * self.macs * records / (gpu.tflops * 1e12 * gpu.used)


def step_of(name: str, records: int = 2, labels: int = 9) -> Step:
    """Build a network of the catalogue at its full size and take one step of AdamW on random recordings."""
    import torch
    from torch import nn

    from classify.evaluation.network_cost import cost
    from classify.evaluation.network_sizes import input_of
    from classify.nets import build
    from ecg.fit.device import autocast_for

    shape, amp = input_of(name), autocast_for("bf16", torch.device("cpu"))
    torch.manual_seed(0)
    net = build(name, labels, *shape).train()
    inputs = torch.randn(records, *shape), torch.randn(records, 8), torch.tensor([[60.0, 1.0]] * records)
    target = torch.randint(0, 2, (records, labels)).float()
    optimiser = torch.optim.AdamW([weight for weight in net.parameters() if weight.requires_grad], 1e-4)

    def loss() -> Tensor:
        with amp():
            return nn.functional.binary_cross_entropy_with_logits(net(*inputs).float(), target)

    started = time.process_time()
    with _kept(net) as kept:
        before = loss()
    forward_s = time.process_time() - started
    before.backward()
    optimiser.step()
    step_s = time.process_time() - started
    with torch.no_grad():
        after = loss()
    size = cost(name, labels, *shape)
    losses, per_record = (before.item(), after.item()), sum(kept.values()) / records
    return Step(name, size.parameters, size.macs, records, forward_s, step_s, losses, per_record)


@contextmanager
def _kept(net: nn.Module) -> Iterator[dict[int, int]]:
    """Bytes of every storage that autograd keeps for the backward pass, but for the weights' own."""
    import torch

    own = {weight.untyped_storage().data_ptr() for weight in net.parameters()}
    kept: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        yield kept


def table(steps: Sequence[Step], gpu: Gpu, batch: int, records: int) -> str:
    """Markdown: what was measured here, and what follows for the GPU."""
    head = [
        "network", "parameters", "multiply-adds", "forward here, CPU s", "step here, CPU s", "loss before, after",
        "kept for a recording, MB", f"batch of {batch}, GB", f"largest batch in {gpu.memory_gb:g} GB",
        f"epoch of {records:,}, s",
    ]  # fmt: skip
    rows = [
        [f"`{s.name}`", f"{s.parameters:,}", f"{s.macs / 1e9:.2f} G", f"{s.forward_s:.1f}", f"{s.step_s:.1f}",
         f"{s.losses[0]:.3f}, {s.losses[1]:.3f}", f"{s.kept_bytes / _MB:,.0f}", f"{s.batch_bytes(batch) / _GB:.1f}",
         f"{s.largest_batch(gpu):,}", f"{s.epoch_s(gpu, records):.0f}"]
        for s in steps
    ]  # fmt: skip
    return markdown_table(head, rows)


def parser() -> argparse.ArgumentParser:
    p, gpu = command_parser("classify.studies.gpu_budget"), Gpu()
    p.add_argument("--names", nargs="+", default=HEAVY, help=f"networks (default: {' '.join(HEAVY)})")
    p.add_argument(
        "--step", type=int, default=2, help="recordings of the step that is taken here (default: %(default)s)"
    )
    p.add_argument("--batch_size", type=int, default=128, help="of a training on the GPU (default: %(default)s)")
    p.add_argument("--records", type=int, default=17418, help="that train in an epoch (default: PTB-XL's %(default)s)")
    p.add_argument("--memory_gb", type=float, default=gpu.memory_gb, help="of the GPU (default: an H200's %(default)s)")
    p.add_argument("--tflops", type=float, default=gpu.tflops, help="dense, in bf16 (default: %(default)s)")
    p.add_argument("--used", type=float, default=gpu.used, help="share of these that is reached (default: %(default)s)")
    return p


@entry(parser)
def main(options: argparse.Namespace) -> int:
    """0 when printed, 2 for an unknown network or a number that is none."""
    o = options
    if min(o.step, o.batch_size, o.records, o.memory_gb, o.tflops, o.used) <= 0:
        raise ValueError("--step, --batch_size, --records, --memory_gb, --tflops and --used must be positive")
    print(
        table([step_of(name, o.step) for name in o.names], Gpu(o.memory_gb, o.tflops, o.used), o.batch_size, o.records)
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
