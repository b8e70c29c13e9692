"""Every code that a program may meet stands in one document."""

from __future__ import annotations

from house.codes import ROOT, document, notes, refusals


def test_the_document_is_what_the_code_says() -> None:
    """`python tests/house/codes.py docs/codes.md` writes it."""
    assert (ROOT / "docs" / "codes.md").read_text(encoding="utf-8") == document()


def test_codes_and_their_words_are_found() -> None:
    by_code = {said.code: said for said in [*notes(), *refusals()]}
    assert by_code["columns-uneven"].text.startswith("a column begins … mm beside")
    assert by_code["two-sheets"].file == "digitize/layout/two_sheets.py"
    assert len(by_code) > 70
