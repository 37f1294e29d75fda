"""A model wrapper that makes usable tool calls of what a model wrote: broken JSON, or a call printed as text.

It works on the response itself, so that what is journaled, checked, run and sent back to the model is one thing.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, TypeGuard

from pydantic_ai.messages import (
    FinalResultEvent,
    ModelMessage,
    ModelResponse,
    ModelResponsePart,
    ModelResponseStreamEvent,
    PartDeltaEvent,
    PartEndEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
    ThinkingPart,
    ToolCallPart,
)
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.models.wrapper import WrapperModel
from pydantic_ai.settings import ModelSettings
from pydantic_ai.tools import RunContext
from pydantic_core import from_json

from agent_core.json_values import as_json
from agent_core.models.call_prefix import may_be_call
from agent_core.models.printed_calls import JsonSchema, printed_calls, repaired_json
from agent_core.models.wrapped_stream import WrappedStream


class RepairingModel(WrapperModel):
    """Repairs arguments that are no JSON, and if asked to, replies that are a printed tool call and nothing else."""

    def __init__(self, wrapped: Model[Any], *, printed_calls: bool) -> None:
        super().__init__(wrapped)
        self.printed_calls = printed_calls

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """Ask the wrapped model and repair its reply."""
        response = await self.wrapped.request(messages, model_settings, model_request_parameters)
        if self.printed_calls:
            response = without_printed_calls(response, offered_tools(model_request_parameters))
        return with_own_call_ids(with_readable_arguments(response))

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: RunContext[Any] | None = None,
    ) -> AsyncGenerator[StreamedResponse]:
        """Stream the wrapped model's reply, holding text back only while it may still be a call."""
        async with self.wrapped.request_stream(
            messages, model_settings, model_request_parameters, run_context
        ) as stream:
            tools = offered_tools(model_request_parameters)
            repaired = _RepairedStream(stream.model_request_parameters, stream, tools if self.printed_calls else {})
            yield repaired if tools else stream


def offered_tools(parameters: ModelRequestParameters) -> dict[str, JsonSchema]:
    """Names and parameter schemas of the tools that the model may call."""
    tools = [*parameters.declared_function_tools, *parameters.output_tools]
    return {tool.name: tool.parameters_json_schema for tool in tools}


def without_printed_calls(response: ModelResponse, tools: dict[str, JsonSchema]) -> ModelResponse:
    """`response` with calls in place of its text, if that is nothing but calls and no real call stands beside it."""
    if _is_cut_off(response) or any(not isinstance(part, TextPart | ThinkingPart) for part in response.parts):
        return response
    text = "".join(part.content for part in response.parts if isinstance(part, TextPart))
    calls = printed_calls(text, tools)
    if not calls:
        return response
    parts: list[ModelResponsePart] = [part for part in response.parts if isinstance(part, ThinkingPart)]
    parts += [ToolCallPart(call.name, call.arguments) for call in calls]
    return replace(response, parts=parts, finish_reason="tool_call")


def with_readable_arguments(response: ModelResponse) -> ModelResponse:
    """`response` with malformed JSON in its calls repaired, where it can be; the schema is checked later, as always.

    What cannot be repaired is kept as pydantic-ai keeps it (`{"INVALID_JSON": ...}`): valid to send and to journal,
    refused by the tool's schema, and so back with the model, which sees its mistake.
    """
    if not any(_is_malformed(part) for part in response.parts):
        return response
    whole = not _is_cut_off(response)
    return replace(response, parts=[_readable(part, repair=whole) for part in response.parts])


def _is_cut_off(response: ModelResponse) -> bool:
    """Whether the reply ended because it became too long: what a call then holds is not all that was meant."""
    return response.finish_reason == "length"


