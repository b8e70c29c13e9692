"""The structure of the code holds: floors, rooms, lengths, imports and signatures, as `structure.py` counts them."""

from __future__ import annotations

import ast
import re

import pytest
from house import structure
from house.structure import ROOT, Import, Module, modules


def test_no_module_imports_itself_in_a_ring() -> None:
    assert structure.circles() == []


def test_imports_only_go_downhill() -> None:
    assert structure.upward_imports() == []


def test_the_product_knows_neither_laboratory_nor_simulator() -> None:
    assert structure.product_imports_laboratory() == []


def test_a_package_root_holds_at_most_twelve_modules_besides_its_commands() -> None:
    assert {name: found for name, found in structure.root_modules().items() if len(found) > 12} == {}


def test_files_are_short() -> None:
    lengths = {str(m.path.relative_to(ROOT)): m.length for m in modules()}
    assert {path: length for path, length in lengths.items() if length > 300} == {}
    over = [path for path, length in lengths.items() if length > 220]
    assert len(over) < 10, over


def test_only_commands_import_inside_functions() -> None:
    assert structure.inner_imports() == []


def test_any_is_rare_in_signatures() -> None:
    found = structure.any_signatures()
    assert len(found) < 25, found


@pytest.mark.slow
def test_no_six_lines_stand_twice() -> None:
    assert structure.same_lines() == []


def test_there_is_no_attic() -> None:
    assert [m.name for m in modules() if m.path.stem in {"utils", "util", "common", "helpers", "misc"}] == []


def test_every_function_is_annotated() -> None:
    bare = [
        f"{module.path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef) and node.returns is None
    ]
    assert bare == []


def test_the_count_sees_every_way_to_import() -> None:
    text = """
import a.b
from ecg import formats
if TYPE_CHECKING:
    import c
def f():
    from ecg.page import Page
"""
    found = tuple(structure._imports(ast.parse(text), inside=False, typing_only=False))
    assert found == (
        Import("a.b", False, False),
        Import("ecg.formats", False, False),
        Import("c", False, True),
        Import("ecg.page", True, False),
    )


@pytest.mark.parametrize(("graph", "rings"), [({"a": {"b"}, "b": {"a"}, "c": {"a"}}, 1), ({"a": {"b"}, "b": set()}, 0)])
def test_rings_are_found(graph: dict[str, set[str]], rings: int) -> None:
    assert sum(len(group) > 1 for group in structure._strongly_connected(graph)) == rings


def test_a_tests_place_names_what_it_tests() -> None:
    """`tests/<package>/<room>/` mirrors the rooms of the packages."""
    folders = {path.parent.relative_to(ROOT / "tests") for path in (ROOT / "tests").rglob("test_*.py")}
    rooms = {module.path.parent.relative_to(ROOT) for module in modules()}
    assert {str(folder) for folder in folders if folder.parts and folder.parts[0] in structure.FLOORS} <= {
        str(room) for room in rooms
    }


def test_modules_know_their_place() -> None:
    module = Module(ROOT / "ecg" / "fit" / "loop.py")
    assert (module.name, module.floor, module.room, module.is_command) == ("ecg.fit.loop", "ecg", "fit", False)


def test_the_documents_name_places_that_exist() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")))
    places = set(re.findall(r"`((?:ecg|simulate|digitize|classify|archive|serve|galvano|tests)/[\w/.]*)`", text))
    assert len(places) > 20
    assert {place for place in places if not (ROOT / place).exists()} == set()
