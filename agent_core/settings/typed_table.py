"""Settings as declared data: a frozen dataclass says which keys a TOML table may have, of what type and in what range.

Reads without pydantic, because every command reads settings. A field is a `str`, `int`, `float`, `bool`, a
`tuple[str, ...]`, a `dict[str, str]`, one of these or None, a `Literal` of texts, or another such dataclass; `within`
gives a number its range and `matching` a text its form.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, field, fields, is_dataclass
from types import UnionType
from typing import Any, Literal, TypeVar, cast, get_args, get_origin, get_type_hints

from agent_core.errors import ConfigurationError
from agent_core.suggest import did_you_mean

T = TypeVar("T")

_TRUE = frozenset({"true", "yes", "on", "1"})
_FALSE = frozenset({"false", "no", "off", "0"})
_LARGEST = 2**1000
"""Whole numbers below this can be a float."""
_WORDS = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    tuple: "a list of texts",
    dict: "a table of texts",
}


def within(default: Any, minimum: float | None = None, maximum: float | None = None) -> Any:
    """A dataclass field whose value must lie between `minimum` and `maximum`, both included."""
    return field(default=default, metadata={"min": minimum, "max": maximum})


def matching(default: str, pattern: str, words: str) -> Any:
    """A dataclass field of text that matches the whole `pattern`; `words` say what that is, in messages."""
    return field(default=default, metadata={"pattern": re.compile(pattern), "words": words})


def read_table(cls: type[T], table: object, path: str) -> T:
    """Make a `cls` of a TOML table; `path` is the table's dotted name, for messages.

    Raises:
        ConfigurationError: an unknown key or a wrong value; the message names key, value and what is allowed.
    """
    if not isinstance(table, Mapping):
        raise ConfigurationError(f"Setting {path!r} is {_shown(table)}, but must be a table ([{path}]).")
    hints = get_type_hints(cls)
    declared = _fields(cls)
    values: dict[str, Any] = {}
    for key, value in table.items():
        dotted = f"{path}.{key}"
        if key not in declared:
            raise unknown_key(dotted, [f"{path}.{name}" for name in declared])
        if is_dataclass(hints[key]) and isinstance(hints[key], type):
            values[key] = read_table(hints[key], value, dotted)
        else:
            values[key] = _checked(value, hints[key], declared[key], dotted)
    return cls(**values)


def parse_text(cls: type[Any], name: str, text: str, path: str) -> Any:
    """What somebody typed for the field `name` of `cls`, as a TOML value; `path` is its dotted name, for messages."""
    annotation = get_type_hints(cls)[name]
    value = _from_text(text, _plain(annotation))
    checked = _checked(value, annotation, _fields(cls)[name], path)
    return list(checked) if isinstance(checked, tuple) else checked


def leaves(cls: type[Any], path: str = "") -> Iterator[tuple[str, type[Any], str]]:
    """Every setting under `cls`: its dotted name, the dataclass that declares it and the field's name."""
    hints = get_type_hints(cls)
    for name in _fields(cls):
        dotted = f"{path}.{name}" if path else name
        if is_dataclass(hints[name]) and isinstance(hints[name], type):
            yield from leaves(hints[name], dotted)
        else:
            yield dotted, cls, name


def unknown_key(path: str, known: list[str]) -> ConfigurationError:
    """The error for a setting that does not exist."""
    return ConfigurationError(f"There is no setting {path!r}.{did_you_mean(path, known)}")


def without_default(cls: type[Any]) -> list[str]:
    """Names of the fields of a dataclass that have no default."""
    return [f.name for f in fields(cls) if f.init and f.default is MISSING and f.default_factory is MISSING]


def _fields(cls: type[Any]) -> dict[str, Field[Any]]:
    return {declared.name: declared for declared in fields(cls)}


def _plain(annotation: Any) -> Any:
    """The type without `| None` and without what stands in its brackets."""
    if isinstance(annotation, UnionType):
        return _plain(next(member for member in get_args(annotation) if member is not type(None)))
    return get_origin(annotation) or annotation


def _checked(value: Any, annotation: Any, declared: Field[Any], path: str) -> Any:
    kind = _plain(annotation)
    expected = _expected(kind, annotation, declared)
    if kind is tuple and isinstance(value, list):
        value = tuple(cast("list[Any]", value))
    if kind is float and type(value) is int and abs(value) < _LARGEST:
        value = float(value)
    # Exact types: True is an int to Python, and not to whoever wrote it.
    if type(value) is not (str if kind is Literal else kind) or not _allowed(value, annotation, declared):
        raise _wrong(path, value, expected)
    return value


def _allowed(value: Any, annotation: Any, declared: Field[Any]) -> bool:
    """Whether a value of the right type is one of those that the field takes."""
    low, high, pattern = (declared.metadata.get(key) for key in ("min", "max", "pattern"))
    if get_origin(annotation) is Literal:
        return value in get_args(annotation)
    if isinstance(value, tuple):
        return all(isinstance(item, str) for item in cast("tuple[Any, ...]", value))
    if isinstance(value, dict):
        return all(isinstance(item, str) for item in cast("dict[str, Any]", value).values())
    if isinstance(value, str):
        return pattern is None or bool(pattern.fullmatch(value))
    finite = not isinstance(value, float) or math.isfinite(value)
    return finite and (low is None or value >= low) and (high is None or value <= high)


def _expected(kind: Any, annotation: Any, declared: Field[Any]) -> str:
    """What the field takes, in words."""
    if kind is Literal:
        return "one of " + ", ".join(map(repr, get_args(annotation)))
    return declared.metadata.get("words") or _WORDS[kind] + _range(
        declared.metadata.get("min"), declared.metadata.get("max")
    )


def _from_text(text: str, kind: Any) -> Any:
    """The value that `text` means for a field of type `kind`; `text` itself where it means none (reported later)."""
    stripped = text.strip()
    if kind is tuple:
        listed = stripped[1:-1] if stripped.startswith("[") and stripped.endswith("]") else stripped
        return [item.strip().strip("\"'") for item in listed.split(",") if item.strip()]
    if kind is bool:
        lowered = stripped.lower()
        return True if lowered in _TRUE else False if lowered in _FALSE else text
    if kind in (int, float):
        try:
            return kind(stripped)
        except ValueError:
            return text
    return text


def _range(low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return f" from {_plainly(low)} to {_plainly(high)}"
    if low is not None:
        return f" of {_plainly(low)} or more"
    return f" of {_plainly(high)} or less" if high is not None else ""


def _plainly(bound: float) -> str:
    return str(int(bound)) if bound == int(bound) else str(bound)


def _wrong(path: str, value: Any, expected: str) -> ConfigurationError:
    return ConfigurationError(f"Setting {path!r} is {_shown(value)}, but must be {expected}.")


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
