"""Every code that a program may meet, with its words: `python tests/house/codes.py docs/codes.md` lists them."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PACKAGES = ("ecg", "digitize", "classify", "archive", "serve")
REFUSALS = ("NotAnEcg", "UnknownLayout", "NoGrid", "PageError", "Refusal")
SEEN = "…"  # stands for what differs from page to page
HEAD = """# Codes of warnings and refusals

A program branches on the code, never on the words. A result's JSON lists its warnings as `warnings` (sentences) and
`codes`, in the same order; a page that is not read has one code beside its words (`code` in an archive's table,
`reason` in the server's answers). `…` stands for what differs from page to page; a refusal without a code of its own
has that of its kind, which `digitize/errors.py` gives. `python tests/house/codes.py docs/codes.md` writes this page.
"""


class Said(NamedTuple):
    """A code, the sentence that stands behind it, and the file where it is said."""

    code: str
    text: str
    file: str


def notes() -> list[Said]:
    """The warnings, in the order of their codes."""
    return _sorted(_calls(("Note",), code_at=0, text_at=1))


def refusals() -> list[Said]:
    """The refusals that have a code of their own."""
    return _sorted(_calls(REFUSALS, code_at=1, text_at=0))


def document() -> str:
    parts = [HEAD]
    for title, rows in (("Warnings", notes()), ("Refusals", refusals())):
        lines = [f"| `{row.code}` | {row.text} | `{row.file}` |" for row in rows]
        parts.append("\n".join([f"## {title}\n", "| code | words | said in |", "|---|---|---|", *lines, ""]))
    return "\n".join(parts)


def _sorted(found: Iterator[Said]) -> list[Said]:
    return sorted({(said.code, said.file): said for said in found}.values())


def _calls(names: tuple[str, ...], code_at: int, text_at: int) -> Iterator[Said]:
    for path in sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        if "studies" in path.parts:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for scope in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.Module)):
            for call in _own_calls(scope, names):
                if len(call.args) > max(code_at, text_at):
                    code, text = (_words(call.args[at], call.lineno, scope, tree) for at in (code_at, text_at))
                    if not code:  # made of another one's
                        continue
                    shown = " ".join(text.split()).replace("|", "\\|")
                    yield Said(code, shown or SEEN, path.relative_to(ROOT).as_posix())


def _own_calls(scope: ast.AST, names: tuple[str, ...]) -> Iterator[ast.Call]:
    """The calls of these names in a function, or in a module outside its functions."""
    for child in ast.iter_child_nodes(scope):
        if isinstance(child, ast.FunctionDef):
            continue
        if isinstance(child, ast.Call) and isinstance(child.func, ast.Name) and child.func.id in names:
            yield child
        yield from _own_calls(child, names)


def _words(node: ast.expr, line: int, *scopes: ast.AST) -> str:
    """What an expression says on a line, as far as it stands in the code; empty where it does not."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(_words(part, line) if isinstance(part, ast.Constant) else SEEN for part in parts)
        case ast.Name(id=name):
            given = (value for scope in scopes for value in _assigned(scope, name, line))
            return next((_words(value, line) for value in given), "")
        case _:
            return ""


def _assigned(scope: ast.AST, name: str, line: int) -> Iterator[ast.expr]:
    """What a name was given above a line, the last first."""
    given = [
        (node.lineno, node.value)
        for node in ast.walk(scope)
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets)
    ]
    yield from (value for at, value in sorted(given, key=lambda each: -each[0]) if at < line)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(document(), encoding="utf-8")
