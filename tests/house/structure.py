"""The structure of the code in numbers: `python tests/house/structure.py` prints what `test_structure.py` limits."""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ("ecg", "simulate", "digitize", "classify", "archive", "serve", "galvano")
LABORATORY = {"training", "evaluation", "studies", "datasets", "pretraining", "scoring"}
# Packages that are installed by an extra only; a file may import them where it needs them.
OPTIONAL = {
    "boto3", "ecgdatakit", "edfio", "fhir", "fsspec", "lxml", "neurokit2", "onnx", "onnxruntime", "onnxscript",
    "openpyxl", "openvino", "pi_heif", "playwright", "pyarrow", "pydicom", "ray", "reportlab", "schemathesis",
    "uvicorn", "defusedxml", "fastapi",
}  # fmt: skip
SLOW = {"wfdb"}  # takes longer to import than all else that reads a recording; imported where a record is read
SAME_LINES = 6


@dataclass(frozen=True)
class Import:
    """One imported module, by full name; `inside` a function, or only for the type checker."""

    name: str
    inside: bool
    typing_only: bool


@dataclass(frozen=True)
class Module:
    """A source file of the project and what can be counted in it."""

    path: Path

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def name(self) -> str:
        parts = self.path.relative_to(ROOT).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def floor(self) -> str:
        return self.path.relative_to(ROOT).parts[0]

    @property
    def room(self) -> str:
        """The folder below the package, "" for the package's root."""
        parts = self.path.relative_to(ROOT).parts
        return parts[1] if len(parts) > 2 else ""

    @property
    def length(self) -> int:
        return self.text.count("\n")

    @property
    def is_command(self) -> bool:
        return self.path.name == "__main__.py" or '__name__ == "__main__"' in self.text

    @property
    def is_laboratory(self) -> bool:
        return self.room in LABORATORY

    @cached_property
    def imports(self) -> tuple[Import, ...]:
        return tuple(_imports(self.tree, inside=False, typing_only=False))

    @property
    def any_signatures(self) -> list[str]:
        """The functions whose arguments or result are annotated with Any."""
        return [
            f"{self.path.relative_to(ROOT)}:{node.lineno} {node.name}"
            for node in ast.walk(self.tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _names_any(node)
        ]


def _imports(node: ast.AST, inside: bool, typing_only: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (Import(alias.name, inside, typing_only) for alias in child.names)
        elif isinstance(child, ast.ImportFrom) and child.module:
            for alias in child.names:
                yield Import(_full_name(child.module, alias.name), inside, typing_only)
        is_function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        is_typing = isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"
        yield from _imports(child, inside or is_function, typing_only or is_typing)


@cache
def _full_name(module: str, name: str) -> str:
    """`module.name` where that is a module of the project, else `module`."""
    place = ROOT.joinpath(*module.split("."))
    is_module = (place / f"{name}.py").is_file() or (place / name / "__init__.py").is_file()
    return f"{module}.{name}" if is_module else module


def _names_any(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    a = function.args
    arguments = [*a.posonlyargs, *a.args, *a.kwonlyargs, *(x for x in (a.vararg, a.kwarg) if x)]
    annotations = [x for x in (*(arg.annotation for arg in arguments), function.returns) if x]
    return any(isinstance(n, ast.Name) and n.id == "Any" for x in annotations for n in ast.walk(x))


@cache
def modules() -> tuple[Module, ...]:
    return tuple(Module(path) for floor in FLOORS for path in sorted((ROOT / floor).rglob("*.py")))


def circles() -> list[list[str]]:
    """Groups of modules that import each other in a ring, also through functions; types alone do not count."""
    names = {module.name for module in modules()}
    graph = {m.name: {i.name for i in m.imports if i.name in names and not i.typing_only} for m in modules()}
    return [sorted(group) for group in _strongly_connected(graph) if len(group) > 1]


def _strongly_connected(graph: dict[str, set[str]]) -> list[set[str]]:
    """Kosaraju's two passes."""
    order: list[str] = []
    _visit_all(graph, list(graph), order)
    reverse: dict[str, set[str]] = {name: set() for name in graph}
    for name, targets in graph.items():
        for target in targets:
            reverse[target].add(name)
    groups, seen = [], set[str]()
    for name in order[::-1]:
        if name not in seen:
            found: list[str] = []
            _visit(reverse, name, seen, found)
            groups.append(set(found))
    return groups


def _visit_all(graph: dict[str, set[str]], names: list[str], order: list[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name not in seen:
            _visit(graph, name, seen, order)


def _visit(graph: dict[str, set[str]], start: str, seen: set[str], order: list[str]) -> None:
    seen.add(start)
    stack = [(start, iter(graph[start]))]
    while stack:
        name, targets = stack[-1]
        new = next((target for target in targets if target not in seen), None)
        if new is None:
            order.append(name)
            stack.pop()
        else:
            seen.add(new)
            stack.append((new, iter(graph[new])))


def upward_imports() -> list[str]:
    """Imports of a floor above the importing one."""
    return [
        f"{module.name} imports {found.name}"
        for module in modules()
        for found in module.imports
        if found.name.split(".")[0] in FLOORS[FLOORS.index(module.floor) + 1 :]
    ]


def product_imports_laboratory() -> list[str]:
    """Imports of a laboratory room, or of the simulator, by what reads pages and diagnoses. Commands may dispatch."""
    laboratory = {m.name for m in modules() if m.is_laboratory and m.floor in ("digitize", "classify")}
    return [
        f"{module.name} imports {found.name}"
        for module in modules()
        if module.floor in ("digitize", "classify") and not (module.is_laboratory or module.is_command)
        for found in module.imports
        if not found.typing_only and (found.name in laboratory or found.name.split(".")[0] == "simulate")
    ]


def root_modules() -> dict[str, list[str]]:
    """By package, the modules in its root besides commands and `__init__`."""
    found = defaultdict(list)
    for module in modules():
        if not (module.room or module.is_command or module.path.name == "__init__.py"):
            found[module.floor].append(module.path.stem)
    return dict(found)


def inner_imports() -> list[str]:
    """Imports inside functions, outside of commands, lazy packages and optional extras."""
    return [
        f"{module.path.relative_to(ROOT)} imports {found.name}"
        for module in modules()
        if not module.is_command and module.path.name != "__init__.py"
        for found in module.imports
        if found.inside and found.name.split(".")[0] not in OPTIONAL | SLOW
    ]


def any_signatures() -> list[str]:
    return [line for module in modules() for line in module.any_signatures]


def same_lines() -> list[str]:
    """Where six lines of code stand twice; imports and the signatures of protocols aside."""
    places: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for module in modules():
        lines = _code_lines(module)
        for k in range(len(lines) - SAME_LINES + 1):
            window = lines[k : k + SAME_LINES]
            places[tuple(text for _, text in window)].append(f"{module.path.relative_to(ROOT)}:{window[0][0]}")
    return [" = ".join(found) for found in places.values() if len(found) > 1]


def _code_lines(module: Module) -> list[tuple[int, str]]:
    """(number, text) of the lines that count: no blanks, comments, brackets alone, imports or protocols' signatures."""
    skipped: set[int] = set()
    for node in ast.walk(module.tree):
        is_protocol = isinstance(node, ast.ClassDef) and any("Protocol" in ast.unparse(base) for base in node.bases)
        if isinstance(node, ast.FunctionDef) and node.name == "__call__":  # follows a protocol, word for word
            skipped |= set(range(node.lineno, node.body[0].lineno))
        if is_protocol or isinstance(node, ast.Import | ast.ImportFrom):
            skipped |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    numbered = ((number, text.strip()) for number, text in enumerate(module.text.splitlines(), start=1))
    return [(n, text) for n, text in numbered if n not in skipped and any(map(str.isalnum, text)) and text[0] != "#"]


def main() -> None:
    lengths = sorted(((m.length, str(m.path.relative_to(ROOT))) for m in modules()), reverse=True)
    by_floor = Counter(module.floor for module in modules())
    print("modules:", ", ".join(f"{name} {count}" for name, count in by_floor.items()))
    print("in a root:", ", ".join(f"{name} {len(found)}" for name, found in root_modules().items()))
    print("longest files:", ", ".join(f"{path} {length}" for length, path in lengths[:5]))
    print(f"files over 220 lines: {sum(length > 220 for length, _ in lengths)}")
    print(f"signatures with Any: {len(any_signatures())}")
    for measure in (circles, upward_imports, product_imports_laboratory, inner_imports, same_lines):
        found = measure()
        print(f"{measure.__name__.replace('_', ' ')}: {len(found)}", *found[:40], sep="\n  ")


if __name__ == "__main__":
    main()
