"""One turn: one request to a model, and its response as text or as calls that have not run.

No agent runs between a response and its calls. They pass the gate one by one, outside: the response is durable before
them, the arguments that are checked are those that run, and a crash, an approval or a denial all go on in the same
way - with the next turn.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from pydantic_ai.capabilities import AbstractCapability
from pydantic_ai.direct import model_request, model_request_stream
from pydantic_ai.exceptions import (
    AgentRunError,
    FallbackExceptionGroup,
    ModelAPIError,
    UnexpectedModelBehavior,
    UserError,
)
from pydantic_ai.messages import (
    ModelMessage,
    ModelMessagesTypeAdapter,
    ModelRequest,
    ModelResponse,
    PartDeltaEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
    ToolCallPart,
    ToolReturnPart,
    UserContent,
    UserPromptPart,
)
from pydantic_ai.models import Model, ModelRequestContext, ModelRequestParameters
from pydantic_ai.settings import ModelSettings
from pydantic_ai.tools import RunContext, ToolDefinition
from pydantic_ai.usage import RunUsage

from agent_core.errors import ConfigurationError, ModelError
from agent_core.json_values import as_json, is_finite
from agent_core.models.compaction import UNKNOWN_CONTEXT_TOKENS
from agent_core.models.errors import PromptTooLongError, as_model_error

EMPTY_REPLIES = 2
"""A model that says nothing is asked once more; then it is reported."""
MAX_RETURN_CHARS = 100_000
"""How much of one result a model is given to read; the journal and the steps of a plan have all of it."""


@dataclass
class Conversation:
    """What one agent and its model have said: pydantic-ai's messages, and how many responses are among them."""

    messages: list[ModelMessage] = field(default_factory=list[ModelMessage])
    turn: int = 0
    chars: int = 0
    """About how long the messages are, as JSON."""

    def open_calls(self) -> list[ToolCallPart]:
        """Calls of the last response that have no return yet."""
        answered: set[str] = set()
        for message in reversed(self.messages):
            if isinstance(message, ModelResponse):
                return [part for part in message.tool_calls if part.tool_call_id not in answered]
            answered |= {part.tool_call_id for part in message.parts if isinstance(part, ToolReturnPart)}
        return []

    def text(self) -> str:
        """The text of the last response."""
        last = next((m for m in reversed(self.messages) if isinstance(m, ModelResponse)), None)
        return "".join(part.content for part in last.parts if isinstance(part, TextPart)) if last else ""

    def returned(self, returns: Sequence[ToolReturnPart]) -> None:
        """Give the calls their returns; of a long one the model reads the beginning."""
        returns = [_shortened(part) for part in returns]
        last = self.messages[-1]
        if isinstance(last, ModelRequest):  # pydantic-ai answered some calls itself (an unknown tool)
            self.messages[-1] = ModelRequest(parts=[*last.parts, *returns])
        else:
            self.messages.append(ModelRequest(parts=list(returns)))

    def dump(self) -> str:
        """The messages as JSON."""
        try:
            text = ModelMessagesTypeAdapter.dump_json(self.messages).decode()
        except ValueError:  # half a character, or what JSON cannot hold: what is journaled is what goes on
            plain = as_json(ModelMessagesTypeAdapter.dump_python(self.messages))
            self.messages = ModelMessagesTypeAdapter.validate_python(plain)
            text = ModelMessagesTypeAdapter.dump_json(self.messages).decode()
        self.chars = len(text)
        return text

    @classmethod
    def load(cls, messages: str, turn: int) -> Conversation:
        """The conversation from its JSON."""
        return cls(ModelMessagesTypeAdapter.validate_json(messages), turn, len(messages))


def _shortened(part: ToolReturnPart) -> ToolReturnPart:
    text = part.model_response_str()
    if len(text) <= MAX_RETURN_CHARS:
        return part
    note = f"(the first {MAX_RETURN_CHARS:,} of {len(text):,} characters; ask for less, or refer to it in a plan)"
    return replace(part, content=f"{text[:MAX_RETURN_CHARS]}\n{note}")


@dataclass(frozen=True)
class Speaker:
    """Who takes the turn: a model with its settings, instructions, and the tools that it is shown."""

    model: Model
    instructions: str = ""
    tools: Sequence[ToolDefinition] = ()
    settings: ModelSettings | None = None
    context_tokens: int | None = None
    """Prompt and reply together; None where nobody knows."""
    compaction: Callable[[], Sequence[AbstractCapability[Any]]] = list
    """What shortens a conversation that may not fit; it costs time, so it is used only when that is possible."""

    @cached_property
    def chars(self) -> int:
        """About how long instructions and tool definitions are together: every request carries them."""
        shown = sum(len(tool.description or "") + len(str(tool.parameters_json_schema)) for tool in self.tools)
        return len(self.instructions) + shown


