"""The tensors of a training, and how one step changes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn

from ecg.fit import checkpoint, ddp
from ecg.fit.checkpoint import State
from ecg.fit.dataloader import Batch, to_device
from ecg.fit.device import autocast_for, pick_amp, pick_device
from ecg.fit.ema import blend, keep_rng, with_weights
from ecg.fit.settings import FitSettings

LossFn = Callable[[nn.Module, Batch], dict[str, Tensor]]
_STOP = "stop"


class NotFinite(ArithmeticError):
    """A loss or a gradient that is no number; the message names it."""


class Engine:
    """Network, optimiser, scaler and averaged weights on their device."""

    def __init__(self, model: nn.Module, loss_fn: LossFn, settings: FitSettings) -> None:
        self.loss_fn, self.settings = loss_fn, settings
        self.device = pick_device(settings.device)
        layout = torch.channels_last if settings.channels_last else torch.preserve_format
        placed = model.to(self.device, memory_format=layout)  # type: ignore[call-overload]
        self.model = ddp.whole_batch_norm(placed, self.device)
        self.optimiser = torch.optim.AdamW(_groups(self.model, settings.weight_decay), lr=settings.lr)
        self.amp = autocast_for(settings.amp, self.device)
        fp16 = pick_amp(settings.amp, self.device) == "fp16"
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=fp16)
        self.ema = {k: v.detach().clone() for k, v in self.model.state_dict().items()} if settings.ema_decay else {}

    def join_team(self) -> None:
        """From here on gradients are shared; before it, weights may still be loaded."""
        self.team_model = ddp.wrap(self.model, self.device)

    def step(
        self, stream: Iterator[Batch], group: Sequence[Sequence[int]], lr: float, number: int, stop: Callable[[], bool]
    ) -> tuple[dict[str, float], bool]:
        """Optimiser step `number` (from 1) over the batches of `group`, of which `stream` gives this process's share.

        Gives the mean losses of the whole team, and whether any of it was asked to stop. Raises NotFinite before a bad
        number reaches the weights.
        """
        for options in self.optimiser.param_groups:
            options["lr"] = lr
        self.optimiser.zero_grad(set_to_none=True)
        sums: dict[str, float] = {}
        for place, indices in enumerate(group, start=1):
            part = len(ddp.share(indices)) / len(indices) / len(group)
            losses = self._backward(next(stream), part, last=place == len(group))
            sums = {name: sums.get(name, 0.0) + value * part for name, value in losses.items()}
        whole = ddp.total({**sums, _STOP: float(stop())}, self.device)
        asked = whole.pop(_STOP) > 0
        _refuse([name for name, value in whole.items() if not abs(value) < float("inf")])
        self._apply(number)
        return whole, asked

    def _backward(self, batch: Batch, part: float, last: bool) -> dict[str, float]:
        batch = to_device(batch, self.device, self.settings.channels_last)
        with ddp.exchange(self.team_model, now=last):
            with self.amp():
                losses = self.loss_fn(self.team_model, batch)
            # A team averages gradients over its processes; times its size that is the sum over their parts.
            self.scaler.scale(losses["total"] * (part * ddp.size())).backward()
        return {name: float(loss.detach()) for name, loss in losses.items()}

    def _apply(self, number: int) -> None:
        self.scaler.unscale_(self.optimiser)
        limit = self.settings.grad_clip or float("inf")
        norm = float(nn.utils.clip_grad_norm_(self.model.parameters(), limit))
        if norm != norm or (norm == float("inf") and not self.scaler.is_enabled()):
            _refuse(["gradient"])
        self.scaler.step(self.optimiser)
        self.scaler.update()
        if self.ema:
            blend(self.ema, self.model.state_dict(), self.settings.ema_decay, number)

    @contextmanager
    def judged(self) -> Iterator[nn.Module]:
        """The network as it is validated: averaged weights, evaluation mode, no gradients, alike in all processes."""
        ddp.agree(self.ema or self.model.state_dict())
        with with_weights(self.model, self.ema), keep_rng(), torch.no_grad():
            self.model.eval()
            yield self.model

    def state_dict(self) -> State:
        return {
            "model": self.model.state_dict(),
            "ema": self.ema,
            "optimiser": self.optimiser.state_dict(),
            "scaler": self.scaler.state_dict(),
            "rng": torch.get_rng_state(),
        }

    def load_state_dict(self, state: State, path: Path) -> None:
        """Take over a checkpoint; `path` is for the message when its weights do not fit."""
        checkpoint.fill(self.model, state["model"], path)
        self.ema = {name: value.to(self.device) for name, value in state["ema"].items()}
        self.optimiser.load_state_dict(state["optimiser"])
        self.scaler.load_state_dict(state["scaler"])
        torch.set_rng_state(state["rng"])


def _refuse(bad: list[str]) -> None:
    if bad:
        raise NotFinite(", ".join(bad))


def _groups(model: nn.Module, weight_decay: float) -> list[State]:
    """Decay for matrices and kernels only: norms, biases and breakpoints stay free."""
    every = [p for p in model.parameters() if p.requires_grad]
    return [
        {"params": [p for p in every if p.dim() > 1], "weight_decay": weight_decay},
        {"params": [p for p in every if p.dim() <= 1], "weight_decay": 0.0},
    ]
