"""From the parts of a request to the parameters of a tool: what each parameter is called when people speak."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agent_plugin_offline.proposals import ToolSpec
from agent_plugin_offline.slots import Slot, slots_of
from agent_plugin_offline.text import identifier_words, stem

_BY_NAME: Mapping[str, frozenset[str]] = {
    part: frozenset(map(stem, names.split()))
    for part, names in {
        "cc": "cc",
        "bcc": "bcc",
        "subject": "subject headline",
        "title": "title name task item",
        "location": "location place venue",
        "pattern": "pattern glob mask",
        "find": "old find search_for before",
        "replace": "new replace replacement after",
        "destination": "destination target",
        "end": "end until finish",
        "all_day": "day",
        "where": "where filter condition",
        "group_by": "group grouped",
        "column": "column field",
        "order": "sort order sorting",
        "lines": "line lines",
        "count": "limit count max top",
        "lower": "lower",
        "upper": "upper",
        "measure": "operation measure",
    }.items()
}
_BY_ROLE: Mapping[str, str] = {
    "email": "to",
    "phone": "to",
    "url": "url",
    "file": "path",
    "folder": "folder",
    "moment": "start",
    "duration": "duration",
    "number": "count",
    "expression": "expression",
    "numbers": "numbers",
    "bindings": "point",
    "content": "content",
    "query": "query",
    "choice": "order",
}


def part_of(slot: Slot) -> str:
    """What the words for a parameter are, in a request: the recipient of `to`, the path of `source`."""
    named = {stem(word) for word in identifier_words(slot.name)}
    if slot.role == "flag" and "all" not in identifier_words(slot.name):
        return ""
    if slot.role == "email":
        return next((part for part in ("cc", "bcc") if part in named), "to")
    for part, names in _BY_NAME.items():
        if named & names and not (part == "destination" and slot.role != "file"):
            return part
    if identifier_words(slot.name)[:1] == ("question",):
        return "query"
    return _BY_ROLE.get(slot.role, "")


def parts_of(tool: ToolSpec) -> dict[str, list[Slot]]:
    """The parts that a tool's parameters take, each with its parameters in their order."""
    found: dict[str, list[Slot]] = {}
    for slot in slots_of(tool):
        part = part_of(slot)
        if part:
            found.setdefault(part, []).append(slot)
    return found


def allowed(tool: ToolSpec, seen: Sequence[str] = ()) -> frozenset[str]:
    """The parts to look for: those that the tool takes, of a tool that is known those that were seen with it."""
    parts = set(parts_of(tool))
    return frozenset(seen) if seen else frozenset({*parts, *(f"{part}=" for part in parts & {"content", "path"})})
