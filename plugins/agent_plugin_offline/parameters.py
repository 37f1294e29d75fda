"""One parameter of a tool, read from its JSON schema: type, choices, what it is about, units, examples."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeAlias, cast

from agent_plugin_offline.lexicon import ROLES, UNIT_CLASS
from agent_plugin_offline.text import content_stems, identifier_words, stem, tokenize

Kind: TypeAlias = Literal["string", "integer", "number", "boolean", "array", "object"]
_KINDS: dict[str, Kind] = {
    "string": "string",
    "str": "string",
    "integer": "integer",
    "int": "integer",
    "long": "integer",
    "number": "number",
    "float": "number",
    "double": "number",
    "boolean": "boolean",
    "bool": "boolean",
    "array": "array",
    "list": "array",
    "tuple": "array",
    "object": "object",
    "dict": "object",
}
_EXAMPLES = re.compile(
    r"(?:e\.?g\.?,?|for example,?|such as|for instance,?|like|i\.e\.,?|format:?|format of)\s+(.{1,120})", re.I
)
_QUOTED = re.compile(r"['\"`‘“]([^'\"`’”]{1,60})['\"`’”]")
_DEFAULT = re.compile(r"\bdefaults?\b|\boptional\b|\bif not (?:specified|provided)\b", re.IGNORECASE)
_LISTS = re.compile(
    r"(?:can be|could be|must be|may be|either|one of|options?(?: are| include)?:?|choose (?:from|between)"
    r"|values?(?: are| is| include)?:?|supported \w+(?: are| include)?:?|including|include|common \w+ include)\s+"
    r"(?P<items>[^.;:()]{3,160})|\((?P<inside>[^()]{3,120})\)",
    re.IGNORECASE,
)
"""Where a description lists what may be given: "can be real or virtual", "(walk, bike, transit)"."""
MAX_DEPTH = 3
MAX_LISTED = 20


@dataclass(frozen=True)
class Parameter:
    """A view of one property; nothing in it depends on a request."""

    name: str
    schema: Mapping[str, Any]
    required: bool = False
    position: int = 0
    depth: int = 0
    parents: tuple[str, ...] = ()
    """Names of the objects around it: `("budget",)` for `budget.min`."""

    @cached_property
    def description(self) -> str:
        """What the schema says of it, cut to a sane length."""
        text = self.schema.get("description") or self.schema.get("title")
        return text[:600] if isinstance(text, str) else ""

    @cached_property
    def kind(self) -> Kind:
        """Its JSON type; of several, the first that is not null."""
        declared = self.schema.get("type")
        if isinstance(declared, list):
            declared = next((t for t in cast("list[Any]", declared) if t != "null"), None)
        if isinstance(declared, str):
            return _KINDS.get(declared.lower(), "string")
        if "properties" in self.schema:
            return "object"
        if "items" in self.schema:
            return "array"
        return _kind_of_value(self.enum[0]) if self.enum else "string"

    @cached_property
    def enum(self) -> tuple[Any, ...]:
        """The listed choices, if any."""
        values = self.schema.get("enum")
        if values is None and "const" in self.schema:
            values = [self.schema["const"]]
        return tuple(v for v in cast("list[Any]", values) if v is not None) if isinstance(values, list) else ()

    @cached_property
    def has_default(self) -> bool:
        """Whether leaving it out is provided for."""
        return "default" in self.schema or bool(_DEFAULT.search(self.description))

    @cached_property
    def item(self) -> Parameter:
        """What an array holds."""
        items = self.schema.get("items")
        inner: dict[str, Any] = dict(cast("dict[str, Any]", items)) if isinstance(items, dict) else {}
        inner.setdefault("description", self.description)
        return Parameter(self.name, inner, self.required, self.position, self.depth + 1, self.parents)

    @cached_property
    def path(self) -> str:
        """Its name, with those of the objects around it."""
        return ".".join((*self.parents, self.name))

    @cached_property
    def name_stems(self) -> frozenset[str]:
        """Stems of its name, and of the objects around it."""
        parts = (word for name in (*self.parents, self.name) for word in identifier_words(name))
        return frozenset(stem(word) for word in parts if not word.isdigit())

    @cached_property
    def description_stems(self) -> frozenset[str]:
        """Stems of its description."""
        return content_stems(self.description)

    @cached_property
    def roles(self) -> frozenset[str]:
        """What it is about, by its name; by the first words of its description where the name says nothing."""
        named = frozenset(role for role, words in ROLES.items() if words & self.name_stems)
        if named:
            return named
        first = content_stems(" ".join(self.description.split()[:8]))
        return frozenset(role for role, words in ROLES.items() if words & first)

    @cached_property
    def described_roles(self) -> frozenset[str]:
        """What it is about by the first sentence of its description."""
        first = content_stems(self.description.split(".")[0])
        return frozenset(role for role, words in ROLES.items() if words & first)

    @cached_property
    def units(self) -> frozenset[str]:
        """Classes of unit ("length", "year") that its name or description names."""
        tokens = tokenize(self.description)
        words = [*identifier_words(self.name), *(t.lower for t in tokens)]
        return frozenset(UNIT_CLASS[w] for w in words if w in UNIT_CLASS and len(w) > 1) | frozenset(
            UNIT_CLASS[s] for s in map(stem, words) if s in UNIT_CLASS and len(s) > 2
        )

    @cached_property
    def examples(self) -> tuple[str, ...]:
        """Example values that the description gives."""
        found = [m.strip() for m in _QUOTED.findall(self.description)]
        for match in _EXAMPLES.finditer(self.description):
            found.extend(part.strip(" '\"`.()") for part in re.split(r",\s|\bor\b|;|\band\b|/", match.group(1))[:5])
            found.append(match.group(1).split(". ")[0].strip(" '\"`.()"))
        declared = self.schema.get("examples")
        if isinstance(declared, list):
            found.extend(str(value) for value in cast("list[Any]", declared))
        return tuple(dict.fromkeys(value for value in found if value))

    @cached_property
    def listed(self) -> tuple[str, ...]:
        """Short values that the description lists or gives as examples, each of which a request may name."""
        found = [*self.examples] if len(self.examples) > 1 else []
        for match in _LISTS.finditer(self.description):
            items = [
                item.strip(" '\"`.()") for item in re.split(r",|;|/|\bor\b|\band\b", match["items"] or match["inside"])
            ]
            found.extend(items if len(items) > 1 else ())
        short = (value for value in found if value and len(value.split()) < 4 and re.match(r"[A-Za-z]", value))
        return tuple(dict.fromkeys(short))[:MAX_LISTED]


def _kind_of_value(value: Any) -> Kind:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    return "number" if isinstance(value, float) else "string"


def parameters_of(schema: Mapping[str, Any], around: Parameter | None = None) -> tuple[Parameter, ...]:
    """The properties of an object schema in their order, those of objects in it in their place.

    Anything that is not a proper schema counts as free text.
    """
    properties = schema.get("properties")
    depth = around.depth + 1 if around else 0
    if not isinstance(properties, Mapping) or depth > MAX_DEPTH:
        return ()
    required = schema.get("required")
    needed = (
        frozenset(r for r in cast("list[Any]", required) if isinstance(r, str)) if isinstance(required, list) else ()
    )
    definitions = schema.get("$defs") or schema.get("definitions")
    found: list[Parameter] = []
    for position, (name, value) in enumerate(cast("Mapping[str, Any]", properties).items()):
        must = name in needed and (around is None or around.required)
        parents = (*around.parents, around.name) if around else ()
        parameter = Parameter(name, _flat(value, definitions), must, position, depth, parents)
        inner = parameters_of(parameter.schema, parameter) if parameter.kind == "object" else ()
        found.extend(inner or (parameter,))
    return tuple(found)


def _flat(schema: Any, definitions: Any, depth: int = 0) -> dict[str, Any]:
    """A property with `$ref` followed and the first real branch of a union taken."""
    if not isinstance(schema, Mapping) or depth > MAX_DEPTH:
        return {}
    flat = dict(cast("Mapping[str, Any]", schema))
    reference = flat.pop("$ref", None)
    if isinstance(reference, str) and isinstance(definitions, Mapping):
        target = cast("Mapping[str, Any]", definitions).get(reference.rsplit("/", 1)[-1])
        flat = {**_flat(target, definitions, depth + 1), **flat}
    for union in ("anyOf", "oneOf", "allOf"):
        branches = flat.pop(union, None)
        if isinstance(branches, list):
            options = [_flat(branch, definitions, depth + 1) for branch in cast("list[Any]", branches)]
            real = next((o for o in options if o and o.get("type") != "null"), {})
            flat = {**real, **flat}
    if definitions is not None and "properties" in flat:
        flat.setdefault("$defs", definitions)
    return flat
