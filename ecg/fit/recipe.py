"""Recipes: strict YAML to nested frozen dataclasses and back."""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
import types
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import yaml

from ecg.files import JsonMapping, JsonObject

T = TypeVar("T")


class RecipeError(ValueError):
    """A recipe that cannot be followed; the message names the key, what was expected and what came."""


def load(kind: type[T], path: str | Path, overrides: Sequence[str] = ()) -> T:
    """The recipe of dataclass `kind` in a YAML file, after `a.b=c` overrides."""
    data = read_mapping(path)
    try:
        return from_dict(kind, with_overrides(data, overrides))
    except RecipeError as error:
        raise RecipeError(f"{path}: {error}") from error


def recipe_path(path: str | Path) -> Path:
    """The file of a recipe: the path as it is, or a shipped recipe by its name or as `configs/NAME`."""
    given = Path(path)
    if given.exists() or given.parent not in (Path("configs"), Path()):
        return given
    beside = Path(__file__).parents[2]  # the folder of all packages: a checkout has configs/ there, a wheel in galvano/
    shipped = (beside / "configs" / given.name, beside / "galvano" / "configs" / given.name)
    return next((file for file in shipped if file.is_file()), given)


def read_mapping(path: str | Path) -> JsonObject:
    """What a YAML (or JSON) file says, as keys and values."""
    try:
        data = yaml.safe_load(recipe_path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, RecursionError, yaml.YAMLError) as error:
        raise RecipeError(f"{path}: cannot read this recipe: {error}") from error
    if not isinstance(data, dict | None):
        raise RecipeError(f"{path}: a recipe is a YAML mapping, got {type(data).__name__}")
    return data or {}


def with_overrides(data: JsonMapping, overrides: Sequence[str]) -> JsonObject:
    """A copy of `data` in which every `a.b=c` is set; c is read as YAML (numbers, lists, true/false, null)."""
    out = {key: with_overrides(value, ()) if isinstance(value, dict) else value for key, value in data.items()}
    for item in overrides:
        path, equals, text = item.partition("=")
        if not equals or not path:
            raise RecipeError(f"override {item!r} must look like key=value or group.key=value")
        *groups, leaf = path.split(".")
        place = out
        for group in groups:
            place = place.setdefault(group, {})
            if not isinstance(place, dict):
                raise RecipeError(f"override {item!r}: {group!r} is a value, not a group")
        try:
            place[leaf] = yaml.safe_load(text)
        except (RecursionError, yaml.YAMLError) as error:
            raise RecipeError(
                f"override {path}={text[:60]!r}: not a value in YAML ({' '.join(str(error).split())})"
            ) from error
    return out


def from_dict(kind: type[T], data: JsonMapping, where: str = "") -> T:
    """Build dataclass `kind`; a key it does not know is an error that suggests the nearest."""
    fields = [f.name for f in dataclasses.fields(kind)]  # type: ignore[arg-type]
    for key in data:
        if key not in fields:
            near = difflib.get_close_matches(str(key), fields, 1, 0.4)
            hint = f"; did you mean {where}{near[0]}?" if near else f"; known: {', '.join(fields)}"
            raise RecipeError(f"unknown key {where}{key}{hint}")
    hints = get_type_hints(kind)
    values = {key: _value(hints[key], value, f"{where}{key}") for key, value in data.items()}
    try:
        return kind(**values)
    except (TypeError, ValueError) as error:
        raise RecipeError(f"{where.rstrip('.') or kind.__name__}: {error}") from error


def to_dict(recipe: object) -> JsonObject:
    """Plain JSON types (tuples become lists); `from_dict` gives the recipe back."""
    return {f.name: _plain(getattr(recipe, f.name)) for f in dataclasses.fields(recipe)}  # type: ignore[arg-type]


def differences(a: JsonMapping, b: JsonMapping, where: str = "") -> dict[str, tuple[object, object]]:
    """Dotted keys whose values differ, with both values."""
    found: dict[str, tuple[object, object]] = {}
    for key in [*a, *(k for k in b if k not in a)]:
        one, two = a.get(key), b.get(key)
        if isinstance(one, Mapping) and isinstance(two, Mapping):
            found |= differences(one, two, f"{where}{key}.")
        elif one != two:
            found[f"{where}{key}"] = (one, two)
    return found


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value):
        return to_dict(value)
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def _value(hint: Any, value: Any, where: str) -> Any:
    origin, args = get_origin(hint), get_args(hint)
    if hint is Any:
        return value
    if origin in (Union, types.UnionType):
        return None if value is None else _value(next(a for a in args if a is not type(None)), value, where)
    if origin is Literal:
        if isinstance(value, bool) and value not in args:  # YAML 1.1 reads off and on as false and true
            value = "on" if value else "off"
        return _expect(value in args, value, where, f"one of {', '.join(map(str, args))}")
    if dataclasses.is_dataclass(hint):
        _expect(isinstance(value, Mapping), value, where, "a group of keys")
        return from_dict(hint, value, f"{where}.")  # type: ignore[arg-type]
    if origin is tuple:
        _expect(isinstance(value, list | tuple), value, where, "a list")
        if len(args) == 2 and args[1] is Ellipsis:
            return tuple(_value(args[0], item, f"{where}[{i}]") for i, item in enumerate(value))
        _expect(len(value) == len(args), value, where, f"{len(args)} values")
        return tuple(_value(a, item, f"{where}[{i}]") for i, (a, item) in enumerate(zip(args, value, strict=True)))
    if origin is dict:
        _expect(isinstance(value, Mapping), value, where, "a group of keys")
        return {key: _value(args[1], item, f"{where}.{key}") for key, item in value.items()}
    return _scalar(hint, value, where)


def _scalar(hint: Any, value: Any, where: str) -> Any:
    if hint is float and isinstance(value, str):  # YAML 1.1 reads 1e-3 as text
        with contextlib.suppress(ValueError):
            value = float(value)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    ok = isinstance(value, hint) and (hint is bool or not isinstance(value, bool))
    return _expect(ok, value, where, {"str": "text", "int": "a whole number"}.get(hint.__name__, f"a {hint.__name__}"))


def _expect(ok: bool, value: Any, where: str, what: str) -> Any:
    if not ok:
        raise RecipeError(f"{where} must be {what}, got {value!r}")
    return value
