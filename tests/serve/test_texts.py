"""Every text of the page stands in one table; each translation has all of them, with the same gaps to fill."""

from __future__ import annotations

import json
import re

import pytest

from serve.app import STATIC
from serve.problems import TITLES

LOCALES = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in (STATIC / "locales").glob("*.json")}


@pytest.mark.parametrize("language", sorted(LOCALES))
def test_a_translation_is_whole(language: str) -> None:
    gaps = {key: set(re.findall(r"\{\w+\}", words)) for key, words in LOCALES[language].items()}
    assert gaps == {key: set(re.findall(r"\{\w+\}", words)) for key, words in LOCALES["en"].items()}
    assert all(words.strip() for words in LOCALES[language].values())


def test_every_text_that_is_asked_for_is_there() -> None:
    html = (STATIC / "index.html").read_text(encoding="utf-8")
    code = "\n".join(path.read_text(encoding="utf-8") for path in STATIC.glob("*.js"))
    asked = set(re.findall(r'data-t(?:-label)?="([^"]+)"', html)) | set(re.findall(r'text\("([^"]+)"', code))
    assert len(asked) > 40 and asked - set(LOCALES["en"]) == set()
    assert {key.removeprefix("problem.") for key in LOCALES["en"] if key.startswith("problem.")} - {"help"} <= set(
        TITLES
    )


def test_every_language_can_be_chosen() -> None:
    html = (STATIC / "index.html").read_text(encoding="utf-8")
    assert set(re.findall(r'<option value="(\w\w)"', html)) == set(LOCALES)


def test_nothing_is_inline_and_nothing_comes_from_elsewhere() -> None:
    for path in STATIC.glob("*.html"):
        html = path.read_text(encoding="utf-8")
        assert not re.search(r"<script(?![^>]*\bsrc=)|\sstyle=|\son\w+=|(src|href)=\"(?!/)", html)


def test_modules_are_short() -> None:
    assert {
        path.name: count for path in STATIC.glob("*.js") if (count := len(path.read_text().splitlines())) > 220
    } == {}
