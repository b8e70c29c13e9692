"""`galvano COMMAND ...`: the commands of a user by one word each; every one is also `python -m MODULE ...`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec

from ecg.commands import COMMANDS, Command


def main(argv: Sequence[str] | None = None) -> int:
    """The command's own exit code; 2 for a word that is none, 0 for --help."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words[:1] in ([], ["-h"], ["--help"]):
        print(usage())
        return 0 if words else 2
    command = find(words)
    if command is None:
        print(f"galvano: error: no command {words[0]!r}\n\n{usage()}", file=sys.stderr)
        return 2
    code = import_module(command.module).main(words[len(command.word.split()) :])
    return int(code or 0)


def installed() -> list[Command]:
    """The commands with a word of their own whose package is there."""
    return [command for command in COMMANDS if command.word and find_spec(command.module.split(".")[0])]


def find(words: Sequence[str]) -> Command | None:
    """The command that the first one or two words name."""
    named = {command.word: command for command in installed()}
    return named.get(" ".join(words[:2])) or named.get(words[0])


def usage() -> str:
    lines = [f"  {command.word:16}{command.purpose}" for command in installed()]
    return "\n".join(["usage: galvano COMMAND [options]; galvano COMMAND --help says more", "", *lines])


if __name__ == "__main__":
    sys.exit(main())
