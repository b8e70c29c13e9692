"""Weights of a pass and their card: whole and belonging together, or refused by name in words."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from digitize.nets.pretrained import load_pass
from digitize.nets.word_net import WordNet, WordNetSpec
from ecg.files import InputError

SPEC = WordNetSpec(stem=(2, 3), width=4, dilations=(1,))
CARD = {"version": "names-0", "recipe": {"net": asdict(SPEC), "pages": {"size_px": [96, 64]}}}


def write(folder: Path, card: object = CARD, spec: WordNetSpec = SPEC) -> Path:
    save_file(WordNet(spec).state_dict(), folder / "names.safetensors")
    (folder / "names.json").write_text(card if isinstance(card, str) else json.dumps(card))
    return folder


def test_whole_weights_are_loaded(tmp_path: Path) -> None:
    found = load_pass("names", folder=write(tmp_path))
    assert (found.version, found.size_px) == ("names-0", (96, 64))


@pytest.mark.parametrize(
    "card",
    [
        "", "[]", "[" * 100_000, "null", '{"version": 1}',
        {**CARD, "recipe": {**CARD["recipe"], "pages": {"size_px": [96]}}},
        {**CARD, "recipe": []},
    ],
)  # fmt: skip
def test_a_card_that_is_torn_or_foreign_is_named(tmp_path: Path, card: object) -> None:
    with pytest.raises(InputError, match=r"names\.json: no card of shipped weights"):
        load_pass("names", folder=write(tmp_path, card))


@pytest.mark.parametrize("net", [{**asdict(SPEC), "width": 8}, {"layers": 3}, {**asdict(SPEC), "width": "wide"}])
def test_weights_of_another_network_than_the_cards_are_named(tmp_path: Path, net: dict[str, object]) -> None:
    card = {**CARD, "recipe": {**CARD["recipe"], "net": net}}
    with pytest.raises(InputError, match=r"names\.safetensors: (these|no) weights"):
        load_pass("names", folder=write(tmp_path, card))


@pytest.mark.parametrize("kind", ["page", "row", "names"])
def test_torn_weights_and_a_missing_card_are_named(tmp_path: Path, kind: str) -> None:
    with pytest.raises(FileNotFoundError, match=rf"{kind}\.safetensors: the weights .* are missing"):
        load_pass(kind, folder=tmp_path)
    write(tmp_path)
    for file in tmp_path.iterdir():
        file.rename(tmp_path / f"{kind}{file.suffix}")
    whole = (tmp_path / f"{kind}.safetensors").read_bytes()
    for content in (b"", whole[:100], whole[:-8], b"\xff" * 64):
        (tmp_path / f"{kind}.safetensors").write_bytes(content)
        with pytest.raises(InputError, match=rf"{kind}\.safetensors"):
            load_pass(kind, folder=tmp_path)
    (tmp_path / f"{kind}.safetensors").write_bytes(whole)
    (tmp_path / f"{kind}.json").unlink()
    with pytest.raises(InputError, match=rf"{kind}\.json: no such file"):
        load_pass(kind, folder=tmp_path)


def test_weights_of_another_pass_are_no_page_pass(tmp_path: Path) -> None:
    write(tmp_path)
    for file in tmp_path.iterdir():
        file.rename(tmp_path / f"page{file.suffix}")
    with pytest.raises(InputError, match=r"page\.safetensors: no weights of the page pass"):
        load_pass("page", folder=tmp_path)


def test_weights_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    write(tmp_path)
    spoilt = {**WordNet(SPEC).state_dict(), "head.bias": torch.full((20,), float("nan"))}
    save_file(spoilt, tmp_path / "names.safetensors")
    with pytest.raises(InputError, match=r"names\.safetensors: damaged weights: head\.bias"):
        load_pass("names", folder=tmp_path)
