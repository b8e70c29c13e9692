"""Rates of CSVs that do not say theirs: one for all or a table, and words for what is neither."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ecg.formats.rates import known_rates, rate_of, read_rates


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("id,fs\na,500\nb.csv,250.5\n", {"a": 500.0, "b": 250.5}),
        ("\ufeffrecord, fs_hz\n007,100\n", {"007": 100.0}),
        ("fs,note,ID\n360,x,sub/100\n", {"100": 360.0}),
    ],
)
def test_a_table_names_the_rate_of_each(text: str, expected: dict[str, float], tmp_path: Path) -> None:
    table = tmp_path / "rates.csv"
    table.write_text(text, encoding="utf-8")
    assert read_rates(table) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("id,rhythm\na,SR\n", "expected a table with the columns id and fs, got id, rhythm"),
        ("", "expected a table with the columns id and fs, got nothing"),
        ("id,fs\na,fast\n", "a: expected a rate in Hz, got 'fast'"),
        ("id,fs\na,-5\n", "a: expected a rate in Hz, got '-5'"),
        ("id,fs\na\n", "a: expected a rate in Hz, got ''"),
    ],
)
def test_a_wrong_table_is_named(text: str, words: str, tmp_path: Path) -> None:
    table = tmp_path / "rates.csv"
    table.write_text(text)
    with pytest.raises(ValueError, match=re.escape(f"{table}: {words}")):
        known_rates(str(table))


def test_a_number_is_the_rate_of_all_and_a_missing_file_is_neither(tmp_path: Path) -> None:
    assert [known_rates(said) for said in ("250", 250.0, None, {"x": 1.0})] == [250.0, 250.0, None, {"x": 1.0}]
    assert [rate_of(said, Path("x.csv")) for said in (250.0, {"x": 1.0}, {})] == [250.0, 1.0, None]
    with pytest.raises(ValueError, match=r"nowhere\.csv: neither a rate in Hz nor a table"):
        known_rates(str(tmp_path / "nowhere.csv"))
