"""A model wrapper that lets a small local model go first where it was measured to be good enough.

The local model (the student) sees the request alone. What it proposes counts only if every call is of a tool that was
handed to it, unchanged since, with arguments that fit the tool's schema; everything else is asked of the model in use
(the teacher) as if the student did not exist. So it can be wrong where it was measured to be seldom wrong, and nowhere
else; and whatever it says passes the same checks, policy and approvals as any other model's calls.

Each response says in its metadata what came of it (`student`), so the journal knows the share of work that stayed
local, and every escalation is data to learn from.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal, Self

from pydantic_ai.exceptions import AgentRunError, UserError
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    ModelResponseStreamEvent,
    ToolCallPart,
    UserPromptPart,
)
from pydantic_ai.models import CompletedStreamedResponse, Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.models.wrapper import WrapperModel
from pydantic_ai.settings import ModelSettings
from pydantic_ai.tools import RunContext

from agent_core.errors import AgentCoreError
from agent_core.models.promotion import RoutingTable, parameters_hash
from agent_core.models.turn import arguments_of
from agent_core.models.wrapped_stream import WrappedStream
from agent_core.schema_check import faults

METADATA_KEY = "student"
"""Under this key of a response's metadata stands what came of asking the student first."""
_GREEDY: ModelSettings = {"temperature": 0.0}
"""As it was measured."""
Outcome = Literal["served", "abstained", "not promoted", "invalid", "failed"]


class StudentFirstModel(WrapperModel):
    """Asks a student first, and the teacher (the wrapped model) for all that is not the student's."""

    def __init__(self, teacher: Model[Any], student: Model[Any], table: RoutingTable) -> None:
        super().__init__(teacher)
        self.student = student
        self.table = table
        self._entered = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Open what both need."""
        await super().__aenter__()
        await self._entered.enter_async_context(self.student)
        return self

    async def __aexit__(self, *args: Any) -> bool | None:
        """Close what both have opened."""
        await self._entered.aclose()
        return await super().__aexit__(*args)

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """The student's calls where they count, else the teacher's reply."""
        proposed, seen = await self._proposed(messages, model_request_parameters)
        if proposed is not None:
            return proposed
        return _marked(await self.wrapped.request(messages, model_settings, model_request_parameters), seen)

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: RunContext[Any] | None = None,
    ) -> AsyncGenerator[StreamedResponse]:
        """As `request`; calls are judged whole, so what the student says is never streamed."""
        proposed, seen = await self._proposed(messages, model_request_parameters)
        if proposed is not None:
            yield CompletedStreamedResponse(proposed, model_request_parameters=model_request_parameters)
            return
        async with self.wrapped.request_stream(
            messages, model_settings, model_request_parameters, run_context
        ) as stream:
            yield _MarkedStream(stream.model_request_parameters, stream, seen) if seen else stream

    async def _proposed(
        self, messages: list[ModelMessage], parameters: ModelRequestParameters
    ) -> tuple[ModelResponse | None, dict[str, Any] | None]:
        """What the student proposes if it counts, and else what is to be said of it; neither where it is not asked."""
        offered = {tool.name: tool.parameters_json_schema for tool in parameters.declared_function_tools}
        mine = {name: schema for name, schema in offered.items() if self._is_mine(name, schema)}
        if not mine or not _is_fresh(messages):
            return None, None
        try:
            response = await self.student.request(_bare(messages), _GREEDY, self._shown(parameters))
        except (AgentRunError, AgentCoreError, UserError, OSError, TimeoutError) as error:
            return None, self._seen("failed", reason=f"{type(error).__name__}: {error}"[:300])
        outcome, reason = _judged(response.tool_calls, mine)
        seen = self._seen(outcome, [call.tool_name for call in response.tool_calls], reason)
        return (_marked(response, seen), None) if outcome == "served" else (None, seen)

    def _is_mine(self, name: str, schema: Mapping[str, Any]) -> bool:
        measured = self.table.tools.get(name)
        return measured is not None and measured.parameters_sha256 == parameters_hash(schema)

    def _shown(self, parameters: ModelRequestParameters) -> ModelRequestParameters:
        known = {*self.table.shown, *self.table.tools}
        return replace(parameters, function_tools=[tool for tool in parameters.function_tools if tool.name in known])

    def _seen(self, outcome: Outcome, tools: Sequence[str] = (), reason: str = "") -> dict[str, Any]:
        return {"model": self.table.model, "outcome": outcome, "tools": sorted(set(tools)), "reason": reason}


@dataclass
class _MarkedStream(WrappedStream):
    """The teacher's stream, whose reply says that the student was asked before."""

    seen: dict[str, Any]

    def __aiter__(self) -> AsyncIterator[ModelResponseStreamEvent]:
        return aiter(self.inner)

    async def _get_event_iterator(self) -> AsyncIterator[ModelResponseStreamEvent]:
        async for event in self.inner:
            yield event

    def get(self) -> ModelResponse:
        """The reply so far."""
        return _marked(self.inner.get(), self.seen)


def _is_fresh(messages: Sequence[ModelMessage]) -> bool:
    """Whether this is the beginning: one text, nothing said or done before, nothing attached.

    A student learns from single requests. What goes on with a conversation, or reads what calls have returned, is the
    teacher's, so a call that was refused or went wrong is never the student's to try again.
    """
    if len(messages) != 1 or not isinstance(messages[0], ModelRequest):
        return False
    prompts = [part for part in messages[0].parts if isinstance(part, UserPromptPart)]
    return len(prompts) == 1 and isinstance(prompts[0].content, str)


def _bare(messages: Sequence[ModelMessage]) -> list[ModelMessage]:
    """The request without the runtime's instructions, as students learn it: they know their tools, and little else."""
    return [
        replace(message, instructions=None) if isinstance(message, ModelRequest) else message for message in messages
    ]


def _judged(calls: Sequence[ToolCallPart], mine: Mapping[str, Mapping[str, Any]]) -> tuple[Outcome, str]:
    """Whether what a student proposes counts, and if not, why."""
    if not calls:
        return "abstained", ""
    for call in calls:
        if call.tool_name not in mine:
            return "not promoted", f"{call.tool_name} is not the local model's"
        try:
            found = faults(arguments_of(call), mine[call.tool_name])
        except ValueError as error:
            return "invalid", str(error)[:300]
        if found:
            return "invalid", f"{call.tool_name}: {found[0].message}"[:300]
    return "served", ""


def _marked(response: ModelResponse, seen: dict[str, Any] | None) -> ModelResponse:
    return replace(response, metadata={**(response.metadata or {}), METADATA_KEY: seen}) if seen else response
