"""How a network of names is judged: what is found, what is right, and what nobody can know."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from digitize.training.recipe import NameRecipe
from digitize.training.word_validation import WordValidation
from ecg.fit.settings import FitSettings

RECIPE = NameRecipe(fit=FitSettings(amp="off"))
SHAPE = (3, 8, 10)


class Crops:
    """Held-out crops with one word each, in channel 1 at row 3, column 4; of the last nobody can know anything."""

    def __len__(self) -> int:
        return 10

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        heat, care = torch.zeros(SHAPE), torch.full(SHAPE, float(index < 9))
        if index < 9:
            heat[1, 3, 4] = 1.0
        return {"image": torch.full((3, 32, 40), float(index)), "heat": heat, "care": care}


class Finds(nn.Module):
    """Finds a word at a place on every crop whose number is below a bound, and a false one in channel 2 on all."""

    def __init__(self, place: tuple[int, int], below: int, false: bool = False) -> None:
        super().__init__()
        self.place, self.below, self.false = place, below, false
        self.weight = nn.Parameter(torch.zeros(1))

    def forward(self, image: Tensor) -> Tensor:
        logits = torch.full((len(image), *SHAPE), -20.0)
        logits[image[:, 0, 0, 0] < self.below, 1, self.place[0], self.place[1]] = 20.0
        if self.false:
            logits[:, 2, 0, 0] = 20.0
        return logits


@pytest.mark.parametrize(
    ("net", "precision", "recall"),
    [
        (Finds((3, 4), 10), 1.0, 1.0),
        (Finds((3, 6), 10), 1.0, 1.0),  # two cells beside it is near enough
        (Finds((3, 7), 10), 0.0, 0.0),
        (Finds((3, 4), 3), 1.0, 3 / 9),
        (Finds((3, 4), 10, false=True), 0.5, 1.0),
    ],
)
def test_words_are_counted_where_they_can_be_known(net: Finds, precision: float, recall: float) -> None:
    found = WordValidation(Crops(), RECIPE)(net)
    assert (found["precision"], found["recall"]) == pytest.approx((precision, recall))
    assert found["f1"] == pytest.approx(2 * precision * recall / max(precision + recall, 1e-9))
