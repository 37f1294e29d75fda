"""A clause that leans on earlier steps: which argument their result becomes, and as what kind of reference.

The phrase that refers back is replaced by a stand-in (a quoted word, a number, a file name); where the engine then
puts the stand-in among the arguments is where the reference belongs. So one set of rules places results and words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from agent_plugin_offline import results
from agent_plugin_offline.mentions import Mention
from agent_plugin_offline.proposals import ToolSpec
from agent_plugin_offline.slots import slots_of
from agent_plugin_offline.text import words

STAND_IN = "Zqresult"
_STAND_INS = (f'"{STAND_IN}"', "90712547", STAND_IN, f"{STAND_IN}.txt", f"https://{STAND_IN}.example/")
"""In the order in which they are tried: as text, a number, a bare word, a file, a page."""
_ADDRESS_FIELDS: Mapping[str, frozenset[str]] = {
    "email": words("email address to sender recipient"),
    "phone": words("phone mobile"),
    "url": words("url link href website"),
    "file": words("path file filename name names source destination"),
    "folder": words("path folder directory"),
}
"""What a field must be called to go where an address goes: a file is never taken from a sentence."""
_TYPED_COST = 2.5
_STAND_IN = re.compile(
    rf"\"{STAND_IN}\"|https://{STAND_IN}\.example/?|{STAND_IN}\.txt|{STAND_IN}|90712547(?:\.0+)?", re.IGNORECASE
)


@dataclass(frozen=True)
class Step:
    """One call of a draft plan; `args` may hold references to earlier steps."""

    id: str
    title: str
    spec: ToolSpec
    args: Mapping[str, Any]
    missing: tuple[str, ...] = ()
    looks_up: bool = True
    """Whether its result is what it was called for, rather than a receipt for something done."""
    clause: int = 0
    """Which clause of the request it came from, counted from 0."""
    for_each: Mapping[str, Any] | None = None
    """The list that a map step goes over."""
    after: frozenset[str] = field(default_factory=frozenset[str])
    """Steps that must be finished before."""

    @property
    def returns(self) -> Mapping[str, Any] | None:
        """The schema of what it returns: a list of them for a map step."""
        returns = self.spec.returns
        if self.for_each is None or returns is None:
            return returns
        return {"type": "array", "items": returns, "$defs": returns.get("$defs", {})}

    def parameter(self, name: str) -> Mapping[str, Any]:
        """The schema of one parameter, with what its references point to at hand."""
        declared = dict(self.spec.parameters.get("properties", {}).get(name, {}))
        return {"$defs": self.spec.parameters.get("$defs", {}), **declared}


def stand_ins(clause: str, mention: Mention) -> list[tuple[str, float]]:
    """`clause` with the phrase that refers back replaced by each stand-in, and what using it costs.

    A file or a page is a strong hint to an engine, and here it is a made-up one.
    """
    costs = (0.0, 0.0, 0.0, _TYPED_COST, _TYPED_COST)
    texts = (clause[: mention.start] + stand_in + clause[mention.end :] for stand_in in _STAND_INS)
    return list(zip(texts, costs, strict=True))


def holds_stand_in(value: Any) -> bool:
    """Whether a stand-in is anywhere in a proposed argument."""
    match value:
        case str():
            return _STAND_IN.search(value) is not None
        case bool() | None:
            return False
        case int() | float():
            return value == int(_STAND_INS[1])
        case Mapping():
            return any(holds_stand_in(item) for item in value.values())
        case Sequence():
            return any(holds_stand_in(item) for item in value)
        case _:
            return False


def linked(step: Step, sources: Sequence[Step], mention: Mention) -> Step | None:
    """`step` with its stand-ins turned into references to `sources`; None when no field of theirs fits there."""
    args: dict[str, Any] = {}
    for_each: Mapping[str, Any] | None = None
    for name, value in step.args.items():
        if not holds_stand_in(value):
            args[name] = value
            continue
        put = _placed(step, name, value, sources, mention)
        if put is None:
            return None
        args[name], over = put
        for_each = over or for_each
    if all(value == step.args[name] for name, value in args.items()):
        return None
    return replace(step, args=args, for_each=for_each, after=step.after | {source.id for source in sources})


def filled(step: Step, name: str, sources: Sequence[Step], mention: Mention) -> Step | None:
    """`step` with its missing parameter `name` taken from `sources`; None when nothing fits."""
    step = replace(step, args={**step.args, name: STAND_IN}, missing=tuple(m for m in step.missing if m != name))
    return linked(step, sources, mention)


SAID = "said"
"""Stands for the answer before this request, as the id of a step does for its result."""


def quoting(step: Step, said: str) -> Step | None:
    """`step` with references to the last answer replaced by its words; None where words do not fit."""
    args: dict[str, Any] = {}
    for name, value in step.args.items():
        written = value.get("$text") if isinstance(value, Mapping) else value
        if isinstance(written, Mapping) or (isinstance(value, Mapping) and not isinstance(written, str)):
            return None
        if isinstance(value, Mapping) and written:
            put = _figure_in(said) if results.wants_expression(name, step.parameter(name)) else said
            if put is None:
                return None
            written = written.replace(f"{{{SAID}}}", put)
        args[name] = written
    return replace(step, args=args)


_FIGURE = re.compile(r"(?:.*[=:]\s*)?(?P<figure>[^=:\s][^=:\n]*?)[\s.]*$", re.DOTALL)


def _figure_in(said: str) -> str | None:
    """What an answer came to: 288 of "24 * 12 = 288"; None where it tells more than a figure."""
    found = _FIGURE.fullmatch(said) if "\n" not in said.strip() else None
    return found["figure"].replace(",", "") if found and re.search(r"\d", found["figure"]) else None


Placed = tuple[Any, Mapping[str, Any] | None]
"""A reference, and the list to go over where the step must run once per item."""


def _placed(step: Step, name: str, value: Any, sources: Sequence[Step], mention: Mention) -> Placed | None:
    schema = step.parameter(name)
    types = results.types_of(schema)
    source = sources[-1]
    if _is_one(source) and not mention.each:
        mention = replace(mention, first=True)
    available = _pointed_at(results.fields(source.returns), mention)
    whole = not isinstance(value, str) or _STAND_IN.fullmatch(value.strip()) is not None
    if whole and not source.looks_up and (same := _same_argument(step, source, name, schema)) is not None:
        return same, None
    if results.wants_expression(name, schema):
        return _expression(str(value), sources, available, mention, whole)
    if types and not types & {"string"}:
        return _typed(source, available, types, mention)
    if whole and not results.is_content(name, schema):
        return _identity(step, source, available, name, mention)
    if not whole and not results.is_content(name, schema):
        return None
    if mention.first and not mention.noun:
        mention = replace(mention, first=False)
    text = "\n".join(_text_of(one, mention) for one in sources)
    return {"$text": _inside(str(value), text)} if "{" not in _STAND_IN.sub("", str(value)) else None, None


def _is_one(source: Step) -> bool:
    """Whether a step was asked for one thing, though it returns a list: the largest file."""
    return source.looks_up and any("limit" in name and value == 1 for name, value in source.args.items())


def _same_argument(step: Step, source: Step, name: str, schema: Mapping[str, Any]) -> Any:
    """After "save 'x' to a.txt", "it" is a.txt for a path and 'x' for a text: what was given, not the receipt."""
    if name in source.args:
        return source.args[name]
    role = _role(step, name)
    if role in ("file", "folder"):
        return next((value for other, value in source.args.items() if _role(source, other) in ("file", "folder")), None)
    if not results.is_content(name, schema):
        return None
    return next(
        (value for other, value in source.args.items() if results.is_content(other, source.parameter(other))), None
    )


def _role(step: Step, name: str) -> str:
    return next((slot.role for slot in slots_of(step.spec) if slot.name == name), "other")


def _pointed_at(available: list[results.Field], mention: Mention) -> list[results.Field]:
    """The fields; where the first of a list is meant, those of its first item."""
    if not mention.first:
        return available
    return [replace(one, path=one.path.replace("[*]", "[0]", 1)) for one in available if one.many]


def _expression(
    value: str, sources: Sequence[Step], available: list[results.Field], mention: Mention, whole: bool
) -> Placed | None:
    found = results.computable(available, mention.noun)
    if found is None and available:
        return None
    reference = f"{{{_path(sources[-1], found)}}}"
    return {"$text": _inside(value, reference if whole else f"({reference})")}, None


def _typed(source: Step, available: list[results.Field], types: frozenset[str], mention: Mention) -> Placed | None:
    """For a parameter that is a number, a truth value or a list."""
    if source.returns is None:
        return {"$from": source.id}, None
    if "array" in types:
        many = [one for one in available if one.many]
        found = results.named(many, mention.noun) or next(iter(many), None)
    elif types & {"number", "integer"}:
        found = results.numeric(available, mention.noun)
    else:
        found = next((one for one in available if one.types & types), None)
    return ({"$from": _path(source, found)}, None) if found else None


def _identity(step: Step, source: Step, available: list[results.Field], name: str, mention: Mention) -> Placed | None:
    """For a parameter that names one thing: the field that names it, or one step per thing."""
    if source.returns is None:
        return {"$from": source.id}, None
    found = results.identifying(available, mention.noun, name)
    role = _role(step, name)
    if role in _ADDRESS_FIELDS and (found is None or found.name.lower() not in _ADDRESS_FIELDS[role]):
        return None
    if (
        not step.looks_up
        and (found is None or found.name in ("", "text", "summary"))
        and any(one.many for one in available)
    ):
        return None  # a list told in words names nothing that could be acted on
    if found is None or "string" not in found.types:
        found = results.readable([one for one in available if not one.many], mention.noun)
        return ({"$text": f"{{{_path(source, found)}}}"}, None) if found else None
    if not found.many:
        return {"$from": _path(source, found)}, None
    if not (mention.plural or mention.each):
        return None  # "it" is one thing, and nothing says which of them
    return {"$item": ""}, {"$from": _path(source, found)}


def _text_of(source: Step, mention: Mention) -> str:
    available = _pointed_at(results.fields(source.returns), mention)
    return f"{{{_path(source, results.readable(available, mention.noun))}}}"


def _inside(value: str, reference: str) -> str:
    return _STAND_IN.sub(lambda _: reference, value)


def _path(source: Step, found: results.Field | None) -> str:
    if found is None or not found.path:
        return source.id
    return source.id + (found.path if found.path.startswith("[") else f".{found.path}")
