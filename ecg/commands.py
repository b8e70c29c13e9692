"""All commands in one table, from which parsers, tests and the README take their words."""

from __future__ import annotations

from dataclasses import dataclass

from ecg.markdown import table


@dataclass(frozen=True)
class Command:
    """A module that `python -m` runs, what it is for in one sentence, and the word behind `galvano` of a user's own."""

    module: str
    purpose: str
    word: str = ""


COMMANDS: tuple[Command, ...] = (
    Command(
        "digitize.infer", "Digitize pictures of ECGs: signal, WFDB record, JSON and an overlay for every page.", "read"
    ),
    Command("classify.infer", "Diagnose scanned pages or recordings.", "diagnose"),
    Command("ecg.convert", "Turn recordings of any readable format into another, a folder at a time.", "convert"),
    Command("serve", "Open the page in the browser: read, correct by hand, diagnose, take away.", "serve"),
    Command("archive", "Read a hospital's pages into one table, on this machine or on a cluster.", "archive"),
    Command("archive.export", "Write the recordings of an archive, or some of them, in any format.", "archive export"),
    Command("archive.report", "Show what an archive holds: counts, confidence, the worst pages.", "archive report"),
    Command("archive.rank", "Choose the pages of an archive that a person should look at first.", "archive rank"),
    Command("archive.learn", "Make training pages of what was corrected or labelled of these.", "archive learn"),
    Command("simulate", "Draw pages with their exact truth.", "simulate"),
    Command(
        "digitize.train",
        "Train the page, the row or the name network on pages from disk or drawn as it goes.",
        "train digitize",
    ),
    Command(
        "digitize.evaluate",
        "Measure the digitizer, or a checkpoint, on pages whose signal is known, clean or under stress.",
    ),
    Command(
        "digitize.visualize",
        "One picture to judge a reading by: page, grid, signal, network outputs, the error where truth is known.",
    ),
    Command(
        "digitize.export",
        "Write the networks as ONNX files for `--engine onnx` and say by how much their outputs differ.",
    ),
    Command(
        "digitize.training.validate_data", "Look at pages before training on them: what they hold, and what is wrong."
    ),
    Command(
        "digitize.training.release",
        "Write a checkpoint's weights in half precision, with their card, where the digitizer loads them.",
    ),
    Command(
        "digitize.studies.single_pass",
        "What the row pass adds: pages read by a whole-page network's signal head alone, and by both passes.",
    ),
    Command(
        "digitize.studies.head_masking",
        "What the reading needs each head for: pages read with one output at a time masked.",
    ),
    Command(
        "digitize.studies.head_ablation",
        "What training with each head is worth: the network trained with all of its heads, and with one less.",
    ),
    Command(
        "digitize.studies.batch_robustness",
        "A long batch with broken files in it: all pages read, all broken files named, memory flat.",
    ),
    Command(
        "digitize.studies.fuzz",
        "Thousands of damaged pages, recordings and checkpoints opened: each opens or is refused by name.",
    ),
    Command(
        "digitize.studies.layout_accuracy",
        "How often layout, names, orientation, speed, gain and times are right on simulated pages.",
    ),
    Command(
        "digitize.studies.reading_speed",
        "How fast one process on one thread or two and two processes read, and where the time goes.",
    ),
    Command(
        "digitize.studies.training_speed",
        "How fast a training goes here: loading pages, one step, and which of them is the bottleneck.",
    ),
    Command(
        "digitize.studies.fit_confidence",
        "Fit the confidence to how near the traces come to the truth, on simulated pages.",
    ),
    Command("classify.train", "Train a classifier.", "train classify"),
    Command("classify.pretrain", "Pretrain an encoder without labels, and measure what that is worth with few."),
    Command("classify.evaluate", "Measure weights on held-out patients."),
    Command("classify.explain", "Show on the twelve leads what a finding rests on."),
    Command("classify.export", "Write a classifier's network as ONNX."),
    Command("classify.features", "Measure rate, intervals, axis, ST, spectrum and quality of recordings."),
    Command("classify.validate_data", "Look at a task's recordings before training on them."),
    Command("classify.calibrate", "Make weights of a checkpoint: temperature, thresholds and their card."),
    Command("classify.ensemble", "Put several trained networks into one classifier."),
    Command("classify.compare", "Train and measure many networks on the same recordings, in one table."),
    Command("classify.evaluation.network_table", "Every network with its parameters and multiply-adds, in one table."),
    Command("classify.evaluation.found_beats", "Classes of beats that the program finds itself, in MIT-BIH records."),
    Command("classify.benchmark_beats", "Measure R peaks and waves on annotated recordings."),
    Command(
        "classify.studies.not_ecgs",
        "What becomes of pages that must not be diagnosed: other curves, halves, two ECGs on a sheet, mirror images.",
    ),
    Command(
        "classify.studies.gpu_budget",
        "What training heavy networks asks for: one real step here, memory and time of a GPU by arithmetic.",
    ),
    Command("simulate.benchmark", "How many pages a second the simulator draws."),
    Command("ecg.fit.doctor", "Say what a training would find here: packages, device, memory, disk.", "doctor"),
)


def of_module(module: str) -> Command:
    """The row of a module; KeyError for one that is not in the table."""
    return {command.module: command for command in COMMANDS}[module]


def readme_table() -> str:
    """The commands of a user, as the README shows them; those of the laboratory stand beside their figures."""
    rows = [[f"`{row.module}`", f"`galvano {row.word}`" if row.word else "", row.purpose] for row in COMMANDS]
    return table(["`python -m ...`", "in short", "what for"], [row for row in rows if not _is_laboratory(row[0])])


def _is_laboratory(module: str) -> bool:
    return any(f".{room}." in module for room in ("training", "evaluation", "studies")) or "benchmark" in module
