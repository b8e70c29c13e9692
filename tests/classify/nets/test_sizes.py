"""The table of sizes in docs/networks.md is what the networks have."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch

from classify.nets import build

TABLE = (Path(__file__).parents[3] / "docs/networks.md").read_text(encoding="utf-8").partition("| network | basic |")[2]
ROWS = re.findall(r"^\| `(\w+)` \| ([\d,]+) \| ([\d,]+) \|$", TABLE.partition("\n\n")[0], re.MULTILINE)


def test_the_table_has_every_network_of_the_document() -> None:
    assert len(ROWS) == 19 and {"resnext101_4x64d", "ecgnet_v3", "gru_v3", "seresnet_gru_v3"} <= {
        row[0] for row in ROWS
    }


@pytest.mark.parametrize(("name", "basic", "with_both"), ROWS)
def test_a_network_has_the_parameters_of_the_table(name: str, basic: str, with_both: str) -> None:
    for told, expected in ((False, basic), (True, with_both)):
        with torch.device("meta"):  # shapes without memory
            net = build(name, 34, 8, 5000, {"demographics": told})
        assert sum(p.numel() for p in net.parameters() if p.requires_grad) == int(expected.replace(",", ""))
