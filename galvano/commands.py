"""The table of all commands: README and the tests of the house are held against it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Command:
    """`python -m MODULE`, what it is for, and the word behind `galvano` (none for the laboratory)."""

    module: str
    purpose: str
    word: str = ""


COMMANDS = (
    Command("digitize.infer", "scans and photos to signals, overlays and facts", "read"),
    Command("classify.infer", "pages or recordings to diagnoses and reports", "diagnose"),
    Command("simulate", "draws pages of real or synthetic hearts, with their truth", "simulate"),
    Command("digitize.train", "trains the page pass, the row pass or the name reader", "train digitize"),
    Command("classify.train", "trains a classifier", "train classify"),
    Command("ecg.convert", "any readable recording to any format that can be written", "convert"),
    Command("serve", "the page in the browser: read, correct by hand, take away", "serve"),
    Command("archive", "thousands of pages to one table, on one machine or many", "archive"),
    Command("ecg.fit.doctor", "what this machine can do: Python, packages, device, memory, disk", "doctor"),
    Command("digitize.evaluate", "how well pages with known truth are read"),
    Command("digitize.visualize", "what the networks see on a page"),
    Command("digitize.export", "the networks as ONNX files"),
    Command("classify.evaluate", "how good a classifier is"),
    Command("classify.explain", "what an answer rests on, drawn on the leads"),
    Command("classify.validate_data", "whether a collection can be trained on"),
    Command("classify.export", "the classifier as an ONNX file"),
    Command("classify.features", "medical features of recordings as a table"),
)


def readme_table() -> str:
    """The table as it stands in the README."""
    rows = [f"| `python -m {c.module}` | {f'`galvano {c.word}`' if c.word else ''} | {c.purpose} |" for c in COMMANDS]
    return "\n".join(["| command | in one word | what it does |", "|---|---|---|", *rows])
