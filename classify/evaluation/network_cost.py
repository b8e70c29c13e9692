"""What a network costs: trainable parameters, and multiply-adds for one recording."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from math import prod

import torch
from torch import Tensor, nn

from classify.nets import NETS, build
from classify.nets.catalog.row import Options
from classify.nets.layers import trainable_parameters


@dataclass(frozen=True)
class Cost:
    """Trainable parameters, and multiply-adds for one recording, counted as the document's figures are.

    Those are of convolutions, linear and recurrent layers, and four for every value that a batch norm gives; products
    inside attention, other norms and activations are left out.
    """

    parameters: int
    macs: int


def cost(name: str, labels: int, channels: int, samples: int, options: Options | None = None) -> Cost:
    """The cost of a network of the catalogue; neither weights nor activations take memory, but for a few small ones."""
    with torch.device("cpu" if NETS[name].module in _ON_CPU else "meta"):
        net = build(name, labels, channels, samples, options)
        return Cost(trainable_parameters(net), macs(net.eval(), channels, samples))


def macs(net: nn.Module, channels: int, samples: int) -> int:
    """Multiply-adds of one forward pass of `channels` x `samples`, on the device that the weights are on."""
    total: list[int] = []
    hooks = [m.register_forward_hook(partial(_count, total)) for m in net.modules() if isinstance(m, _COUNTED)]
    recurrent = [m for m in net.modules() if isinstance(m, _RECURRENT)]
    device = next(net.parameters()).device
    try:
        for module in recurrent:
            setattr(module, "forward", partial(_shapes_only, module))  # noqa: B010 - mypy knows it as a method
        with torch.no_grad():
            net(*(torch.zeros(1, *shape, device=device) for shape in ((channels, samples), (8,), (2,))))
    finally:
        for module in recurrent:
            del module.forward
        for hook in hooks:
            hook.remove()
    return sum(total)


def _shapes_only(module: nn.LSTM | nn.GRU, given: Tensor) -> tuple[Tensor, Tensor | tuple[Tensor, Tensor]]:
    """What a recurrent layer would give, as zeros: a thousand steps one by one take long, and count nothing more."""
    ways = 1 + module.bidirectional
    states = given.new_zeros(*given.shape[:2], ways * module.hidden_size)
    last = given.new_zeros(ways * module.num_layers, given.shape[0], module.hidden_size)
    return states, (last, last) if isinstance(module, nn.LSTM) else last


_ON_CPU = ("s4", "plrnn")  # small, and their loops over steps are slow or impossible without numbers
_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d)
_RECURRENT = (nn.LSTM, nn.GRU)
_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)
_COUNTED = (*_CONVOLUTIONS, *_NORMS, *_RECURRENT, nn.Linear)
_PER_NORMED_VALUE = 4


def _count(total: list[int], module: nn.Module, given: tuple[Tensor, ...], made: Tensor | tuple[Tensor, ...]) -> None:
    values = made.numel() if isinstance(made, Tensor) else given[0].shape[0] * given[0].shape[1]
    if isinstance(module, _RECURRENT):
        per_value = sum(p.numel() for name, p in module.named_parameters() if name.startswith("weight"))
    elif isinstance(module, nn.Linear):
        per_value = module.in_features
    elif isinstance(module, _CONVOLUTIONS):
        per_value = module.in_channels // module.groups * prod(module.kernel_size)
    else:
        per_value = _PER_NORMED_VALUE
    total.append(values * per_value)
