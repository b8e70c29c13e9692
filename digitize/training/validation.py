"""How a pass does on pages that it never trained on."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import torch
from torch import nn

from digitize.trace.path_decoding import decode_columns
from digitize.training.held_out import Batch, HeldOut
from digitize.training.log_images import ImageLog, show_example
from digitize.training.losses import total_loss
from digitize.training.recipe import PassRecipe
from ecg.fit import ddp
from ecg.fit.dataloader import ItemDataset, to_device
from ecg.fit.device import autocast_for

_BATCH = 4
_SHOWN = 2  # pages of the first batch are drawn


class _Sums:
    """Figures added up with their counts, and the errors of heights, px."""

    def __init__(self) -> None:
        self.sums: dict[str, float] = defaultdict(float)
        self.counts: dict[str, int] = defaultdict(int)
        self.errors_px: list[np.ndarray] = []

    def add(self, name: str, value: float, count: int = 1) -> None:
        self.sums[name] += value * count
        self.counts[name] += count

    def compare(self, heights: np.ndarray, truth: np.ndarray) -> None:
        """Heights [..., column] in px and the true ones, NaN where there is no trace."""
        seen = np.isfinite(truth)
        self.errors_px.append(np.abs(heights - truth)[seen])
        columns = heights.shape[-1]
        rows = (values.reshape(-1, columns) for values in (heights, truth, seen))
        for predicted, true, there in zip(*rows, strict=True):
            r = _pearson(predicted[there], true[there])
            if r is not None:
                self.add("pearson", r)

    def over_team(self) -> tuple[dict[str, float], np.ndarray]:
        """(means, errors in px) of all processes: sums by sums of counts, errors all together."""
        errors = np.concatenate([np.empty(0, np.float32), *self.errors_px])
        parts = ddp.gather((dict(self.sums), dict(self.counts), errors))
        names = dict.fromkeys(name for sums, _, _ in parts for name in sums)
        means = {n: sum(s.get(n, 0.0) for s, _, _ in parts) / sum(c.get(n, 0) for _, c, _ in parts) for n in names}
        return means, np.concatenate([e for _, _, e in parts])


class Validation:
    """Losses, and the decoded height's error in px and correlation with the truth; counted over the whole team."""

    def __init__(self, held_out: ItemDataset, recipe: PassRecipe) -> None:
        self.recipe = recipe
        self.batches = HeldOut(held_out, _BATCH, recipe.fit.num_workers)
        self.errors_px = np.empty(0, np.float32)
        self.shown: tuple[Batch, Batch] | None = None

    def __call__(self, net: nn.Module) -> dict[str, float]:
        device, sums = next(net.parameters()).device, _Sums()
        self.shown = None
        with torch.no_grad(), autocast_for(self.recipe.fit.amp, device)():
            for kept in self.batches:
                batch = to_device(kept, device)
                out = net(batch["image"])
                for name, value in total_loss(out, batch, self.recipe.losses).items():
                    sums.add(f"{name}_loss", float(value), len(batch["image"]))
                if "signal" in out:
                    sums.compare(decode_columns(out["signal"].float())[0].cpu().numpy(), kept["signal"].numpy())
                if self.shown is None:
                    self.shown = kept, {name: value.float().cpu() for name, value in out.items()}
        means, self.errors_px = sums.over_team()
        if self.errors_px.size:
            means["error_px"], means["error_p95_px"] = map(float, np.percentile(self.errors_px, [50, 95]))
        return means

    def show(self, log: ImageLog, step: int) -> None:
        """Pictures of the first held-out pages, and how the errors are spread."""
        log.histogram("Val/errors_px", self.errors_px, step)
        if self.shown:
            batch, out = self.shown
            for index in range(min(_SHOWN, len(batch["image"]))):
                show_example(log, step, index, batch, out)


def _pearson(a: np.ndarray, b: np.ndarray) -> float | None:
    """Correlation of two curves; None where one is flat or too short to have one."""
    if a.size < 3 or a.std() == 0 or b.std() == 0:
        return None
    return float(np.corrcoef(a, b)[0, 1])
