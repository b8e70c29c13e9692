"""Checkpoints: everything needed to go on exactly where a run stopped, or to rebuild its model from the file alone."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, TypeAlias

import torch

from ecg.files import atomic_path

State: TypeAlias = dict[str, Any]  # what a checkpoint holds: tensors, numbers, plain values

FORMAT = "galvano-checkpoint-1"
_KEYS = {"format", "model", "optimiser", "schedule", "epoch", "step_in_epoch", "step", "best_metric", "rng", "recipe"}


class CheckpointError(ValueError):
    """A file that is not a whole checkpoint of this program, or that cannot be written; the message names the file."""


def save(path: Path, state: State) -> None:
    """Write to a temporary name and rename: a checkpoint is there whole or not at all."""
    try:
        with atomic_path(path) as temporary:
            torch.save({"format": FORMAT, **state}, temporary)
    except (OSError, RuntimeError) as error:  # torch's own writer says RuntimeError when the disk is full
        free_mb = shutil.disk_usage(path.parent).free / 1e6
        raise CheckpointError(
            f"{path}: could not be written, {free_mb:.0f} MB are free there ({_first(error)}); make room, then go on "
            "with --resume from the last checkpoint, which is as it was"
        ) from error


def load(path: str | Path) -> State:
    """The state in a checkpoint, on the CPU, read without running any code from the file."""
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise CheckpointError(f"{path}: no such checkpoint") from None
    except Exception as error:  # what is in a foreign file makes the unpickler raise any kind
        raise CheckpointError(f"{path}: torn or not a checkpoint ({type(error).__name__}: {_first(error)})") from error
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise CheckpointError(f"{path}: a torch file, but not a checkpoint of this program (no {FORMAT!r} mark)")
    missing = sorted(_KEYS - set(state))
    if missing:
        raise CheckpointError(f"{path}: incomplete checkpoint, lacks {', '.join(missing)}")
    return state


def weights(state: State) -> dict[str, torch.Tensor]:
    """The weights to use from a loaded checkpoint: the averaged ones where the run kept an average."""
    return state["ema"] if state.get("ema") else state["model"]


def fill(model: torch.nn.Module, named: dict[str, torch.Tensor], path: str | Path) -> None:
    """Put weights into a network; raises CheckpointError for those of another network, or of another version of it."""
    try:
        model.load_state_dict(named)
    except RuntimeError as error:
        what = " ".join(str(error).split()[:24])
        raise CheckpointError(
            f"{path}: these weights do not fit this network ({what} ...); use the version of the program that trained "
            "them, or train anew (--start takes over what fits)"
        ) from error


def _first(error: Exception) -> str:
    return (str(error).strip().splitlines() or ["no message"])[0][:120]
