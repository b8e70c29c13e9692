"""Held-out batches: every sample once over a team, the same on every pass, and drawn once where memory allows."""

from __future__ import annotations

import pytest
import torch

from digitize.training.held_out import HeldOut
from ecg.fit import ddp


class Counted:
    """Numbers, and how often they were asked for."""

    def __init__(self) -> None:
        self.asked = 0

    def __len__(self) -> int:
        return 7

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        self.asked += 1
        return {"index": torch.tensor(index)}


def numbers(held_out: HeldOut) -> list[list[int]]:
    return [batch["index"].tolist() for batch in held_out]


def test_all_samples_come_in_order_and_are_drawn_once() -> None:
    dataset = Counted()
    held_out = HeldOut(dataset, 3, 0)
    assert numbers(held_out) == numbers(held_out) == [[0, 1, 2], [3, 4, 5], [6]]
    assert (held_out.count, dataset.asked) == (3, 7)


def test_a_team_shares_whole_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[int]] = []
    for rank in (0, 1):
        monkeypatch.setattr(ddp, "share", lambda items, rank=rank: list(items[rank::2]))
        held_out = HeldOut(Counted(), 3, 0)
        assert held_out.count == 3
        seen += numbers(held_out)
    assert sorted(seen) == [[0, 1, 2], [3, 4, 5], [6]]
