"""Checkpoints: everything needed to go on exactly where a run stopped, or to rebuild its model from the file alone."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import torch
from safetensors.torch import load_file

from ecg.files import InputError, atomic_path, check_regular

State: TypeAlias = dict[str, Any]  # what a checkpoint holds: tensors, numbers, plain values

FORMAT = "galvano-checkpoint-1"
# What each key of a checkpoint holds.
_KINDS: dict[str, type | tuple[type, ...]] = {
    "format": str, "model": dict, "optimiser": dict, "schedule": dict, "epoch": int, "step_in_epoch": int, "step": int,
    "best_metric": (float, int, type(None)), "rng": torch.Tensor, "recipe": dict,
}  # fmt: skip


class CheckpointError(InputError):
    """A file that is not a whole checkpoint of this program, or that cannot be written; the message names the file."""

    code = "checkpoint-unreadable"


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
    if not Path(path).exists():
        raise CheckpointError(f"{path}: no such checkpoint")
    check_regular(path)
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # what is in a foreign file makes the unpickler raise any kind
        raise CheckpointError(f"{path}: torn or not a checkpoint ({type(error).__name__}: {_first(error)})") from error
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise CheckpointError(f"{path}: a torch file, but not a checkpoint of this program (no {FORMAT!r} mark)")
    missing = sorted(set(_KINDS) - set(state))
    if missing:
        raise CheckpointError(f"{path}: incomplete checkpoint, lacks {', '.join(missing)}")
    odd = [key for key, kind in _KINDS.items() if not isinstance(state[key], kind)]
    odd += [key for key in ("model", "ema") if key in state and not _is_named_tensors(state[key])]
    if odd:
        raise CheckpointError(f"{path}: damaged checkpoint: {', '.join(odd)} cannot be what was saved")
    return state


def _is_named_tensors(named: object) -> bool:
    return isinstance(named, dict) and all(isinstance(value, torch.Tensor) for value in named.values())


def weights(state: State) -> dict[str, torch.Tensor]:
    """The weights to use from a loaded checkpoint: the averaged ones where the run kept an average."""
    return state["ema"] if state.get("ema") else state["model"]


def check_finite(named: Mapping[str, torch.Tensor], path: str | Path) -> None:
    """Raise CheckpointError for weights that hold anything but finite numbers."""
    broken = next((name for name, value in named.items() if not torch.isfinite(value).all()), None)
    if broken is not None:
        raise CheckpointError(f"{path}: damaged weights: {broken} holds values that are no finite numbers")


def fill(model: torch.nn.Module, named: Mapping[str, torch.Tensor], path: str | Path) -> None:
    """Put weights into a network; raises CheckpointError for those of another network, or of another version of it, and
    for weights that are no numbers.
    """
    check_finite(named, path)
    try:
        model.load_state_dict(named)
    except Exception as error:  # RuntimeError for another network, other kinds for other things under its names
        what = " ".join(str(error).split()[:24])
        raise CheckpointError(
            f"{path}: these weights do not fit this network ({what} ...); use the version of the program that trained "
            "them, or train anew (--start takes over what fits)"
        ) from error


def read_weights(path: Path) -> dict[str, torch.Tensor]:
    """The weights in a run's checkpoint or in a file of shipped weights."""
    if path.suffix != ".safetensors":
        return weights(load(path))
    check_regular(path)
    try:
        found = load_file(path)
    except Exception as error:  # OSError, SafetensorError, or what torch says of a type that it does not know
        raise CheckpointError(f"{path}: no weights could be read from it ({error})") from error
    check_finite(found, path)
    return found


@torch.no_grad()
def load_matching(model: torch.nn.Module, path: Path) -> int:
    """Copy weights from a file by name where shapes agree, or agree but for the number of input channels.

    Gives the number of tensors taken over; raises CheckpointError when there is none.
    """
    found = read_weights(path)
    taken = 0
    for name, value in model.state_dict().items():
        other = found.get(name)
        if other is None or other.shape[:1] + other.shape[2:] != value.shape[:1] + value.shape[2:]:
            continue
        if value.dim() < 2:
            value.copy_(other)
        else:
            shared = min(value.shape[1], other.shape[1])
            value[:, :shared] = other[:, :shared]
        taken += 1
    if not taken:
        raise CheckpointError(
            f"{path}: none of its weights fits this network; expected a checkpoint of the same encoder"
        )
    return taken


def _first(error: Exception) -> str:
    return (str(error).strip().splitlines() or ["no message"])[0][:120]
