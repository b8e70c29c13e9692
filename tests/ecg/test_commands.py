"""The words of the table of commands; `tests/house` holds it against the code and the README."""

from __future__ import annotations

import pytest

from ecg.commands import COMMANDS, of_module


def test_each_is_one_sentence_and_each_word_stands_for_one() -> None:
    assert all(command.purpose.endswith(".") and ". " not in command.purpose for command in COMMANDS)
    words = [command.word for command in COMMANDS if command.word]
    assert len(set(words)) == len(words)


def test_a_module_that_is_not_in_the_table_is_not_known() -> None:
    with pytest.raises(KeyError):
        of_module("digitize.nothing")
