"""JSON schemas that somebody else wrote, made safe to show to a model and to validate with.

A schema is a small program: `$ref` can fetch a file or an address, double its work at every level or never end, and
`pattern` can run for hours on one word. So references are replaced by what they stand for, within a budget, only
keywords that are known to be harmless are kept, and every text for a person or a model is sanitised and bounded. What
is dropped makes the check here looser, never the server's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from agent_core.gate.sanitise import sanitise, sanitise_line

MAX_NODES = 2_000
"""Subschemas, after references were replaced."""
MAX_DEPTH = 24
MAX_CHARS = 64_000
"""Of the whole schema as JSON."""
_MAX_NAME = 64
_MAX_CHOICES = 500

_AS_THEY_ARE = frozenset(
    {
        "type", "required", "format",
        "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength",
        "minItems", "maxItems", "minProperties", "maxProperties", "minContains", "maxContains",
    }
)  # fmt: skip
_CHOICES = frozenset({"enum", "const", "default"})
_ONE = frozenset({"items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames"})
_LIST = frozenset({"anyOf", "oneOf", "allOf", "prefixItems"})
_REFUSED = frozenset({"$dynamicRef", "$recursiveRef", "patternProperties"})


class SchemaRefused(Exception):
    """The schema cannot be used; the message says why, in a line."""


def tame_schema(schema: object) -> dict[str, Any]:
    """A copy of an object schema without references, patterns, remote parts and hidden text.

    Raises:
        SchemaRefused: it is not an object schema, is too large or too deep, or refers to something outside itself.
    """
    import json

    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError

    if not isinstance(schema, dict):
        raise SchemaRefused("its schema is not an object")
    whole = cast("dict[str, Any]", schema)
    tamed = _Taming(whole).schema(whole, 0, ())
    if not isinstance(tamed, dict) or tamed.setdefault("type", "object") != "object":
        raise SchemaRefused("its schema is not of type 'object'")
    if len(json.dumps(tamed)) > MAX_CHARS:
        raise SchemaRefused(f"its schema has more than {MAX_CHARS:,} characters")
    try:
        Draft202012Validator.check_schema(tamed)
    except (SchemaError, RecursionError) as error:
        raise SchemaRefused(f"its schema is not valid: {sanitise_line(str(error), 120)}") from None
    return tamed


class _Taming:
    """One pass over a schema, with what is left of its budget."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root
        self._nodes = 0

    def schema(self, node: object, depth: int, inside: tuple[str, ...]) -> Any:
        """`node` without what may not stay; `inside` are the references that are being replaced around it."""
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise SchemaRefused(f"its schema has more than {MAX_NODES:,} parts")
        if depth > MAX_DEPTH:
            raise SchemaRefused(f"its schema is nested more than {MAX_DEPTH} deep")
        if isinstance(node, bool):
            return node
        if not isinstance(node, dict):
            raise SchemaRefused("a part of its schema is neither an object nor true or false")
        found = cast("dict[str, Any]", node)
        if refused := sorted(_REFUSED & found.keys()):
            raise SchemaRefused(f"its schema uses {refused[0]}")
        kept = self._keywords(found, depth, inside)
        if "$ref" not in found:
            return kept
        reference = str(found["$ref"])
        if reference in inside:
            raise SchemaRefused(f"its schema refers to itself ({sanitise_line(reference, 60)})")
        target = self.schema(self._target(reference), depth + 1, (*inside, reference))
        if not kept:
            return target
        if kept.keys() <= {"description", "default"} and isinstance(target, dict):
            return {**cast("dict[str, Any]", target), **kept}
        return {"allOf": [target, kept]}

    def _keywords(self, node: Mapping[str, Any], depth: int, inside: tuple[str, ...]) -> dict[str, Any]:
        kept: dict[str, Any] = {key: node[key] for key in node if key in _AS_THEY_ARE}
        for key in node.keys() & _CHOICES:
            kept[key] = _shown_as_it_is(node[key])
        for key in node.keys() & _ONE:
            value = node[key]
            # Before 2019 a list under `items` was what `prefixItems` is now.
            if key == "items" and isinstance(value, list):
                kept["prefixItems"] = self._schemas(cast("list[Any]", value), depth, inside)
            else:
                kept[key] = self.schema(value, depth + 1, inside)
        for key in node.keys() & _LIST:
            kept[key] = self._schemas(node[key], depth, inside)
        if "properties" in node:
            kept["properties"] = self._properties(node["properties"], depth, inside)
        if described := _description(node):
            kept["description"] = described
        return kept

    def _schemas(self, nodes: object, depth: int, inside: tuple[str, ...]) -> list[Any]:
        if not isinstance(nodes, list) or not nodes:
            raise SchemaRefused("a list of schemas in its schema is none")
        return [self.schema(node, depth + 1, inside) for node in cast("list[Any]", nodes)]

    def _properties(self, nodes: object, depth: int, inside: tuple[str, ...]) -> dict[str, Any]:
        if not isinstance(nodes, dict):
            raise SchemaRefused("its 'properties' are not an object")
        kept: dict[str, Any] = {}
        for name, node in cast("dict[str, Any]", nodes).items():
            if not 0 < len(name) <= _MAX_NAME or sanitise_line(name) != name:
                raise SchemaRefused(f"it has a parameter with an unusable name ({sanitise_line(name, 40)!r})")
            kept[name] = self.schema(node, depth + 1, inside)
        return kept

    def _target(self, reference: str) -> object:
        """What a reference inside the schema points at."""
        if reference == "#":
            raise SchemaRefused("its schema refers to itself (#)")
        if not reference.startswith("#/"):
            raise SchemaRefused(f"its schema refers to something outside it ({sanitise_line(reference, 60)!r})")
        place: Any = self._root
        for part in reference[2:].split("/"):
            key = part.replace("~1", "/").replace("~0", "~")
            if not isinstance(place, dict) or key not in place:
                raise SchemaRefused(f"its schema refers to what is not there ({sanitise_line(reference, 60)!r})")
            place = cast("dict[str, Any]", place)[key]
        return place


def _description(node: Mapping[str, Any]) -> str:
    """The description, and the pattern in its words: it is told, and not computed with."""
    text = sanitise_line(str(node.get("description") or ""), 300)
    if isinstance(pattern := node.get("pattern"), str):
        text = f"{text} (form: {sanitise_line(pattern, 80)})".strip()
    return text


def _shown_as_it_is(value: Any) -> Any:
    """A value that has to be compared exactly: what cannot be shown as it is cannot be chosen by anybody either."""
    nodes = [value]
    count = 0
    while nodes:
        node = nodes.pop()
        count += 1
        if count > _MAX_CHOICES:
            raise SchemaRefused(f"its schema has a choice of more than {_MAX_CHOICES} values")
        if isinstance(node, str) and (len(node) > 1000 or sanitise(node) != node):
            raise SchemaRefused("its schema has a value with hidden characters in it, or a very long one")
        if isinstance(node, list):
            nodes += cast("list[Any]", node)
        elif isinstance(node, dict):
            for key, inner in cast("dict[str, Any]", node).items():
                nodes += [key, inner]
    return value