async def take_turn(
    conversation: Conversation,
    speaker: Speaker,
    prompt: str | Sequence[UserContent] | None,
    on_text: Callable[[str], None] | None = None,
) -> RunUsage:
    """Ask the model once; the conversation then ends in its response. Streams only when somebody listens.

    Raises:
        ModelError: the model could not be reached or gave nothing usable; the conversation is as it was.
    """
    try:
        messages, usage = await _ask(conversation, speaker, prompt, on_text)
    except UserError as error:
        raise ConfigurationError(f"The model {speaker.model.model_name!r} cannot be used: {error}") from error
    except (ModelAPIError, FallbackExceptionGroup) as error:
        raise as_model_error(error) from error
    except AgentRunError as error:
        raise ModelError(f"The model {speaker.model.model_name!r} did not answer: {error}") from error
    conversation.messages = messages
    conversation.turn += 1
    return usage


async def _ask(
    conversation: Conversation, speaker: Speaker, prompt: Any, on_text: Callable[[str], None] | None
) -> tuple[list[ModelMessage], RunUsage]:
    """The request alone: an agent run around it would cost twenty times its CPU, and would judge the calls itself."""
    instructions = speaker.instructions or None
    if prompt is not None:
        request = ModelRequest(parts=[UserPromptPart(prompt)], instructions=instructions)
        messages = [*conversation.messages, request]
    else:
        last = conversation.messages[-1]
        assert isinstance(last, ModelRequest), "a turn follows a prompt or the returns of calls"
        messages = [*conversation.messages[:-1], replace(last, instructions=instructions)]
    parameters = ModelRequestParameters(function_tools=list(speaker.tools), allow_text_output=True)
    usage = RunUsage()
    if _may_be_long(conversation, speaker, prompt):
        messages = await _compacted(messages, speaker, parameters, usage)
    for _ in range(EMPTY_REPLIES):
        try:
            response = await _response(messages, speaker, parameters, on_text)
        except PromptTooLongError as error:
            if error.outcome != "refused":
                raise
            # Nothing was read or said yet, and now the model is known to make more tokens of a text than we thought.
            messages = await _compacted(messages, speaker, parameters, usage)
            response = await _response(messages, speaker, parameters, on_text)
        if response.tool_calls or any(isinstance(part, TextPart) and part.content.strip() for part in response.parts):
            return [*messages, response], usage + response.usage
    raise UnexpectedModelBehavior(f"its reply was empty, {EMPTY_REPLIES} times")


async def _response(
    messages: list[ModelMessage],
    speaker: Speaker,
    parameters: ModelRequestParameters,
    on_text: Callable[[str], None] | None,
) -> ModelResponse:
    if on_text is None:
        return await model_request(
            speaker.model, messages, model_settings=speaker.settings, model_request_parameters=parameters
        )
    async with model_request_stream(
        speaker.model, messages, model_settings=speaker.settings, model_request_parameters=parameters
    ) as stream:
        async for event in stream:
            _tell_text(event, on_text)
        return stream.get()


async def _compacted(
    messages: list[ModelMessage], speaker: Speaker, parameters: ModelRequestParameters, usage: RunUsage
) -> list[ModelMessage]:
    """The messages, shortened where they would not fit. What a summary costs is added to `usage`."""
    context: RunContext[None] = RunContext(
        deps=None, model=speaker.model, usage=usage, messages=list(messages), run_id=secrets.token_hex(8)
    )
    request = ModelRequestContext(
        model=speaker.model,
        messages=list(messages),
        model_settings=speaker.settings,
        model_request_parameters=parameters,
    )
    for capability in speaker.compaction():
        request = await capability.before_model_request(context, request)
    return request.messages


def _tell_text(event: Any, on_text: Callable[[str], None]) -> None:
    if isinstance(event, PartStartEvent) and isinstance(event.part, TextPart):
        on_text(event.part.content)
    elif isinstance(event, PartDeltaEvent) and isinstance(event.delta, TextPartDelta):
        on_text(event.delta.content_delta)


def _may_be_long(conversation: Conversation, speaker: Speaker, prompt: str | Sequence[UserContent] | None) -> bool:
    """Whether the context could be full: a token is at least one character, so this errs on the safe side."""
    returned = sum(len(str(part)) for part in conversation.messages[-1].parts) if conversation.messages else 0
    chars = speaker.chars + conversation.chars + returned + (sum(len(str(p)) for p in prompt) if prompt else 0)
    return chars > (speaker.context_tokens or UNKNOWN_CONTEXT_TOKENS) / 2


def arguments_of(call: ToolCallPart) -> dict[str, Any]:
    """The arguments of a call that a model wrote.

    Raises:
        ValueError: they are not a JSON object, or one that is nested too deeply or holds NaN.
    """
    try:
        args = call.args_as_dict(raise_if_invalid=True)
    except (ValueError, AssertionError):
        raise ValueError(f"the arguments of {call.tool_name} are not a JSON object: {str(call.args)[:200]}") from None
    try:
        plain = as_json(args)
    except ValueError as error:
        raise ValueError(f"the arguments of {call.tool_name} cannot be used: {error}") from None
    if not is_finite(args):
        raise ValueError(f"the arguments of {call.tool_name} hold NaN or an infinity; give a number")
    return plain
