"""How the loop trains: the part of a recipe that both trainers share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

# What may differ when a run is resumed: none of these changes the numbers that come out.
FREE_ON_RESUME = ("num_workers", "threads", "log_every", "save_every_s", "epoch_every", "show_every")

Amp = Literal["auto", "bf16", "fp16", "off"]
_NOT_NEGATIVE = (
    "warmup_steps", "num_workers", "grad_clip", "early_stopping", "epoch_every", "show_every", "threads", "seed",
    "lr_min", "plateau_patience", "weight_decay", "save_every_s",
)  # fmt: skip


@dataclass(frozen=True)
class FitSettings:
    """Settings of `ecg.fit.loop.fit`.

    An optimiser step sees `accumulate` batches of `batch_size`, each of which a team of processes shares.
    `best_metric` "" keeps the newest weights as the best. The step schedule multiplies the rate by `step_factor` every
    `step_epochs`, or after the epochs in `step_at`; the plateau schedule never goes below `lr_min`. `show_every` is the
    number of epochs between pictures on the board (0: none).
    """

    epochs: int = 10
    batch_size: int = 32
    lr: float = 1e-3
    weight_decay: float = 0.01
    schedule: Literal["onecycle", "cosine", "plateau", "step", "constant"] = "onecycle"
    warmup_steps: int = 0
    step_epochs: int = 30
    step_at: tuple[int, ...] = ()
    step_factor: float = 0.1
    plateau_patience: int = 3
    plateau_factor: float = 0.5
    lr_min: float = 1e-6
    num_workers: int = 0
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    amp: Amp = "auto"
    channels_last: bool = False
    grad_clip: float = 0.0
    accumulate: int = 1
    ema_decay: float = 0.0
    best_metric: str = ""
    best_mode: Literal["max", "min"] = "max"
    early_stopping: int = 0
    save_every_s: float = 300.0
    epoch_every: int = 0
    show_every: int = 5
    log_every: int = 20
    seed: int = 0
    threads: int = 0

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "accumulate", "log_every", "step_epochs"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        for name in _NOT_NEGATIVE:
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be negative, got {getattr(self, name)}")
        if not self.lr > 0:
            raise ValueError(f"lr must be positive, got {self.lr}")
        if not 0 <= self.ema_decay < 1:
            raise ValueError(f"ema_decay must be in [0, 1), got {self.ema_decay}")
        if (self.early_stopping or self.schedule == "plateau") and not self.best_metric:
            raise ValueError("early_stopping and the plateau schedule need best_metric, a validation metric")

    def better(self, value: float, than: float | None) -> bool:
        """Whether a value of the best metric beats another (None: nothing yet); NaN never does."""
        if value != value:
            return False
        return than is None or (value > than if self.best_mode == "max" else value < than)


class FitRecipe(Protocol):
    """A frozen dataclass that says how the loop trains, beside whatever else it says."""

    @property
    def fit(self) -> FitSettings: ...
