"""What a network learns from another beside its probabilities: softened, label by label, and in its encoding."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache

import torch
from torch import Tensor, nn
from torch.nn import functional

from classify.recipe import Distance

_PROJECTED = 128  # values of an encoding after a fixed random projection, in which networks of any width compare
_CONTRAST_TEMPERATURE = 0.1


def bernoulli(logits: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """The cross-entropy of logits [example, label] against the teacher's probabilities (Hinton et al. 2015)."""
    return functional.binary_cross_entropy_with_logits(logits, torch.sigmoid(teacher))


def softened(logits: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """T^2 KL(teacher / T, student / T) of softmaxes over all labels, as MVMS-Net has it.

    Where several labels may hold a softmax over them is odd: `label_wise` is its form for such labels.
    """
    student = (logits / temperature).log_softmax(1)
    target = (teacher / temperature).log_softmax(1)
    return temperature**2 * functional.kl_div(student, target, reduction="batchmean", log_target=True)


def label_wise(logits: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """T^2 KL of the two outcomes (p, 1 - p) of every label, softened, mean over labels (MVKT's distillation)."""
    student, target = logits / temperature, teacher / temperature
    p = torch.sigmoid(target)
    yes = p * (functional.logsigmoid(target) - functional.logsigmoid(student))
    no = (1 - p) * (functional.logsigmoid(-target) - functional.logsigmoid(-student))
    return temperature**2 * (yes + no).mean()


DISTANCES: Mapping[Distance, Callable[[Tensor, Tensor, float], Tensor]] = {
    "bce": bernoulli,
    "kl": softened,
    "labels": label_wise,
}


def disease_contrast(student: Tensor, teacher: Tensor, target: Tensor) -> Tensor:
    """The contrastive loss of encodings [example, width of each]: two networks' views of a record are alike.

    The positive pair is the record itself; negatives are the teacher's encodings of records that share no label with
    it (`target` [example, label]). An InfoNCE bound of the mutual information of both. A fixed random projection brings
    both to one width.
    """
    own, other = (functional.normalize(_projected(x.float()), dim=1) for x in (student, teacher))
    likeness = own @ other.T / _CONTRAST_TEMPERATURE
    has = torch.nan_to_num(target) > 0.5
    shared = (has[:, None] & has[None]).any(-1)
    itself = torch.eye(len(has), dtype=torch.bool, device=has.device)
    compared = likeness.masked_fill(shared & ~itself, float("-inf"))
    return -compared.log_softmax(1).diagonal().mean()


def _projected(encoded: Tensor) -> Tensor:
    return encoded @ _projection(encoded.shape[1]).to(encoded)


@lru_cache
def _projection(width: int) -> Tensor:
    generator = torch.Generator().manual_seed(width)
    return torch.randn(width, _PROJECTED, generator=generator) / width**0.5


@contextmanager
def encoding_of(net: object) -> Iterator[list[Tensor]]:
    """Collects what the trunk of a network encodes, [example, width], in every call within the block.

    Raises ValueError for a network without a trunk of its own.
    """
    whole = getattr(net, "module", net)  # a team's network stands in a wrapper
    trunk = getattr(whole, "trunk", None)
    if not isinstance(trunk, nn.Module):
        raise ValueError(f"{type(whole).__name__} has no trunk whose encoding could be compared")
    found: list[Tensor] = []
    hook = trunk.register_forward_hook(lambda module, given, made: found.append(made))
    try:
        yield found
    finally:
        hook.remove()