def with_own_call_ids(response: ModelResponse) -> ModelResponse:
    """`response` with an id of its own for every call: some servers give two the same one, or none."""
    ids = [part.tool_call_id for part in response.parts if isinstance(part, ToolCallPart)]
    if all(ids) and len(set(ids)) == len(ids):
        return response
    taken: set[str] = set(ids)
    seen: set[str] = {""}
    parts: list[ModelResponsePart] = []
    for part in response.parts:
        if isinstance(part, ToolCallPart):
            if part.tool_call_id in seen:
                free = (name for number in count(1) if (name := f"{part.tool_call_id or 'call'}_{number}") not in taken)
                part = replace(part, tool_call_id=next(free))
                taken.add(part.tool_call_id)
            seen.add(part.tool_call_id)
        parts.append(part)
    return replace(response, parts=parts)


def _is_malformed(part: ModelResponsePart) -> TypeGuard[ToolCallPart]:
    if not isinstance(part, ToolCallPart) or not isinstance(part.args, str) or not part.args.strip():
        return False
    try:
        from_json(part.args)  # stricter than `json`: half a character is no JSON either
    except ValueError:
        return True
    return False


def _readable(part: ModelResponsePart, *, repair: bool) -> ModelResponsePart:
    if not _is_malformed(part):
        return part
    try:
        arguments: Any = as_json(repaired_json(str(part.args))) if repair else None
    except (ValueError, RecursionError):
        arguments = None
    return replace(part, args=arguments if isinstance(arguments, dict) and arguments else part.args_as_dict())


@dataclass
class _RepairedStream(WrappedStream):
    """Another stream's events, with a printed call replaced by a real one."""

    tools: dict[str, JsonSchema]
    """Whose printed calls become real ones; empty to leave text alone."""

    def __post_init__(self) -> None:
        self._held: PartStartEvent | None = None
        self._held_text = ""
        self._decided = not self.tools
        self._repaired = False

    async def _get_event_iterator(self) -> AsyncIterator[ModelResponseStreamEvent]:
        async for event in self.inner:
            if isinstance(event, PartEndEvent | FinalResultEvent):
                # This class's base adds both again, for the parts as they are after the repair.
                continue
            for passed in self._pass_on(event):
                self._parts_manager.apply_event(passed)
                yield passed
        for passed in self._at_end():
            self._parts_manager.apply_event(passed)
            yield passed

    def _pass_on(self, event: ModelResponseStreamEvent) -> list[ModelResponseStreamEvent]:
        if self._decided:
            return [event]
        if isinstance(event, PartStartEvent):
            if self._held is None and isinstance(event.part, TextPart):
                self._held, self._held_text = event, event.part.content
                return self._while_undecided()
            if isinstance(event.part, ThinkingPart) and self._held is None:
                return [event]
            # A second part: what came before was not the whole reply, so it is no printed call.
            return [*self._release(), event]
        held = self._held
        if held is None or not isinstance(event, PartDeltaEvent) or event.index != held.index:
            return [event]
        if isinstance(event.delta, TextPartDelta):
            self._held_text += event.delta.content_delta
        return self._while_undecided()

    def _while_undecided(self) -> list[ModelResponseStreamEvent]:
        return [] if may_be_call(self._held_text, self.tools) else self._release()

    def _release(self) -> list[ModelResponseStreamEvent]:
        self._decided = True
        held, self._held = self._held, None
        if held is None:
            return []
        assert isinstance(held.part, TextPart)
        return [replace(held, part=replace(held.part, content=self._held_text))]

    def _at_end(self) -> list[ModelResponseStreamEvent]:
        held = self._held
        whole = held and not _is_cut_off(self.inner.get())
        calls = printed_calls(self._held_text, self.tools) if whole else []
        if held is None or not calls:
            return self._release()
        self._repaired = True
        parts = [ToolCallPart(call.name, call.arguments) for call in calls]
        return [PartStartEvent(index=held.index + offset, part=part) for offset, part in enumerate(parts)]

    def get(self) -> ModelResponse:
        """The reply so far, as it is after the repair."""
        reply = replace(self.inner.get(), parts=self._parts_manager.get_parts(), state=super().get().state)
        reply = with_own_call_ids(with_readable_arguments(reply))
        return replace(reply, finish_reason="tool_call") if self._repaired else reply
