"""Recurrent networks with a cell for every lead, over segments, with attention; and behind residual convolutions."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from classify.nets.bottleneck import BottleneckMaps
from classify.nets.layers import by_lead, channels_per_lead
from classify.nets.trunk import Trunk

Cell = Literal["gru", "lstm"]


class CellPerLead(nn.Module):
    """A recurrent cell for every row, or one for all; [batch, row, step, input] to [batch, row, step, unit]."""

    def __init__(self, rows: int, inputs: int, units: int, cell: Cell, shared: bool) -> None:
        super().__init__()
        kind = {"gru": nn.GRU, "lstm": nn.LSTM}[cell]
        self.cells = nn.ModuleList(kind(inputs, units, batch_first=True) for _ in range(1 if shared else rows))

    def forward(self, x: Tensor) -> Tensor:
        if len(self.cells) == 1:
            states, _ = self.cells[0](x.flatten(0, 1))
            return states.unflatten(0, x.shape[:2])
        return torch.stack([cell(row)[0] for cell, row in zip(self.cells, x.unbind(1), strict=True)], 1)


class Attention(nn.Module):
    """Every item [..., item, width] becomes a dense layer of [weighted item, item, mean, maximum]."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.score = nn.Linear(width, 1)
        self.mix = nn.Sequential(nn.Linear(4 * width, width), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        weighted = x * self.score(x).softmax(-2) * x.shape[-2]
        mean, peak = x.mean(-2, keepdim=True).expand_as(x), x.amax(-2, keepdim=True).expand_as(x)
        return self.mix(torch.cat((weighted, x, mean, peak), -1))


class LeadRecurrent(Trunk):
    """Every lead cut into `steps` segments that its cell reads one after the other; the last states side by side."""

    def __init__(
        self,
        channels: int,
        samples: int,
        leads: int | None = None,
        cell: Cell = "gru",
        shared: bool = False,
        steps: int = 10,
        units: int = 64,
        attention: Literal["none", "before", "after"] = "none",
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.leads, each = channels_per_lead(channels, leads)
        if samples < steps:
            raise ValueError(f"{samples} samples cannot be cut into {steps} steps")
        self.steps = steps
        inputs = each * (samples // steps)
        self.before = Attention(inputs) if attention == "before" else nn.Identity()
        self.cells = CellPerLead(self.leads, inputs, units, cell, shared)
        self.after = Attention(units) if attention == "after" else nn.Identity()
        self.drop = nn.Dropout(dropout)
        self.width = units * self.leads

    def encode(self, signal: Tensor) -> Tensor:
        leads = by_lead(signal, self.leads)
        segment = leads.shape[-1] // self.steps
        cut = leads[..., : segment * self.steps].unflatten(-1, (self.steps, segment))
        items = self.before(cut.permute(0, 2, 3, 1, 4).flatten(3))
        return self.drop(self.after(self.cells(items))[:, :, -1].flatten(1))


class ResidualRecurrent(Trunk):
    """Maps of a residual network read by recurrent cells.

    "one": a single cell reads all maps; "rows": the maps are narrowed to `rows` and each has its cell; "regroup": they
    are narrowed to one, which is cut into `rows` stretches of time. The cells' steps go through attention, then their
    mean and maximum stand side by side.
    """

    def __init__(
        self, channels: int, samples: int, reading: Literal["one", "rows", "regroup"] = "one", rows: int = 8,
        units: int = 64, dropout: float = 0.1, **maps: object,
    ) -> None:  # fmt: skip
        super().__init__()
        self.maps = BottleneckMaps(channels, samples, **maps)  # type: ignore[arg-type]
        self.reading, self.rows = reading, rows
        narrow = {"one": 0, "rows": rows, "regroup": 1}[reading]
        self.narrow = nn.Conv1d(self.maps.width, narrow, 1) if narrow else nn.Identity()
        cells = 1 if reading == "one" else rows
        self.cells = CellPerLead(cells, 1 if narrow else self.maps.width, units, "gru", False)
        self.attention = Attention(units)
        self.drop = nn.Dropout(dropout)
        self.width = 2 * units * cells

    def encode(self, signal: Tensor) -> Tensor:
        maps = self.narrow(self.maps(signal))
        if self.reading == "one":
            items = maps.transpose(1, 2)[:, None]
        elif self.reading == "rows":
            items = maps[..., None]
        else:
            stretch = maps.shape[2] // self.rows
            items = maps[:, 0].unfold(1, stretch, stretch)[:, : self.rows, :, None]
        states = self.attention(self.cells(items))
        return self.drop(torch.cat((states.mean(2), states.amax(2)), -1).flatten(1))
