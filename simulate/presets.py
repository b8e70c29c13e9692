"""The named kinds of picture that the simulator draws."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml

from ecg.files import JsonMapping

MIXED = "mixed"  # every page of a kind at random


@cache
def presets() -> Mapping[str, JsonMapping]:
    """What each kind of picture is made of, by its name."""
    data: Mapping[str, JsonMapping] = yaml.safe_load((Path(__file__).parent / "presets.yaml").read_text())
    return data
