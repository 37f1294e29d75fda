"""What kind of thing a parameter takes, beyond its JSON type: an address, a file, a date, a formula, free text.

The engine learns from data which words fill which parameter; some parameters leave nothing to learn. An e-mail
address goes where addresses go and nowhere else. These are the rules for that.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from agent_plugin_offline import results
from agent_plugin_offline.proposals import ToolSpec
from agent_plugin_offline.text import content_stems, identifier_words, stem, words

Role = Literal[
    "email", "phone", "url", "file", "folder", "moment", "duration", "number", "choice", "flag", "expression",
    "numbers", "bindings", "content", "query", "label", "other",
]  # fmt: skip

_NAMED: tuple[tuple[Role, str], ...] = (
    ("url", "url uri link href website"),
    ("expression", "expression equation formula expr function"),
    ("folder", "folder directory dir"),
    ("file", "path file filename filepath source destination"),
    ("query", "query search keyword keywords term terms q phrase"),
    ("content", "content contents text body message note notes comment fact statement"),
)
_MOMENT_WORDS = frozenset(["date", "time", "datetime", "when", "deadline"])
_BOUND_WORDS = words("start end begin until due day")
"""Moments only where the description speaks of dates or times: a route has a start too."""
_HOLDS_BINDINGS = re.compile(r"\bsuch as [a-z] = \d")
"""How a parameter that takes values for unknowns is described: "The values, such as x = 2"."""
_BRACKETS = re.compile(r"\(([a-z][a-z ,]*)\)")
"""Other words for a parameter, in brackets in its description: "each value of this column (per, by, for each)"."""
_LABEL_SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "title": ("titled", "entitled", "called", "named"),
    "name": ("called", "named"),
    "subject": ("titled", "about", "regarding"),
    "variable": ("with respect to", "by"),
    "approaches": ("goes to", "tends to", "goes towards", "tends towards", "gets close to", "approaching"),
}


@dataclass(frozen=True)
class Slot:
    """One parameter, seen as a place for something."""

    name: str
    role: Role
    schema: Mapping[str, Any] = field(repr=False)
    required: bool = False
    many: bool = False
    """Whether it takes a list."""

    @property
    def described(self) -> str:
        """What its schema says of it."""
        return str(self.schema.get("description") or "")

    @property
    def choices(self) -> tuple[str, ...]:
        """The values that a choice allows."""
        options = [self.schema, *self.schema.get("anyOf", ())]
        return tuple(str(value) for option in options for value in option.get("enum", ()) if value is not None)

    @property
    def labels(self) -> tuple[str, ...]:
        """Words that stand before its value: "subject", "titled"."""
        words = identifier_words(self.name)
        explained = [part.strip() for inside in _BRACKETS.findall(self.described) for part in inside.split(",")]
        synonyms = (synonym for word in words for synonym in _LABEL_SYNONYMS.get(word, ()))
        return (" ".join(words), *synonyms, *(part for part in explained if 0 < len(part.split()) <= 3))

    @property
    def stems(self) -> frozenset[str]:
        """Stems of its name and description."""
        return frozenset(map(stem, identifier_words(self.name))) | content_stems(self.described)


def slots_of(tool: ToolSpec) -> tuple[Slot, ...]:
    """The parameters of a tool in their order."""
    required = set(tool.parameters.get("required") or ())
    found: list[Slot] = []
    for name, declared in (tool.parameters.get("properties") or {}).items():
        schema = {"$defs": tool.parameters.get("$defs", {}), **declared}
        types = results.types_of(schema)
        found.append(Slot(name, _role(name, schema, types), schema, name in required, "array" in types))
    return tuple(found)


def _role(name: str, schema: Mapping[str, Any], types: frozenset[str]) -> Role:
    words = set(identifier_words(name))
    described = str(schema.get("description") or "").lower()
    if schema.get("enum") or any("enum" in option for option in schema.get("anyOf", ())):
        return "choice"
    if types and not types & {"string", "array"}:
        return _scalar_role(words, types)
    if types & {"object"}:
        return "other"
    if (
        re.search(r"\be-?mail(s| address(es)?)?\b", f"{' '.join(words)} {described.split('.')[0]}")
        and "body" not in words
    ):
        return (
            "email"
            if words
            & {
                "to",
                "cc",
                "bcc",
                "email",
                "emails",
                "recipient",
                "recipients",
                "address",
                "from",
                "sender",
                "attendees",
            }
            else "label"
        )
    if "phone" in words or "phone number" in described:
        return "phone"
    if _takes_moment(words, described, schema):
        return "moment"
    if "array" in types and "string" not in types:
        return "numbers" if _holds_numbers(schema) else "other"
    if _HOLDS_BINDINGS.search(described):
        return "bindings"
    for role, known in _NAMED:
        if {stem(word) for word in words} & {stem(word) for word in known.split()}:
            return role if role not in ("file", "folder") or _is_place(described) else "label"
    return "label"


def _holds_numbers(schema: Mapping[str, Any]) -> bool:
    items = schema.get("items")
    types = results.types_of(items) if isinstance(items, Mapping) else frozenset[str]()
    return bool(types) and types <= {"number", "integer"}


def _takes_moment(words: set[str], described: str, schema: Mapping[str, Any]) -> bool:
    if words & _MOMENT_WORDS or schema.get("format") in ("date", "time", "date-time"):
        return True
    return bool(words & _BOUND_WORDS) and re.search(r"\b(?:date|time|day|when|hour)s?\b", described) is not None


def _is_place(described: str) -> bool:
    return not described or re.search(r"\b(file|folder|directory|path)\b", described) is not None


def _scalar_role(words: set[str], types: frozenset[str]) -> Role:
    if types == frozenset({"boolean"}):
        return "flag"
    if types & {"integer", "number"}:
        return "duration" if words & {"duration", "minutes", "hours", "seconds", "length"} else "number"
    return "other"
