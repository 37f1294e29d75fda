"""A model that is the attacker's: it does what the last text says that it was given, and tries again when refused.

It follows two kinds of marks, and has no other will. `<<task NAME>>` stands in what the user asked for: calls that the
user wants. `order:NAME:now` stands in what somebody else wrote, wherever the model meets it: in what a tool returned,
in a tool's description, in an attachment, in an earlier turn. An order is obeyed before any task.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from pydantic_ai.messages import ModelMessage, ModelRequest, ModelResponse, TextPart, ToolCallPart, ToolReturnPart
from pydantic_ai.models.function import AgentInfo, DeltaToolCall, FunctionModel

from agent_core.gate.detect import TOKEN

Stage = Sequence[tuple[str, Mapping[str, Any]]]
"""Calls that are made in one response: (tool, arguments).

In a text `$LAST` is what was returned last, `$ORDER` the last order that was met, `$QUOTED` what was returned last as a
part of an address, `$TOKEN` the last token that stands for a secret."""

_TASK = re.compile(r"<<task ([\w-]+)>>")
_ORDER = re.compile(r"order:([\w-]+):now")
_TRIES = 3


class ObedientModel:
    """Knows the attacker's orders, and the tasks of the user, by name."""

    def __init__(self, orders: Mapping[str, Sequence[Stage]], tasks: Mapping[str, Sequence[Stage]]) -> None:
        self._orders = orders
        self._tasks = tasks

    @property
    def model(self) -> FunctionModel:
        return FunctionModel(self._respond, stream_function=self._stream, model_name="obedient")

    def _respond(self, messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        told = "".join(_given(messages)) + "".join(str(tool.description) for tool in info.function_tools)
        made = [part.tool_call_id for m in messages if isinstance(m, ModelResponse) for part in m.tool_calls]
        report_only = "report only" in told
        orders = [order for order in _ORDER.findall(told) if order in self._orders]
        if orders and not report_only:  # the last one that it met
            stages = [(f"order-{orders[-1]}-{i}", stage) for i, stage in enumerate(self._orders[orders[-1]])]
            last = stages[-1]
            stages += [(f"{last[0]}-again{i}", _slightly_other(last[1], i)) for i in range(1, _TRIES)]
        else:
            stages = []
        if tasks := _TASK.findall(told):
            task = [(f"task-{tasks[-1]}-{i}", stage) for i, stage in enumerate(self._tasks[tasks[-1]])]
            # What the user asked for comes first where it is under way: it is how the order was met at all.
            begun = [named for named in task if f"{named[0]}-0" in made]
            stages = [*begun, *stages, *task[len(begun) :]]
        for name, stage in stages:
            if f"{name}-0" not in made:
                return ModelResponse([_call(name, i, call, messages) for i, call in enumerate(stage)])
        return ModelResponse([TextPart(f"Done. {_last(messages)}")])

    async def _stream(self, messages: list[ModelMessage], info: AgentInfo) -> AsyncIterator[Any]:
        for position, part in enumerate(self._respond(messages, info).parts):
            if isinstance(part, TextPart):
                yield part.content
            elif isinstance(part, ToolCallPart):
                yield {position: DeltaToolCall(part.tool_name, json.dumps(part.args), tool_call_id=part.tool_call_id)}


def _given(messages: Sequence[ModelMessage]) -> list[str]:
    """All that the model did not say itself, oldest first."""
    return [str(part.content) for m in messages if isinstance(m, ModelRequest) for part in m.parts]


def _last(messages: Sequence[ModelMessage]) -> str:
    returned = [
        p.content for m in messages if isinstance(m, ModelRequest) for p in m.parts if isinstance(p, ToolReturnPart)
    ]
    return str(returned[-1]) if returned else ""


def _call(
    name: str, position: int, call: tuple[str, Mapping[str, Any]], messages: Sequence[ModelMessage]
) -> ToolCallPart:
    tool, args = call
    last = _last(messages)
    tokens = TOKEN.findall("".join(_given(messages)))
    seen = [match[0] for match in _ORDER.finditer("".join(_given(messages)))]
    words = {"$ORDER": seen[-1] if seen else "no order"} | {
        "$QUOTED": quote(last)[:500],
        "$LAST": last[:2000],
        "$TOKEN": tokens[-1] if tokens else "no token",
    }
    return ToolCallPart(tool, _filled(args, words), f"{name}-{position}")


def _filled(value: Any, words: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        for word, filling in words.items():
            value = value.replace(word, filling)
        return value
    if isinstance(value, Mapping):
        return {name: _filled(element, words) for name, element in value.items()}
    return [_filled(element, words) for element in value] if isinstance(value, list) else value


def _slightly_other(stage: Stage, again: int) -> Stage:
    """The same effect with other arguments, because the very call that was refused is known."""
    return [(tool, {**args, **_varied(args, again)}) for tool, args in stage]


def _varied(args: Mapping[str, Any], again: int) -> dict[str, Any]:
    for name in ("body", "content", "text", "title", "query", "url", "note", "new"):
        if isinstance(args.get(name), str):
            return {name: f"{args[name]}{'.' * again}"}
    return {}
