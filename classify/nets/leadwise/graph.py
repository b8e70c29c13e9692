"""The leads as nodes of a graph, with edges that anatomy gives and edges that are learned."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from classify.nets.layers import MeanAndMax, by_lead, channels_per_lead, conv_norm_relu
from classify.nets.trunk import Trunk
from ecg.leads import STANDARD

# Neighbours by their angle in the frontal plane, around the chest, and by Einthoven's and Goldberger's laws.
FRONTAL = ("aVL", "I", "aVR", "II", "aVF", "III")
CHEST = ("V1", "V2", "V3", "V4", "V5", "V6")
LAWS = (
    ("I", "II"),
    ("I", "III"),
    ("II", "III"),
    ("aVR", "I"),
    ("aVL", "III"),
    ("aVF", "II"),
    ("V6", "I"),
    ("V6", "aVL"),
)


def anatomical_edges() -> Tensor:
    """float [12, 12], symmetric with every lead beside itself; rows sum to one."""
    edges = torch.eye(len(STANDARD))
    for a, b in (*pairwise(FRONTAL), *pairwise(CHEST), *LAWS):
        i, j = STANDARD.index(a), STANDARD.index(b)
        edges[i, j] = edges[j, i] = 1
    return edges / edges.sum(1, keepdim=True)


class LeadGraph(Trunk):
    """One convolutional network for every lead alike, graph convolutions among the leads, mean and maximum of them.

    Channels are those of the twelve standard leads: the leads, then perhaps their masks and amplitudes.
    """

    def __init__(
        self, channels: int, samples: int, width: int = 128, layers: int = 3, kernel: int = 7, dropout: float = 0.2
    ) -> None:
        super().__init__()
        self.leads, each = channels_per_lead(channels, len(STANDARD))
        widths = (each, width // 4, width // 2, width)
        steps = [part for a, b in pairwise(widths) for part in (*conv_norm_relu(a, b, kernel, 2), nn.MaxPool1d(2))]
        self.each_lead, self.pool = nn.Sequential(*steps), MeanAndMax()
        self.enter = nn.Linear(2 * width, width)
        self.layers = nn.ModuleList(_GraphLayer(width, dropout) for _ in range(layers))
        self.width = 2 * width

    def encode(self, signal: Tensor) -> Tensor:
        rows = by_lead(signal, self.leads).transpose(1, 2)
        nodes = self.enter(self.pool(self.each_lead(rows.flatten(0, 1)))).unflatten(0, rows.shape[:2])
        for layer in self.layers:
            nodes = layer(nodes)
        return self.pool(nodes.transpose(1, 2))


class _GraphLayer(nn.Module):
    """x + dropout(ReLU(norm(own + anatomical + learned neighbours))) (Kipf and Welling 2017); [batch, lead, width]."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.register_buffer("anatomy", anatomical_edges(), False)
        self.edges = nn.Parameter(torch.zeros(len(STANDARD), len(STANDARD)))
        self.own, self.near, self.far = nn.Linear(width, width), nn.Linear(width, width), nn.Linear(width, width)
        self.norm, self.drop = nn.LayerNorm(width), nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        anatomy: Tensor = self.anatomy  # type: ignore[assignment]
        mixed = self.own(x) + self.near(anatomy @ x) + self.far(self.edges.softmax(1) @ x)
        return x + self.drop(torch.relu(self.norm(mixed)))
