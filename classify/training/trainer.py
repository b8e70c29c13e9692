"""A classifier's training: recordings, network, loss, validation, and the run folder that keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from classify.datasets.arrays import Arrays
from classify.datasets.collect import load_arrays
from classify.nets import build
from classify.recipe import Recipe
from classify.tasks import TASKS
from classify.training.inputs import plain_training_set
from classify.training.losses import Loss, Teacher
from classify.training.results import write_results
from classify.training.sampling import Draws
from classify.training.validation import Validation
from ecg.files import InputError
from ecg.fit import checkpoint, ddp, launch, split_file
from ecg.fit.dataloader import EpochDataset
from ecg.fit.device import pick_device
from ecg.fit.loop import FitResult, Task, fit
from ecg.fit.recipe import load, to_dict
from ecg.fit.resume_check import check_same
from ecg.fit.run_folder import RunFolder


def train_and_report(
    config: str | Path,
    changes: Sequence[str],
    data: Path | None,
    output: Path,
    resume: Path | None = None,
    start: Path | None = None,
) -> int:
    """Train the recipe of the file `config` with `changes` (`key=value`), and print where its best weights are."""
    recipe = load(Recipe, config, changes)
    result = train(recipe, data, output, resume, start, results=True)
    best = "" if result.best_metric is None else f" ({recipe.fit.best_metric} {result.best_metric:.4f})"
    if launch.is_first():
        print(f"best: epoch {result.best_epoch}{best}: {result.best}")
    return 0


def train(
    recipe: Recipe,
    data: Path | None = None,
    output: Path = Path("experiments"),
    resume: Path | None = None,
    start: Path | None = None,
    results: bool = False,
) -> FitResult:
    """Train the recipe on the recordings below `data` (None: on simulated ones) and leave a run folder in `output`.

    `resume` goes on from a run's checkpoint; raises ValueError, and leaves the run as it is, for another recipe or
    other recordings. `start` names a checkpoint whose weights are taken over where they fit. With `results` the best
    weights are measured at the end (`write_results`).
    """
    arrays = load_arrays(recipe, data)
    if resume:
        _check_resume(recipe, arrays, resume)
    with ddp.team(pick_device(recipe.fit.device).type == "cuda"):
        task = fit_task(recipe, arrays)
        if start and not resume:
            checkpoint.load_matching(task.model, start)
        run = ddp.by_first(lambda: RunFolder.open(to_dict(recipe), output, resume))
        if ddp.rank() == 0:
            _announce(run, recipe, arrays, data)
            if not resume:
                split_file.write(_split_of(arrays), run.path / split_file.SPLIT_FILE)
                run.keep_source({"data": data})
        done = fit(task, recipe, run, resume)
        if results and ddp.rank() == 0:
            checkpoint.fill(task.model, checkpoint.weights(checkpoint.load(done.best)), done.best)
            run.log(f"results: {write_results(run, recipe, arrays, task.model.eval())}")
        return done


def fit_task(recipe: Recipe, arrays: Arrays) -> Task:
    """What the training loop is given: network, loss, training set and how held-out recordings are judged."""
    _check_parts(arrays)
    torch.manual_seed(recipe.fit.seed)
    labels, samples = arrays.targets.shape[1], arrays.signal.shape[2]
    net = build(recipe.net.name, labels, recipe.channels, samples, recipe.net.options)
    teacher = Teacher(Path(recipe.loss.teacher), recipe) if recipe.loss.teacher else None
    loss = Loss(recipe.loss, arrays.of("train").targets, TASKS[recipe.task].exclusive, teacher)
    validation = Validation(arrays.of("validation"), TASKS[recipe.task], recipe.data)
    return Task(net, loss, _training_set(arrays, recipe), validation, validation.show)


def _check_parts(arrays: Arrays) -> None:
    for part in ("train", "validation"):
        if not (arrays.part == part).any():
            raise InputError(
                f"no recording is left in the {part} part of the split (of {len(arrays)} that could be read); "
                "python -m classify.validate_data says which part holds what"
            )


def _training_set(arrays: Arrays, recipe: Recipe) -> EpochDataset:
    data, seed = recipe.data, recipe.fit.seed
    dataset = plain_training_set(arrays, seed, data)
    if not (data.draws or data.balanced):
        return dataset
    targets = arrays.targets[arrays.part == "train"]
    return Draws(dataset, data.draws or len(targets), seed, targets if data.balanced else None)


def _check_resume(recipe: Recipe, arrays: Arrays, resume: Path) -> None:
    """Refuse another recipe and another split, before anything of the run is touched."""
    check_same(checkpoint.load(resume)["recipe"], recipe, resume)
    folder = RunFolder.of_checkpoint(resume).path
    split_file.check_same_split(folder, _split_of(arrays), resume, "recordings")


def _split_of(arrays: Arrays) -> list[tuple[str, str, str]]:
    return list(zip(arrays.id.tolist(), arrays.patient.tolist(), arrays.part.tolist(), strict=True))


def _announce(run: RunFolder, recipe: Recipe, arrays: Arrays, data: Path | None) -> None:
    sizes = ", ".join(f"{count} {part}" for part, count in arrays.counts().items())
    run.log(f"{run.path}: {recipe.net.name} on {recipe.task} ({'simulated' if data is None else data}): {sizes}")
