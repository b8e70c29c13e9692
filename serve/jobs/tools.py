"""What a worker keeps between jobs: the networks, loaded once."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING

import numpy as np

from digitize.errors import NotAnEcg
from ecg.page import Page
from serve.settings import Limits

if TYPE_CHECKING:
    from classify.classifier import Classifier
    from digitize.engines import Digitize

_FIRST_PAGE_PX = (1200, 1800, 3)


@dataclass
class Tools:
    """`loader` is module:function(device, engine), which gives the digitizer; a clerk has no networks."""

    loader: str
    engine: str
    limits: Limits
    has_networks: bool = True

    @cached_property
    def digitizer(self) -> Digitize:
        module, _, function = self.loader.partition(":")
        load: Callable[[str, str], Digitize] = getattr(import_module(module), function)
        return load("cpu", self.engine)

    @cached_property
    def classifier(self) -> Classifier:
        loaded: Classifier = import_module("classify.classifier").Classifier.load()
        return loaded

    def warm_up(self) -> None:
        """Load the digitizer and let it see a page, because the first one takes longer."""
        if not self.has_networks:
            return
        page = Page(np.full(_FIRST_PAGE_PX, 255, np.uint8))
        with contextlib.suppress(NotAnEcg):
            self.digitizer(page, None, None, None)
