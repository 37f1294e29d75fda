"""What only the user knows becomes a question; the answer becomes the argument. Nothing is filled in by guess."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from agent_plugin_offline.compound import Draft
from agent_plugin_offline.linking import Step
from agent_plugin_offline.proposals import propose_one
from agent_plugin_offline.results import types_of
from agent_plugin_offline.text import identifier_words

_NUMBER = re.compile(r"[-+]?\d[\d,]*(?:\.\d+)?")
_YES, _NO = frozenset({"yes", "y", "true", "on", "sure", "ok"}), frozenset({"no", "n", "false", "off"})


def question(draft: Draft) -> str | None:
    """What to ask next; None when every step has all it needs."""
    asked = draft.question
    if asked is None:
        return None
    step, name = asked
    described = str(step.parameter(name).get("description") or "").strip()
    words = " ".join(identifier_words(name))
    return f"{step.title}: what should the {words} be?" + (f" ({described})" if described else "")


def answered(draft: Draft, answers: Sequence[str]) -> Draft:
    """`draft` with the answers to its questions put in, in the order in which they were asked.

    An answer that does not fit the parameter's type leaves the question open.
    """
    for answer in answers:
        asked = draft.question
        if asked is None:
            break
        step, name = asked
        value = _value(answer, step, name)
        if value is not None:
            args = {**step.args, name: value}
            done = replace(step, args=args, missing=tuple(other for other in step.missing if other != name))
            draft = replace(draft, steps=tuple(done if other is step else other for other in draft.steps))
    return draft


def _value(answer: str, step: Step, name: str) -> Any:
    """`answer` as a value of the parameter's type; None when it is not one."""
    schema = step.parameter(name)
    types = types_of(schema)
    if not answer:
        return None
    if "enum" in schema:
        return next((option for option in schema["enum"] if str(option).lower() == answer.lower()), None)
    if schema.get("format") and "string" in types:
        return _read_by_rules(answer, step, name) or answer
    if not types or "string" in types:
        return answer
    if types & {"number", "integer"}:
        return _number(answer, whole="number" not in types)
    if "boolean" in types:
        return {**dict.fromkeys(_YES, True), **dict.fromkeys(_NO, False)}.get(answer.lower().strip(" .!"))
    return _read_by_rules(answer, step, name) or _listed(answer, types)


def _number(answer: str, *, whole: bool) -> float | int | None:
    found = _NUMBER.search(answer)
    if found is None:
        return None
    number = float(found.group().replace(",", ""))
    return int(number) if number.is_integer() else None if whole else number


def _listed(answer: str, types: frozenset[str]) -> list[str] | None:
    return [item.strip() for item in answer.split(",") if item.strip()] if "array" in types else None


def _read_by_rules(answer: str, step: Step, name: str) -> Any:
    """A date, a time, a list of addresses: read as it would be from a request."""
    only = {**step.spec.parameters, "required": [name]}
    others: Mapping[str, Any] = {other: value for other, value in step.args.items() if other != name}
    proposal = propose_one(f"{step.title} {answer}", [replace(step.spec, parameters=only)], bound=others)
    return proposal.args.get(name) if proposal else None
