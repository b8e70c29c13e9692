"""Markdown tables: as wide as their cells when asked, and whole whatever the cells hold."""

from __future__ import annotations

import pytest

from ecg.markdown import table


def test_a_table_is_a_line_for_the_head_a_rule_and_a_line_for_each_row() -> None:
    assert table(["a", "long"], [["1", "2"]]) == "| a | long |\n| --- | --- |\n| 1 | 2 |"
    assert table(["a"], []) == "| a |\n| --- |"


def test_padded_columns_have_one_width() -> None:
    assert table(["a", "b"], [["wide", "x"]], padded=True) == "| a    | b |\n| ---- | - |\n| wide | x |"


def test_a_bar_or_a_line_break_does_not_end_a_cell() -> None:
    assert table(["a|b"], [["one\ntwo"]]) == "| a\\|b |\n| --- |\n| one two |"


def test_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="argument"):
        table(["a", "b"], [["1"]], padded=True)
    with pytest.raises(ValueError, match="argument"):
        table(["a", "b"], [["1"]])
