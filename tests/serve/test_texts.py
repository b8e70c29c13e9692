"""Every text of the page stands in one table; each translation has all of them, with the same gaps to fill.

What the server says in English itself, translations have by its code: every title, note, reason, label, measurement.
"""

from __future__ import annotations

import json
import re

import pytest
from house.codes import notes as said_notes
from house.structure import ROOT

from classify.labels import GROUPS
from classify.report.html import measurements
from serve.app import STATIC
from serve.problems import TITLES

LOCALES = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in (STATIC / "locales").glob("*.json")}


SERVERS_OWN = ("problem.", "reason.", "note.", "verdict.", "label.", "measure.")
CODE = "\n".join(
    path.read_text(encoding="utf-8") for room in ("ecg", "digitize", "classify") for path in (ROOT / room).rglob("*.py")
)


def gaps(table: dict[str, str]) -> dict[str, set[str]]:
    return {key: set(re.findall(r"\{\w+\}", words)) for key, words in table.items()}


@pytest.mark.parametrize("language", sorted(LOCALES))
def test_a_translation_is_whole(language: str) -> None:
    table = {key: words for key, words in LOCALES[language].items() if not key.startswith(SERVERS_OWN)}
    assert gaps(table) == gaps(LOCALES["en"])
    assert all(words.strip() for words in LOCALES[language].values())


@pytest.mark.parametrize("language", sorted(set(LOCALES) - {"en"}))
def test_what_the_server_says_is_translated_by_its_code(language: str) -> None:
    known = {"problem": set(TITLES)}
    known["label"] = {f"{g}.{name}" for g in ("superclass", "rhythm") for name in GROUPS[g].titles}
    known["measure"] = {row["name"] for row in measurements({})}
    asked = {f"{kind}.{code}" for kind, codes in known.items() for code in codes}
    assert asked - set(LOCALES[language]) == set()
    notes = {f"note.{said.code}" for said in said_notes()}
    missing = notes - set(LOCALES[language])  # the English sentence stands for them
    assert len(notes) > 40 and len(missing) <= 0.05 * len(notes), missing


@pytest.mark.parametrize("language", sorted(set(LOCALES) - {"en"}))
def test_no_translation_is_of_a_code_that_nothing_has(language: str) -> None:
    named = {key for key in LOCALES[language] if key.startswith(("note.", "reason."))}
    assert {key for key in named if f'"{key.partition(".")[2]}"' not in CODE} == set()
    assert {key.removeprefix("problem.") for key in LOCALES[language] if key.startswith("problem.")} == set(TITLES)


def test_every_text_that_is_asked_for_is_there() -> None:
    html = (STATIC / "index.html").read_text(encoding="utf-8")
    code = "\n".join(path.read_text(encoding="utf-8") for path in STATIC.glob("*.js"))
    asked = set(re.findall(r'data-t(?:-label)?="([^"]+)"', html)) | set(re.findall(r'text\("([^"]+)"', code))
    asked = {key for key in asked if not key.startswith(SERVERS_OWN)}
    assert len(asked) > 40 and asked - set(LOCALES["en"]) == set()


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
