"""From a run's checkpoint to the weights of the package: half precision, with a card of what led to them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import NotRequired, TypedDict

from safetensors.torch import load_file, save_file

import digitize
from ecg.files import atomic_path, write_text
from ecg.fit.checkpoint import load, weights
from ecg.fit.recipe import differences
from ecg.fit.run_folder import RunFolder

Facts = dict[str, object]  # plain JSON values

SHIPPED = Path(digitize.__file__).parent / "weights"
_PURPOSE = "Reads printed ECGs for research. Not a medical device."
_SYNTHETIC = {"name": "synthetic hearts of galvano's simulator", "licence": "MIT", "role": "a fifth of the pages"}
_RECORDED = (
    {
        "name": "PTB-XL 1.0.3, stratified fold 10 (patients of folds 0-2 of a patient-disjoint split in four)",
        "source": "Wagner et al., Scientific Data 2020",
        "licence": "CC BY 4.0",
        "role": "signals drawn on simulated pages",
    },
    {
        "name": "PhysioNet/CinC Challenge 2020-21: CPSC2018, Chapman-Shaoxing/Ningbo, Georgia, PTB-XL (326 recordings)",
        "source": "Perez Alday et al., Physiological Measurement 2020",
        "licence": "CC BY 4.0",
        "role": "signals drawn on simulated pages",
    },
)


def release(
    checkpoint: Path,
    after: Path | None = None,
    averaged: bool = False,
    synthetic: bool = False,
    hardware: str = "",
    output: Path | None = None,
) -> Path:
    """Ship a checkpoint with the card of its training; gives the weights' path.

    `after` is the card of the weights that the run started from; `averaged` ships the mean of both (model soup,
    Wortsman et al. 2022). Raises ValueError for a file that is no checkpoint or no card.
    """
    if averaged and not after:
        raise ValueError("--averaged: --after has to name the card of the weights to average with")
    facts = {
        **progress(checkpoint, after, averaged=averaged),
        "data": [_SYNTHETIC] if synthetic else [*_RECORDED, _SYNTHETIC],
        "hardware": hardware,
        "purpose": _PURPOSE,
    }
    partner = after.with_suffix(".safetensors") if after and averaged else None
    return ship(checkpoint, facts, output, partner)


def ship(
    checkpoint: Path, facts: Mapping[str, object], folder: Path | None = None, partner: Path | None = None
) -> Path:
    """Write a checkpoint's weights in half precision with their card; gives the weights' path.

    With `partner`, shipped weights of the same network, they are the mean of both. The version is the pass's name and
    the first digits of the weights' SHA-256.
    """
    state = load(checkpoint)
    named = weights(state)
    if partner is not None:
        other = load_file(partner)
        named = {k: (v + other[k].to(v)) / 2 if v.is_floating_point() else v for k, v in named.items()}
    half = {k: v.half().contiguous() if v.is_floating_point() else v.contiguous() for k, v in named.items()}
    path = (folder or SHIPPED) / f"{state['recipe']['kind']}.safetensors"
    with atomic_path(path) as temporary:
        save_file(half, temporary)
    version = f"{path.stem}-{hashlib.sha256(path.read_bytes()).hexdigest()[:8]}"
    card = {"version": version, "steps": state["step"], **facts, "recipe": state["recipe"]}
    write_text(path.with_suffix(".json"), json.dumps(card, indent=2))
    return path


def progress(checkpoint: Path, after: Path | None = None, *, averaged: bool = False) -> Facts:
    """What led to a checkpoint, for its card: the hours of its epochs, the metrics of the last, and its history.

    The history has a line for each run; that of `after`, the card of the weights that the run started from, goes on.
    Raises ValueError for a file that is no checkpoint or no card.
    """
    state = load(checkpoint)
    rows = [row for row in RunFolder(checkpoint.parent.parent).rows() if row["epoch"] <= state["epoch"]]
    hours = round(sum(row["seconds"] for row in rows) / 3600, 2)
    history = [_run(state["step"], hours)]
    if after:
        before = _card(after)
        history[0] += f" from {before['version']}{_changed(before['recipe'], state['recipe'])}"
        history[0] += "; shipped is the mean of the weights before and after" if averaged else ""
        history = [*(before.get("history") or [_run(before["steps"], before.get("hours"))]), *history]
    return {"hours": hours, "history": history, "validation": rows[-1]["val"] if rows else {}}


def _run(steps: int, hours: float | None) -> str:
    return f"{steps} steps" + (f" in {hours:g} hours" if hours else "")


def _changed(before: Mapping[str, object], now: Mapping[str, object]) -> str:
    """What another recipe says."""
    found = [f"{key}={new}" for key, (_, new) in differences(before, now).items()]
    return f" with {', '.join(found)}" if found else " with the same recipe"


class _Card(TypedDict):
    """What a card of shipped weights holds, of what is needed here."""

    version: str
    steps: int
    recipe: dict[str, object]
    hours: NotRequired[float]
    history: NotRequired[list[str]]


def _card(path: Path) -> _Card:
    try:
        card: _Card = json.loads(path.read_text())
    except ValueError:
        card = {}  # type: ignore[typeddict-item]
    if not isinstance(card, dict) or not card.keys() >= _Card.__required_keys__:
        raise ValueError(f"{path}: not a card of shipped weights; expected one like digitize/weights/page.json")
    return card
