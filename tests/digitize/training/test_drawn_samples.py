"""Samples that are drawn depend on nothing but seed, epoch and index."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from digitize.training.drawn_samples import DrawnSamples
from digitize.training.page_samples import PageDataset
from digitize.training.row_samples import RowDataset
from simulate.dataset.page_stream import MixedHearts, PageStream, SyntheticHearts

SHARES = {"clean": 0.4, "scan": 0.3, "photo": 0.3}


def pages(seed: int) -> PageDataset:
    return PageDataset(PageStream(MixedHearts([SyntheticHearts()], [1.0]), seed, SHARES), 9, (128, 96))


def rows(seed: int) -> RowDataset:
    return RowDataset(PageStream(MixedHearts([SyntheticHearts()], [1.0]), seed, SHARES), 9, 64)


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[k].nan_to_num(-9), b[k].nan_to_num(-9)) for k in a)


@pytest.mark.parametrize("dataset", [pages, rows])
@pytest.mark.slow
def test_a_sample_is_a_pure_function_of_seed_epoch_and_index(dataset: Callable[[int], DrawnSamples]) -> None:
    one, two = dataset(3), dataset(3)
    two.set_epoch(1)
    later = two[4]
    assert same(later, two[4])
    two.set_epoch(0)
    assert same(two[4], one[4])
    for other in (later, one[5], dataset(4)[4]):
        assert not torch.equal(other["image"], one[4]["image"])
