"""How a pass does on pages that it never trained on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from digitize.trace.path_decoding import decode_columns
from digitize.training.losses import total_loss
from ecg.fit import ddp
from ecg.fit.cache import GB, Kept
from ecg.fit.dataloader import ItemDataset, loader, to_device
from ecg.fit.device import autocast_for

if TYPE_CHECKING:
    from digitize.training.recipe import PassRecipe
    from ecg.fit.tensorboard import Board

_BATCH = 4
_MEMORY_BYTES = 2 * GB  # what held-out pages may take, so that they are drawn only once a run
Batch = Mapping[str, Tensor]


class Validation:
    """Losses, and the decoded height's error in px and correlation with the truth; counted over the whole team."""

    def __init__(self, held_out: ItemDataset, recipe: PassRecipe) -> None:
        self.recipe = recipe
        self.batches = Kept(lambda: self._load(held_out), _nbytes, _MEMORY_BYTES)
        self.errors_px = np.empty(0, np.float32)
        self.shown: tuple[Batch, Batch] | None = None

    def _load(self, held_out: ItemDataset) -> Any:
        own = ddp.share(range(len(held_out)))
        batches = [own[i : i + _BATCH] for i in range(0, len(own), _BATCH)]
        return loader(held_out, batches, self.recipe.fit.num_workers)

    def __call__(self, net: torch.nn.Module) -> dict[str, float]:
        device = next(net.parameters()).device
        sums: dict[str, float] = defaultdict(float)
        counts: dict[str, int] = defaultdict(int)
        errors: list[np.ndarray] = []
        self.shown = None
        with torch.no_grad(), autocast_for(self.recipe.fit.amp, device)():
            for kept in self.batches:
                batch = to_device(kept, device)
                out = net(batch["image"])
                n = len(batch["image"])
                for name, value in total_loss(out, batch, self.recipe.losses).items():
                    sums[f"{name}_loss"] += float(value) * n
                    counts[f"{name}_loss"] += n
                if "signal" in out:
                    heights = decode_columns(out["signal"].float())[0].cpu().numpy()
                    self._compare(heights, kept["signal"].numpy(), sums, counts, errors)
                if self.shown is None:
                    self.shown = kept, {name: value.float().cpu() for name, value in out.items()}
        return self._summed(sums, counts, errors)

    def _compare(
        self, heights: np.ndarray, truth: np.ndarray, sums: dict[str, float], counts: dict[str, int], errors: list
    ) -> None:
        seen = np.isfinite(truth)
        errors.append(np.abs(heights - truth)[seen])
        for predicted, true, there in zip(
            heights.reshape(-1, heights.shape[-1]),
            truth.reshape(-1, truth.shape[-1]),
            seen.reshape(-1, seen.shape[-1]),
            strict=True,
        ):
            r = _pearson(predicted[there], true[there])
            if r is not None:
                sums["pearson"] += r
                counts["pearson"] += 1

    def _summed(self, sums: dict[str, float], counts: dict[str, int], errors: list[np.ndarray]) -> dict[str, float]:
        """Over the team: sums by sums of counts, errors all together."""
        parts = ddp.gather((dict(sums), dict(counts), np.concatenate([self.errors_px[:0], *errors])))
        whole: dict[str, float] = {}
        for name in sums:
            whole[name] = sum(s.get(name, 0.0) for s, _, _ in parts) / sum(c.get(name, 0) for _, c, _ in parts)
        self.errors_px = np.concatenate([e for _, _, e in parts])
        if self.errors_px.size:
            whole["error_px"], whole["error_p95_px"] = map(float, np.percentile(self.errors_px, [50, 95]))
        return whole

    def show(self, board: Board, step: int) -> None:
        """Pictures of the first held-out pages, and how the errors are spread."""
        from digitize.training.board_images import show_example

        board.histogram("Val/errors_px", self.errors_px, step)
        if self.shown:
            batch, out = self.shown
            for index in range(min(2, len(batch["image"]))):
                show_example(board, step, index, batch, out)


def _pearson(a: np.ndarray, b: np.ndarray) -> float | None:
    """Correlation of two curves; None where one is flat or too short to have one."""
    if a.size < 3 or a.std() == 0 or b.std() == 0:
        return None
    return float(np.corrcoef(a, b)[0, 1])


def _nbytes(batch: Batch) -> int:
    return sum(value.numel() * value.element_size() for value in batch.values())
