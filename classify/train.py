"""Train a classifier: `python -m classify.train [--task ptbxl] [--config configs/diagnosis.yaml] [--data FOLDER]`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from classify.datasets import split
from classify.tasks import TASKS
from ecg.fit.launch import ended, leave
from ecg.fit.options import add_options, changes

if TYPE_CHECKING:
    from classify.datasets.arrays import Arrays
    from classify.recipe import DataSettings, Recipe
    from classify.tasks import Task
    from ecg.fit.loop import FitResult

DEFAULT_RECIPE = Path(__file__).resolve().parent.parent / "configs" / "diagnosis.yaml"
_SHOWN = ("full", "3x4+1")  # validation sees the records whole and as the commonest page prints them


def train(
    recipe: Recipe,
    data: Path | None = None,
    output: Path = Path("experiments"),
    resume: Path | None = None,
    start: Path | None = None,
) -> FitResult:
    """Train the recipe on the recordings below `data` (None: on simulated ones) and leave a run folder in `output`.

    `start` names a checkpoint whose weights are taken over where they fit.
    """
    from ecg.fit import ddp
    from ecg.fit.device import pick_device
    from ecg.fit.loop import fit
    from ecg.fit.recipe import to_dict
    from ecg.fit.run_folder import RunFolder

    arrays = load_arrays(recipe, data)
    with ddp.team(pick_device(recipe.fit.device).type == "cuda"):
        run = ddp.by_first(lambda: RunFolder.open(to_dict(recipe), output, resume))
        if ddp.rank() == 0:
            _announce(run, recipe, arrays, data)
            split.write(zip(arrays.id, arrays.patient, arrays.part, strict=True), run.path / "split.csv")
        task = prepare(recipe, arrays)
        if start and not resume:
            from ecg.fit.checkpoint import load_matching

            load_matching(task.model, start)
        return fit(task, recipe, run, resume)


def prepare(recipe: Recipe, arrays: Arrays) -> Any:
    """The `Task` of a recipe: network, loss, training set and how held-out recordings are judged."""
    import torch

    from classify.nets import build
    from classify.training.losses import Loss, Teacher
    from ecg.fit.loop import Task as FitTask

    torch.manual_seed(recipe.fit.seed)
    labels, samples = arrays.targets.shape[1], arrays.signal.shape[2]
    model = build(recipe.net.name, labels, recipe.channels, samples, recipe.net.options)
    teacher = Teacher(Path(recipe.loss.teacher), recipe) if recipe.loss.teacher else None
    loss = Loss(recipe.loss, arrays.of("train").targets, TASKS[recipe.task].exclusive, teacher)
    validate = Validation(arrays.of("validation"), TASKS[recipe.task], recipe.data)
    return FitTask(model, loss, _training_set(arrays, recipe), validate, validate.show)


def load_arrays(recipe: Recipe, data: Path | None) -> Arrays:
    """The task's recordings on the recipe's time grid, from a folder or simulated."""
    task = TASKS[recipe.task]
    if data is not None:
        return _recorded(task.name, data, recipe.data.fs_hz, Path(recipe.data.cache))
    from classify.datasets.simulated import simulate_arrays

    print(f"no --data given: training on {recipe.data.simulated} simulated records", file=sys.stderr)
    return simulate_arrays(recipe.data.simulated, task, recipe.data.fs_hz, recipe.fit.seed)


@lru_cache(maxsize=1)  # a comparison trains many networks on the same recordings
def _recorded(task: str, data: Path, fs_hz: float, cache: Path) -> Arrays:
    from classify.datasets.arrays import collect
    from classify.tasks import examples

    return collect(TASKS[task], examples(TASKS[task], data), fs_hz, cache)


def _training_set(arrays: Arrays, recipe: Recipe) -> Any:
    from classify.datasets.loaders import TrainingSet, Unvaried
    from classify.training.sampling import Draws

    data, shown = recipe.data, arrays.of("train")
    dataset = TrainingSet(shown, recipe.fit.seed, data) if data.varied else Unvaried(arrays, data)
    if not (data.draws or data.balanced):
        return dataset
    return Draws(dataset, data.draws or len(shown), recipe.fit.seed, shown.targets if data.balanced else None)


class Validation:
    """Macro AUC per label group, on whole records and, for page-like training, on a 3x4 page's view of them.

    Labels that exclude each other have their macro F1, too. "score" is the mean of what heads the task's tables.
    """

    def __init__(self, arrays: Arrays, task: Task, settings: DataSettings) -> None:
        from classify.datasets.loaders import fixed_inputs
        from classify.labels import columns

        self.arrays, self.task, self.columns = arrays, task, columns(task.groups)
        shown = _SHOWN if settings.page_masks else _SHOWN[:1]
        self.inputs = {layout: fixed_inputs(arrays, layout, settings) for layout in shown}
        self.probability: dict[str, Any] = {}

    def __call__(self, model: Any) -> dict[str, float]:
        import numpy as np

        from classify.scoring.metrics import macro_auc, macro_f1, mean

        metrics: dict[str, float] = {}
        for layout, (signal, features) in self.inputs.items():
            logits = predict_by_team(model, signal, features)
            self.probability[layout] = 1 / (1 + np.exp(-logits.astype(float)))
            for group in self.task.groups:
                chosen = [k for k, (g, _) in enumerate(self.columns) if g == group]
                said, target = logits[:, chosen], self.arrays.targets[:, chosen]
                metrics[f"{group}_auc_{layout}"] = macro_auc(said, target)
                if self.task.exclusive:
                    metrics[f"{group}_f1_{layout}"] = macro_f1(said == said.max(1, keepdims=True), target)
        metrics["score"] = mean(v for k, v in metrics.items() if ("_f1_" in k) == self.task.exclusive)
        return metrics

    def show(self, board: Any, step: int) -> None:
        """ROC and precision-recall of every label, and how far the probabilities are from the truth."""
        import numpy as np

        from classify.scoring.plots import curves

        names, target = [label for _, label in self.columns], self.arrays.targets
        for layout, probability in self.probability.items():
            board.figure(f"Val/curves_{layout}", curves(probability, target, names), step)
            known = np.isfinite(target)
            board.histogram(f"Val/error_{layout}", np.abs(probability - target)[known], step)
            for k, name in enumerate(names):
                said, true = probability[known[:, k], k], target[known[:, k], k] > 0.5
                if true.any():
                    board.pr_curve(f"{name}_{layout}", said, true, step)


def predict_by_team(model: Any, signal: Any, features: Any) -> Any:
    """As `predict`; of a team every process takes a share of the records, and all get the whole."""
    import numpy as np

    from ecg.fit import ddp

    own = ddp.share(range(len(signal)))
    parts = ddp.gather(dict(zip(own, predict(model, signal[own], features[own]), strict=True)))
    rows = {k: row for part in parts for k, row in part.items()}
    return np.stack([rows[k] for k in range(len(signal))])


def predict(model: Any, signal: Any, features: Any, batch_size: int = 64) -> Any:
    """Logits [record, label] of prepared inputs, in evaluation mode without gradients."""
    import numpy as np
    import torch

    device = next(model.parameters()).device
    out = []
    with torch.no_grad():
        for start in range(0, len(signal), batch_size):
            part = slice(start, start + batch_size)
            x, f = (torch.from_numpy(np.ascontiguousarray(a[part])).to(device) for a in (signal, features))
            out.append(model(x, f).float().cpu().numpy())
    return np.concatenate(out)


def _announce(run: Any, recipe: Recipe, arrays: Arrays, data: Path | None) -> None:
    sizes = ", ".join(f"{len(arrays.of(part))} {part}" for part in ("train", "validation", "test"))
    run.log(f"{run.path}: {recipe.net.name} on {recipe.task} ({'simulated' if data is None else data}): {sizes}")


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(prog="python -m classify.train", description="Train an ECG classifier.")
    add_options(p, str(DEFAULT_RECIPE))
    p.add_argument("--task", choices=sorted(TASKS), help="labels and collections (default: the recipe's)")
    p.add_argument("--data", type=Path, help="folder with the task's collections (default: simulate records)")
    p.add_argument("--cache_dir", type=Path, help="where recordings once read are kept (default: the recipe's)")
    return p


def load_recipe(args: argparse.Namespace) -> Recipe:
    """The recipe file with the command line's changes laid over it."""
    from classify.recipe import Recipe
    from ecg.fit.recipe import load

    debug = ["data.draws=100", "data.simulated=100"] if args.debug else []
    own = {"task": "task", "max_samples": "data.draws", "cache_dir": "data.cache"}
    return load(Recipe, args.config, debug + changes(args, own))


def main(argv: Sequence[str] | None = None) -> int:
    """0 when trained, 1 when something is wrong, 130 when interrupted."""
    args = parser().parse_args(argv)

    def training() -> str:
        recipe = load_recipe(args)
        result = train(recipe, args.data, args.output, args.resume, args.start)
        best = "" if result.best_metric is None else f" ({recipe.fit.best_metric} {result.best_metric:.4f})"
        return f"best: epoch {result.best_epoch}{best}: {result.best}"

    return ended(training, 1)


if __name__ == "__main__":
    leave(main())
