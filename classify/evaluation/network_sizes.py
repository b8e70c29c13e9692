"""Every network of the catalogue with its size, what one recording costs, and what a comparison measured of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from classify.evaluation.comparison_run import Row as Result
from classify.evaluation.network_cost import cost
from classify.nets import NETS
from ecg.files import InputError, write_text
from ecg.markdown import table

BEGIN, END = "<!-- networks: begin -->", "<!-- networks: end -->"
LABELS = 9
# What each network is shown for its size: (channels, samples) of its source, twelve leads at 100 Hz otherwise.
INPUTS: Mapping[str, tuple[int, int]] = {
    "plrnn": (12, 500), "lstm_lite": (12, 500), "lstm_soft_attention": (1, 300), "lstm_bahdanau": (1, 300),
    "beat_cnn": (2, 300), "st_mem": (12, 2250), "st_mem_small": (12, 2250), "clocs": (12, 5000),
}  # fmt: skip
_LEADS = 12
_CATALOGUE = tuple(name for name in NETS if name != "ensemble")  # which is as large as its members
# The document's figures on CPSC2018 (macro F1, on its test fold, where it also chose the epoch), by network.
DOCUMENT: Mapping[str, str] = {
    "inceptionformer": "0.8530", "inceptionformer_2482": "0.8422", "inceptionformer_stage3": "0.8395",
    "inceptionformer_tiny": "0.8265", "inceptionformer_fine_coarse": "0.8547", "inceptionformer_sr": "0.8137",
    "inceptionformer_birouting": "0.8344", "inceptionformer_window": "0.8261", "inceptionformer_shifted": "0.8129",
    "inceptionformer_shunted": "0.8389", "inceptionformer_sparse": "0.8312", "inceptionformer_modulation": "0.8418",
    "inceptionformer_modulation_cls": "0.8488", "inceptionformer_se": "0.8356", "inceptionformer_coord": "0.8194",
    "db_ecgnet": "0.84", "resnet18": "0.8168", "resnet34": "0.8185", "mobilenetv2": "0.7967",
    "stft_resnet34": "0.7933", "two_stream": "0.8319",
}  # fmt: skip


def input_of(name: str) -> tuple[int, int]:
    """(channels, samples) that a network is shown for its size."""
    return INPUTS.get(name, (_LEADS, 1000))


def networks_table(results: Path | None = None) -> str:
    """The table in Markdown; with `results` (comparison.json) the figures of the runs named as their networks, too.

    Below it stands which networks of the catalogue have no such figures yet.
    """
    found = _results(results)
    figures = list(dict.fromkeys(name for row in found.values() for name in row["test"]))
    measured = ["epochs", "CPU ms per record", *figures] if found else []
    head = ["network", "file", "input", "parameters", "multiply-adds", "document, macro F1", *measured]
    whole = table(head, _rows(found, figures))
    missing = [f"`{name}`" for name in _CATALOGUE if name not in found]
    if not found or not missing:
        return whole
    done = len(_CATALOGUE) - len(missing)
    return f"{whole}\n\nTrained and measured: {done} of {len(_CATALOGUE)}. Not yet: {', '.join(missing)}."


def _rows(found: Mapping[str, Result], figures: list[str]) -> Iterator[list[str]]:
    for name in _CATALOGUE:
        row = NETS[name]
        channels, samples = input_of(name)
        size = cost(name, LABELS, channels, samples)
        cells = [f"`{name}`", f"`{row.module.replace('.', '/')}.py`", f"{channels} x {samples}"]
        cells += [f"{size.parameters:,}", _millions(size.macs), DOCUMENT.get(name, "")]
        if found:
            own = found.get(name)
            cells += _measured(own, figures) if own else [""] * (2 + len(figures))
        yield cells


def _measured(row: Result, figures: list[str]) -> list[str]:
    return [f"{row['epochs']:.2g}", f"{row['inference_ms']:.1f}", *(row["test"].get(name, "") for name in figures)]


def _millions(macs: int) -> str:
    return f"{macs / 1e9:.2f} G" if macs >= 1e9 else f"{macs / 1e6:.2f} M"


def _results(path: Path | None) -> dict[str, Result]:
    if path is None:
        return {}
    try:
        rows: list[Result] = json.loads(path.read_text(encoding="utf-8"))
        return {row["run"]: row for row in rows}
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(f"{path}: expected the comparison.json that classify.compare writes ({error})") from error


def written(text: str, path: Path) -> None:
    """Put the table between the marks of a document; raises ValueError for one that has none."""
    before, begin, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{path}: expected the lines {BEGIN} and {END} around the table")
    write_text(path, f"{before}{BEGIN}\n{text}\n{END}{after}")
