"""`Row`: how a network of the catalogue is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Options = Mapping[str, Any]


@dataclass(frozen=True)
class Row:
    """The class that makes a network, and the options that make this network of it.

    `module` is a file of `classify.nets`. A trunk is made by `maker(channels, samples, **options)` and `FusionNet` puts
    the options of `head` around it; with `head` None the class is a whole network, `maker(labels, channels, samples,
    **options)`.
    """

    module: str
    maker: str
    options: Options = field(default_factory=dict)
    head: Options | None = field(default_factory=dict)
