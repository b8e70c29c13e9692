"""How the name network does on crops that it never trained on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import torch
from torch import nn

from digitize.layout.printed_words import peaks
from digitize.training.held_out import Batch, HeldOut
from digitize.training.losses import word_loss
from digitize.training.recipe import NameRecipe
from ecg.fit import ddp
from ecg.fit.dataloader import ItemDataset, to_device
from ecg.fit.device import autocast_for

_BATCH = 8
_NEAR_CELLS = 2.5  # a word is found when its peak lies this near to its centre

Peak = tuple[int, float, float, float]  # word, x, y, score


class WordValidation:
    """Loss, precision, recall and F1 of the words found, counted over the whole team."""

    def __init__(self, held_out: ItemDataset, recipe: NameRecipe) -> None:
        self.amp = recipe.fit.amp
        self.batches = HeldOut(held_out, _BATCH, recipe.fit.num_workers)

    def __call__(self, net: nn.Module) -> dict[str, float]:
        device = next(net.parameters()).device
        sums = {"loss": 0.0, "right": 0.0, "found": 0.0, "true": 0.0}
        with torch.no_grad(), autocast_for(self.amp, device)():
            for kept in self.batches:
                batch = to_device(kept, device)
                logits = net(batch["image"])
                sums["loss"] += float(word_loss(logits, batch)["total"]) / self.batches.count
                for name, count in _counts(logits, batch).items():
                    sums[name] += count
        whole = ddp.total(sums, device)
        recall, precision = whole["right"] / max(whole["true"], 1), whole["right"] / max(whole["found"], 1)
        f1 = 2 * recall * precision / max(recall + precision, 1e-9)
        return {"loss": whole["loss"], "precision": precision, "recall": recall, "f1": f1}


def _counts(logits: torch.Tensor, batch: Batch) -> Counter[str]:
    """How many words of a batch are there (`true`), were `found`, and of the true ones were found `right`."""
    counts: Counter[str] = Counter()
    for one, heat, care in zip(logits, batch["heat"].cpu(), batch["care"].cpu(), strict=True):
        found = [p for p in peaks(one.float().sigmoid().cpu()) if care[p[0], round(p[2]), round(p[1])] > 0]
        true = (heat == 1).nonzero().tolist()
        counts["right"] += sum(any(_is_at(peak, place) for peak in found) for place in true)
        counts["found"] += len(found)
        counts["true"] += len(true)
    return counts


def _is_at(peak: Peak, place: Sequence[int]) -> bool:
    word, x, y, _ = peak
    return word == place[0] and abs(x - place[2]) < _NEAR_CELLS and abs(y - place[1]) < _NEAR_CELLS
