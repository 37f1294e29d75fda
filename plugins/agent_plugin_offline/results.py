"""What an earlier step's result offers to a later step: the fields of its return schema, chosen by word and type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from agent_plugin_offline.text import identifier_words, stem, words

_DEPTH = 4
_SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "name": ("name", "path", "title", "filename"),
    "file": ("path", "file", "name"),
    "link": ("url", "href", "link"),
    "address": ("address", "url", "email"),
    "headline": ("title",),
    "content": ("content", "text", "body"),
    "solution": ("solutions", "solution", "exact"),
}
_READABLE = ("content", "translation", "text", "answer", "summary", "body", "message", "result", "output", "value")
_EXACT = ("exact", "expression", "result", "value", "decimal", "answer", "total", "amount", "price", "text")
_AMOUNTS = ("value", "result", "decimal", "total", "amount", "number", "price", "count", "answer")
_LISTED = ("text", "title", "name", "path", "summary", "subject", "url", "id")
_EXPRESSION_WORDS = frozenset(stem(word) for word in ("expression", "equation", "formula", "function"))
CONTENT_WORDS = frozenset(
    stem(word)
    for word in words(
        "content contents text body message note notes data description input summary caption comment fact statement"
    )
)


@dataclass(frozen=True)
class Field:
    """One place in a result. An empty path is the whole of it; `[*]` in it means that there are many."""

    path: str
    types: frozenset[str]

    @property
    def many(self) -> bool:
        """Whether it stands for a list of values."""
        return "[*]" in self.path

    @property
    def name(self) -> str:
        """Its last part."""
        return self.path.rpartition(".")[2].replace("[*]", "")


def types_of(schema: Mapping[str, Any], root: Mapping[str, Any] | None = None) -> frozenset[str]:
    """The JSON types that a schema allows, alternatives included; empty when it allows all."""
    found: set[str] = set()
    for option in _options(schema, root or schema):
        kind = option.get("type")
        found.update([kind] if isinstance(kind, str) else kind or [])
        if "enum" in option and not kind:
            found.add("string")
    return frozenset(found - {"null"})


def fields(schema: Mapping[str, Any] | None) -> list[Field]:
    """Every scalar and every list of scalars in a result, outer ones first."""
    return sorted(_walk(schema, schema, "", _DEPTH), key=lambda field: field.path.count(".")) if schema else []


def _walk(schema: Mapping[str, Any], root: Mapping[str, Any], path: str, depth: int) -> Iterable[Field]:
    for option in _options(schema, root):
        properties = option.get("properties")
        if isinstance(properties, Mapping):
            for name, inner in properties.items() if depth else ():
                yield from _walk(inner, root, f"{path}.{name}".lstrip("."), depth - 1)
        elif option.get("type") == "array":
            yield from _walk(option.get("items") or {}, root, f"{path}[*]", depth - 1)
        elif (kinds := types_of(option, root)) and not kinds & {"object", "array"}:
            yield Field(path, kinds)


def _options(schema: Mapping[str, Any], root: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """`schema` with references followed and alternatives laid side by side."""
    reference = schema.get("$ref")
    if isinstance(reference, str):
        target: Any = root
        for part in reference.removeprefix("#/").split("/"):
            target = target.get(part, {})
        return _options(target, root)
    for key in ("anyOf", "oneOf", "allOf"):
        if key in schema:
            return [option for inner in schema[key] for option in _options(inner, root)]
    return [schema]


def is_content(name: str, schema: Mapping[str, Any]) -> bool:
    """Whether a parameter takes free text - a body, a note - rather than naming one thing."""
    if schema.get("format") or schema.get("enum"):
        return False
    return any(stem(word) in CONTENT_WORDS for word in identifier_words(name))


def wants_expression(name: str, schema: Mapping[str, Any]) -> bool:
    """Whether a parameter takes a formula, into which a value goes as it would be computed with."""
    return any(stem(word) in _EXPRESSION_WORDS for word in identifier_words(name))


def readable(available: list[Field], noun: str) -> Field | None:
    """The field that a person would be shown for "the result", or for `noun`; None: the whole result."""
    return named(available, noun) or _preferred(available, _READABLE) or _sole(available) or _listed(available)


def computable(available: list[Field], noun: str) -> Field | None:
    """The field to go on computing with, as text."""
    single = [field for field in available if not field.many]
    return named(single, noun) or _preferred(single, _EXACT) or _sole(single)


def numeric(available: list[Field], noun: str) -> Field | None:
    """The field that holds a number, where the schema says that it is one."""
    numbers = [field for field in available if field.types & {"number", "integer"} and not field.many]
    return named(numbers, noun) or _preferred(numbers, _AMOUNTS) or _sole(numbers)


def identifying(available: list[Field], noun: str, parameter: str) -> Field | None:
    """The field that names the thing, or the things, for a parameter such as `path` or `url`."""
    same = [field for field in available if stem(field.name) in {stem(word) for word in identifier_words(parameter)}]
    strings = [field for field in available if "string" in field.types]
    return next(iter(same), None) or named(strings, noun) or _sole(strings)


def named(available: list[Field], noun: str) -> Field | None:
    """The field that `noun` ("names", "the price") is a word for."""
    wanted = stem(noun)
    synonyms = next((words for word, words in _SYNONYMS.items() if stem(word) == wanted), ())
    for candidates in ((wanted,), tuple(stem(word) for word in synonyms)):
        for candidate in candidates:
            for field in available:
                if candidate in {stem(word) for word in identifier_words(field.name)}:
                    return field
    return None


def _preferred(available: list[Field], names: tuple[str, ...]) -> Field | None:
    single = [field for field in available if not field.many]
    return next((field for name in names for field in single if field.name.lower() == name), None)


def _sole(available: list[Field]) -> Field | None:
    single = [field for field in available if not field.many]
    return single[0] if len(single) == 1 else None


def _listed(available: list[Field]) -> Field | None:
    many = [field for field in available if field.many]
    found = (field for name in _LISTED for field in many if field.name.lower() == name or len(many) == 1)
    return next(found, None)
