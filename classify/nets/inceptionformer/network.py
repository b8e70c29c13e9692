"""InceptionFormer: stages of local and global blocks in one of four orders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from classify.nets.inceptionformer.blocks import ConvBlock, GlobalBlock, InvertedBlock, Stem
from classify.nets.tokens.attention import Position
from classify.nets.tokens.encoder import EncoderBlock, make_attention
from classify.nets.tokens.mixers import Mixer
from classify.nets.tokens.pruning import PrunedBlock, SemanticTokens
from classify.nets.trunk import Trunk

Stack = Literal["crossed", "serial", "sandwich", "convolution"]
_TOKEN_STAGE = 2  # the first stage with attention, where a CLS token enters


def kinds(stack: Stack, depths: Sequence[int], modulation: bool = False) -> list[str]:
    """What every block of every stage is: c convolution, m modulation, a attention.

    The first two stages are local; crossed stages alternate, serial ones have all local blocks first, in a sandwich
    attention stands between convolutions. The last of four stages is attention unless the stack is a sandwich.
    """
    second, local = ("cm", "m") if modulation else ("c", "c")
    third = {"crossed": f"{local}a", "sandwich": f"{local}a{local}", "serial": "", "convolution": local}[stack]
    fourth = {"sandwich": f"{local}a{local}", "convolution": local}.get(stack, "a")
    if stack == "serial":
        half = depths[2] // 2
        third = local * half + "a" * (depths[2] - half)
    patterns = ("c", second, third, fourth)
    return [(pattern * depth)[:depth] for pattern, depth in zip(patterns, depths, strict=False)]


class InceptionFormer(Trunk):
    """Stem, stages of blocks that halve the time and double the width between them, mean over steps or a CLS token.

    `dims` and `depths` say how wide and deep the `stages` are. `attention` names one of the table in `tokens.encoder`
    and `attention_options` its own; `position` is how tokens know their place: "learned" is added once at the
    beginning, "relative" and "value" in every attention, "conv" in every block. `se` (a reduction) and `coord` gate the
    convolutions, `modulation` stands in for them, `inverted` widens around them. `sparse` is the number of semantic
    tokens before the last stage; `prune` the shares of tokens and heads that each of its blocks keeps.
    """

    def __init__(
        self,
        channels: int,
        samples: int,
        dims: Sequence[int] = (64, 128, 256, 512),
        depths: Sequence[int] = (2, 4, 8, 4),
        stages: int = 4,
        stack: Stack = "crossed",
        attention: str = "mhsa",
        attention_options: Mapping[str, object] | None = None,
        heads: int = 8,
        position: Position = "none",
        pool: Literal["mean", "cls"] = "mean",
        mixer: Mixer = "mlp",
        se: int = 0,
        coord: bool = False,
        modulation: bool = False,
        inverted: bool = False,
        sparse: int = 0,
        prune: Sequence[float] = (1.0, 1.0),
    ) -> None:
        super().__init__()
        if pool == "cls" and (attention not in ("mhsa", "sr") or position in ("relative", "conv", "value")):
            raise ValueError(
                "a CLS token has no place in time: it needs attention mhsa or sr and no position but learned"
            )
        dims, pruned = dims[:stages], tuple(prune) != (1.0, 1.0)
        if (pruned or sparse) and (stages < 4 or pool == "cls"):
            raise ValueError("tokens are pruned or made sparse before the last of four stages, without a CLS token")
        self.stem = Stem(channels, dims[0])
        self.place = nn.Parameter(0.02 * torch.randn(1, dims[0], samples)) if position == "learned" else None
        self.stages, self.fusions, length = nn.ModuleList(), nn.ModuleList(), samples
        for stage, (width, plan) in enumerate(zip(dims, kinds(stack, depths[:stages], modulation), strict=True)):
            if stage:
                self.fusions.append(nn.Conv1d(dims[stage - 1], width, 3, 2, 1))
                length = -(-length // 2)
            blocks: list[nn.Module] = []
            for number, kind in enumerate(plan):
                if kind != "a":
                    local = (
                        InvertedBlock(width, se, coord) if inverted else ConvBlock(width, mixer, se, coord, kind == "m")
                    )
                    blocks.append(local)
                elif pruned and stage == 3:
                    blocks.append(GlobalBlock(PrunedBlock(width, heads, *prune)))
                else:
                    turn = plan[:number].count("a")
                    made = make_attention(attention, width, heads, length, position, turn, **(attention_options or {}))
                    blocks.append(GlobalBlock(EncoderBlock(width, made, mixer, near=position == "conv")))
            self.stages.append(nn.ModuleList(blocks))
        self.sparse = SemanticTokens(dims[-1], heads, sparse) if sparse else None
        self.token = nn.Parameter(0.02 * torch.randn(1, 1, dims[_TOKEN_STAGE])) if pool == "cls" else None
        token_widths = zip(dims[_TOKEN_STAGE:], dims[_TOKEN_STAGE + 1 :], strict=False) if pool == "cls" else ()
        self.token_fusions = nn.ModuleList(nn.Linear(a, b) for a, b in token_widths)
        self.width = dims[-1]

    def encode(self, signal: Tensor) -> Tensor:
        x, token = self._start(signal), None
        for stage, blocks in enumerate(self.stages):
            if stage:
                x = self.fusions[stage - 1](x)
            if self.sparse is not None and stage == len(self.stages) - 1:
                x = self.sparse(x)
            token = self._token(stage, token, x.shape[0])
            x, token = _through(blocks, x, token)
        return x.mean(-1) if token is None else token[:, 0]

    def _start(self, signal: Tensor) -> Tensor:
        x = self.stem(signal)
        if self.place is None:
            return x
        same = self.place.shape[-1] == x.shape[-1]
        return x + (self.place if same else functional.interpolate(self.place, x.shape[-1], mode="linear"))

    def _token(self, stage: int, token: Tensor | None, batch: int) -> Tensor | None:
        """The CLS token as it enters a stage: kept aside from the convolutions that join steps."""
        if self.token is None or stage < _TOKEN_STAGE:
            return None
        if token is None:
            return self.token.expand(batch, -1, -1)
        return self.token_fusions[stage - _TOKEN_STAGE - 1](token)


def _through(blocks: Iterator[nn.Module] | nn.Module, x: Tensor, token: Tensor | None) -> tuple[Tensor, Tensor | None]:
    """Maps and token behind the blocks of a stage; convolutions pass the token by."""
    for block in blocks:  # type: ignore[union-attr]
        if token is not None and isinstance(block, GlobalBlock):
            x, token = block.with_token(x, token)
        else:
            x = block(x)
    return x, token
