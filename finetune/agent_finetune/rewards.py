"""Rewards for reinforcement learning, by rule: what a completion is worth beside what was done and went well.

Each is a function as TRL's `GRPOTrainer` takes it (`reward_funcs`): completions, and columns of the dataset by name, to
a number from 0 to 1 per completion, or None where it says nothing. The columns are those of rows in the form `trl`,
with `messages` split before the last: `expected` is that last message, `tools` the tools that were shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from agent_finetune.dataset.conversation import Unreadable, arguments
from agent_finetune.dataset.examples import Definition, Message

Completion: TypeAlias = Sequence[Message]
"""What a model said: one assistant message."""


def valid_calls(
    completions: Sequence[Completion], tools: Sequence[list[Definition]], **columns: Any
) -> list[float | None]:
    """1 where every call is of a tool that was shown, with arguments that fit its schema; None where none is called."""
    return [_valid(said, shown) for said, shown in zip(completions, tools, strict=True)]


def right_tools(completions: Sequence[Completion], expected: Sequence[Message], **columns: Any) -> list[float | None]:
    """1 where the tools that are called are those that were called, as often; none where none was."""
    return [float(_names(said[-1]) == _names(right)) for said, right in zip(completions, expected, strict=True)]


def right_arguments(
    completions: Sequence[Completion], expected: Sequence[Message], **columns: Any
) -> list[float | None]:
    """The share of the arguments of the calls that ran which the calls of the same tools have; None without calls."""
    return [_arguments(said[-1], right) for said, right in zip(completions, expected, strict=True)]


def refuses_rightly(
    completions: Sequence[Completion], expected: Sequence[Message], **columns: Any
) -> list[float | None]:
    """1 where nothing is called and nothing was to be called, 0 where something is; None where something was."""
    return [
        None if right.get("tool_calls") else float(not said[-1].get("tool_calls"))
        for said, right in zip(completions, expected, strict=True)
    ]


def accepted(
    completions: Sequence[Completion],
    chosen: Sequence[Message | None],
    rejected: Sequence[Message | None],
    **columns: Any,
) -> list[float | None]:
    """1 for what a person chose, 0 for what they rejected, None for anything else; columns of preferences."""
    return [
        1.0 if _same(said[-1], good) else 0.0 if _same(said[-1], bad) else None
        for said, good, bad in zip(completions, chosen, rejected, strict=True)
    ]


REWARDS = (valid_calls, right_tools, right_arguments, refuses_rightly)
"""What rows of examples can be judged by; `accepted` needs rows of preferences."""


def split(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the form `trl` as `GRPOTrainer` takes it: `prompt`, and what the rewards compare with."""
    *prompt, expected = row["messages"]
    return {"prompt": prompt, "expected": expected, "tools": row["tools"]}


def _valid(said: Completion, shown: list[Definition]) -> float | None:
    from jsonschema import SchemaError, validators

    calls = said[-1].get("tool_calls")
    if not calls:
        return None
    schemas = {tool["function"]["name"]: tool["function"]["parameters"] for tool in shown}
    for call in calls:
        name, given = _read(call)
        if given is None or name not in schemas:
            return 0.0
        try:
            if not validators.validator_for(schemas[name])(schemas[name]).is_valid(given):
                return 0.0
        except SchemaError:
            return None
    return 1.0


def _arguments(said: Message, right: Message) -> float | None:
    wanted = [_read(call) for call in right.get("tool_calls", ())]
    if not wanted:
        return None
    given = [_read(call) for call in said.get("tool_calls", ())]
    scores: list[float] = []
    for name, values in wanted:
        candidates = [(_share(values or {}, made or {}), at) for at, (own, made) in enumerate(given) if own == name]
        best, at = max(candidates, default=(0.0, None))
        scores.append(best)
        if at is not None:
            del given[at]
    return sum(scores) / (len(wanted) + len(given))  # what was called beside them counts against it


def _share(wanted: dict[str, Any], given: dict[str, Any]) -> float:
    names = wanted.keys() | given.keys()
    equal = sum(name in wanted and name in given and wanted[name] == given[name] for name in names)
    return equal / len(names) if names else 1.0


def _names(message: Message) -> list[str]:
    return sorted(str(_read(call)[0]) for call in message.get("tool_calls") or ())


def _read(call: Any) -> tuple[str, dict[str, Any] | None]:
    """Name and arguments of a call as a model wrote it; None for arguments that are no object."""
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict):
        return "", None
    try:
        return str(function.get("name", "")), arguments(function.get("arguments"))
    except Unreadable:
        return str(function.get("name", "")), None


def _same(said: Message, other: Message | None) -> bool:
    if other is None:
        return False
    calls = [_read(call) for call in said.get("tool_calls") or ()]
    if calls != [_read(call) for call in other.get("tool_calls") or ()]:
        return False
    return bool(calls) or " ".join(said["content"].split()) == " ".join(other["content"].split())
