"""Recipes so small that a training takes seconds."""

from __future__ import annotations

from pathlib import Path

import yaml

from digitize.train import main

NET = {"encoder": "timm-mobilenetv3_small_minimal_100", "decoder_channels": [16, 16, 8, 8, 8]}
PAGE = {
    "kind": "page",
    "net": NET,
    "pages": {"shares": {"clean": 1.0}, "size_px": [128, 96], "samples": 8, "validation_samples": 2},
    "fit": {
        "epochs": 2,
        "batch_size": 4,
        "amp": "off",
        "ema_decay": 0.9,
        "log_every": 1,
        "lr": 0.001,
        "show_every": 0,
        "threads": 1,
    },
}
ROW = {
    **PAGE,
    "kind": "row",
    "net": {
        **NET,
        "in_channels": 4,
        "heads": ["seg", "signal"],
        "seg_classes": 5,
        "signal_leads": 1,
        "columns_per_px": 2,
    },
    "pages": {**PAGE["pages"], "size_px": [64, 320]},
}
NAMES = {
    **PAGE,
    "kind": "names",
    "net": {"stem": [4, 6], "width": 8, "dilations": [1, 2]},
    "pages": {**PAGE["pages"], "size_px": [96, 64]},
}
RECIPES = {"page": PAGE, "row": ROW, "names": NAMES}


def recipe_file(folder: Path, recipe: dict, **changes: object) -> str:
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump({**recipe, **changes}))
    return str(path)


def trained(folder: Path, recipe: dict, *options: str) -> Path:
    """The run folder of a training that went well."""
    folder.mkdir(exist_ok=True)
    config, runs = recipe_file(folder, recipe), folder / "runs"
    assert main(["--config", config, "--output", str(runs), "--force_cpu", *options]) == 0
    (run,) = runs.iterdir()
    return run
