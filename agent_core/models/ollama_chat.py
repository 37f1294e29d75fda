"""A pydantic-ai model on Ollama's native chat endpoint, where the context length can be set and is known.

pydantic-ai's own `OllamaModel` speaks the OpenAI-compatible endpoint, which takes no `num_ctx`: a prompt longer than
the server's default is cut there without a word, the oldest messages first.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import ollama
from pydantic_ai.exceptions import ModelAPIError, ModelContextWindowExceededError, ModelServerError, UserError
from pydantic_ai.messages import (
    FinishReason,
    ModelMessage,
    ModelResponse,
    ModelResponseStreamEvent,
    ToolCallPart,
)
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse, check_allow_model_requests
from pydantic_ai.profiles import InlineDefsJsonSchemaTransformer, ModelProfile, merge_profile
from pydantic_ai.providers.ollama import OllamaProvider
from pydantic_ai.settings import ModelSettings, ToolOrOutput
from pydantic_ai.tools import RunContext, ToolDefinition
from pydantic_ai.usage import RequestUsage

from agent_core.models.errors import PromptTooLongError
from agent_core.models.ollama import OllamaModelFacts, is_loopback
from agent_core.models.ollama_http import chat, client_for_one_request, context_tokens_granted, named_failures
from agent_core.models.ollama_wire import WireMessage, estimated_tokens, wire_messages, wire_tools
from agent_core.models.tokens import Calibration

_FINISH: dict[str, FinishReason] = {"stop": "stop", "length": "length"}
_ASIDE_TIMEOUT_S = 2.0
_OPTIONS = ("temperature", "top_p", "top_k", "seed", "presence_penalty", "frequency_penalty")


@dataclass(frozen=True)
class Prompt:
    """One request as it goes over the wire, and how long we think it is."""

    body: dict[str, Any]
    estimated: float
    """Tokens before calibration."""


class OllamaChatModel(Model[httpx.AsyncClient]):
    """`ollama:...` on the native endpoint: sets the context length, refuses what will not fit, notices a cut prompt."""

    def __init__(
        self,
        model_name: str,
        *,
        host: str,
        facts: OllamaModelFacts,
        num_ctx: int | None = None,
        keep_alive: str | None = None,
        settings: ModelSettings | None = None,
    ) -> None:
        """Describe the model; nothing is sent.

        Args:
            model_name: As Ollama calls it, with its tag.
            host: Base URL of the server.
            facts: What the server says about the model.
            num_ctx: Context length to run it with, in tokens; None takes what `facts` imply.
            keep_alive: How long it stays loaded after a request; None leaves it to the server.
            settings: Defaults for inference.
        """
        self._model_name = model_name
        self._host = host
        self.remote = facts.remote or not is_loopback(host)
        """Whether what is sent leaves this machine."""
        # Ollama takes seconds as a number ("-1": for ever), and as text only with a unit ("10m").
        self._keep_alive = int(keep_alive) if keep_alive and keep_alive.lstrip("-").isdecimal() else keep_alive
        self._calls_tools = facts.calls_tools
        self._num_ctx = facts.context_tokens(num_ctx)
        self._granted: int | None = None
        self._calibration = Calibration()
        profile = merge_profile(
            OllamaProvider.model_profile(model_name) or ModelProfile(),
            ModelProfile(
                supports_tools=facts.calls_tools,
                supports_thinking="thinking" in facts.capabilities,
                # Templates show the model no definitions beside a tool's parameters.
                json_schema_transformer=InlineDefsJsonSchemaTransformer,
                # Cloud models take a schema and ignore it.
                supports_json_schema_output=not facts.remote,
            ),
        )
        super().__init__(settings=settings, profile=profile)

    @property
    def model_name(self) -> str:
        """The name as Ollama knows it."""
        return self._model_name

    @property
    def system(self) -> str:
        """The provider's name."""
        return "ollama"

    @property
    def provider(self) -> None:
        """None: the connection lives only as long as one request."""
        return None

    @property
    def base_url(self) -> str:
        """Where requests go."""
        return self._host

    @property
    def context_tokens(self) -> int:
        """Prompt and reply together: what we ask for, or less where the server turned out to grant less."""
        return min(self._num_ctx, self._granted or self._num_ctx)

    @property
    def context_window(self) -> int:
        """The same, under the name by which pydantic-ai's compaction asks."""
        return self.context_tokens

    @property
    def tokens_per_estimate(self) -> float:
        """How many of this model's tokens one token of an uncalibrated estimate turned out to be."""
        return self._calibration.factor

    def estimate_tokens(
        self, messages: list[ModelMessage], model_request_parameters: ModelRequestParameters | None = None
    ) -> int:
        """How many tokens the prompt will have: rather too many, and corrected by what the server counted before."""
        parameters = model_request_parameters or ModelRequestParameters()
        prompt = self._prompt(messages, {}, parameters)
        return self._calibration.apply(prompt.estimated)

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """Ask once.

        The reply is streamed here too, so that a time-out means silence and not a long reply.

        Raises:
            PromptTooLongError: the prompt does not fit and was not sent, or the server refused or cut it.
            UserError: tools are offered to a model that cannot call any.
            ModelAPIError: the server could not be reached or refused.
        """
        async with self.request_stream(messages, model_settings, model_request_parameters) as stream:
            async for _ in stream:
                pass
        return stream.get()

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: RunContext[Any] | None = None,
    ) -> AsyncGenerator[StreamedResponse]:
        """Ask once and stream the answer; raises as `request` does, of a cut prompt at the end of the stream."""
        check_allow_model_requests()
        settings, parameters = self.prepare_request(model_settings, model_request_parameters)
        prompt = self._fitting_prompt(messages, settings or {}, parameters)
        async with client_for_one_request(self._host, settings or {}) as client:
            chunks = chat(client, self._model_name, prompt.body)
            try:
                yield _OllamaStream(
                    model_request_parameters=parameters, chunks=chunks, model=self, client=client, prompt=prompt
                )
            finally:
                # An abandoned stream is closed here, while its connection and its event loop still exist.
                await chunks.aclose()

    def _fitting_prompt(
        self, messages: list[ModelMessage], settings: ModelSettings, parameters: ModelRequestParameters
    ) -> Prompt:
        prompt = self._prompt(messages, settings, parameters)
        tokens = self._calibration.apply(prompt.estimated)
        context = self.context_tokens
        wanted = settings.get("max_tokens")
        reply_tokens = min(wanted or 1024, context // 4)
        if tokens + reply_tokens > context:
            raise PromptTooLongError(self._model_name, tokens, context)
        options: dict[str, Any] = {name: value for name in _OPTIONS if (value := settings.get(name)) is not None}
        # Without a bound, servers that know no `shift` drop the beginning of the conversation to go on writing.
        options["num_predict"] = min(wanted or context, max(context - tokens, reply_tokens))
        options["num_ctx"] = self._num_ctx
        if stop := settings.get("stop_sequences"):
            options["stop"] = stop
        prompt.body["options"] = options
        return prompt

    def _prompt(
        self, messages: list[ModelMessage], settings: ModelSettings, parameters: ModelRequestParameters
    ) -> Prompt:
        instructions = [part.content for part in self._get_instruction_parts(messages, parameters) or ()]
        wire: list[WireMessage] = wire_messages(messages, instructions)
        tools = wire_tools(_offered(settings, parameters))
        if tools and not self._calls_tools:
            raise UserError("it cannot call tools; choose one that can, see: agent-core models list")
        body: dict[str, Any] = {
            "model": self._model_name,
            "messages": wire,
            # What does not fit is to be refused: neither the oldest messages dropped nor the newest cut.
            "truncate": False,
            "shift": False,
        }
        given = {"tools": tools or None, "format": _output_format(parameters), "keep_alive": self._keep_alive}
        body |= {name: value for name, value in given.items() if value is not None}
        if parameters.thinking is not None:
            levels = isinstance(parameters.thinking, str) and self._model_name.startswith("gpt-oss")
            body["think"] = parameters.thinking if levels else bool(parameters.thinking)
        return Prompt(body, estimated_tokens(wire, tools))

    async def _learn_context(self, client: httpx.AsyncClient) -> None:
        """Ask once, when the model is loaded, what context length it really got."""
        if self._granted is not None:
            return
        try:
            # The reply is there already; a server that is slow to tell must not hold it up.
            async with asyncio.timeout(_ASIDE_TIMEOUT_S):
                with named_failures(self._model_name, self._host):
                    self._granted = await context_tokens_granted(client, self._model_name)
        except (ModelAPIError, TimeoutError):
            return

    async def finished(self, client: httpx.AsyncClient, prompt: Prompt, reply: ollama.ChatResponse) -> None:
        """Learn from a finished reply, and refuse it if the server had cut its prompt.

        Old servers cut although they were told to refuse. A cut prompt fills the context to the brim, or, where whole
        messages were dropped, is one that we would not have sent had we known how much context the server grants.

        Raises:
            PromptTooLongError: the prompt was cut.
        """
        await self._learn_context(client)
        expected = self._calibration.apply(prompt.estimated)
        counted = reply.prompt_eval_count or 0
        self._calibration.learn(prompt.estimated, counted)
        if counted >= self.context_tokens - 1 or expected > self.context_tokens:
            raise PromptTooLongError(self._model_name, max(counted, expected), self.context_tokens, "cut")

    async def refused(self, client: httpx.AsyncClient, prompt: Prompt) -> PromptTooLongError:
        """The error for a prompt that the server would not read, whose length was estimated too low."""
        await self._learn_context(client)
        at_least = self.context_tokens + 1
        self._calibration.learn(prompt.estimated, at_least)
        return PromptTooLongError(self._model_name, at_least, self.context_tokens, "refused")


@dataclass
class _OllamaStream(StreamedResponse):
    """The chunks of one streamed reply as pydantic-ai's events."""

    chunks: AsyncIterator[ollama.ChatResponse]
    model: OllamaChatModel
    client: httpx.AsyncClient
    prompt: Prompt
    started: datetime = field(default_factory=lambda: datetime.now(UTC))

    async def _get_event_iterator(self) -> AsyncIterator[ModelResponseStreamEvent]:
        model = self.model
        last: ollama.ChatResponse | None = None
        try:
            with named_failures(model.model_name, model.base_url):
                async for chunk in self.chunks:
                    last = chunk
                    for event in self._events(chunk.message):
                        yield event
        except ModelContextWindowExceededError as error:
            raise await model.refused(self.client, self.prompt) from error
        if last is None:
            raise ModelServerError(model.model_name, "Ollama ended the reply before it began.")
        if not last.done:
            # A connection that breaks raises. This one was closed properly: Ollama gives up so, without a word, on a
            # model that has written the same token thirty times. To ask again would end in the same way.
            self.finish_reason = "length"
            return
        self._usage = _usage(last)
        called = any(isinstance(part, ToolCallPart) for part in self._parts_manager.get_parts())
        self.finish_reason = "tool_call" if called else _FINISH.get(last.done_reason or "")
        await model.finished(self.client, self.prompt, last)

    def _events(self, message: ollama.Message) -> Iterator[ModelResponseStreamEvent]:
        if message.thinking:
            yield from self._parts_manager.handle_thinking_delta(vendor_part_id="thinking", content=message.thinking)
        if message.content:
            yield from self._parts_manager.handle_text_delta(
                vendor_part_id="content",
                content=message.content,
                thinking_tags=self.model.profile.get("thinking_tags"),
                ignore_leading_whitespace=True,
            )
        for call in message.tool_calls or ():
            yield self._parts_manager.handle_part(vendor_part_id=None, part=_call_part(call))

    async def close_stream(self) -> None:
        """Close the connection, which also stops Ollama from writing on."""
        await self.client.aclose()

    @property
    def model_name(self) -> str:
        """The name as Ollama knows it."""
        return self.model.model_name

    @property
    def provider_name(self) -> str:
        """The provider's name."""
        return self.model.system

    @property
    def provider_url(self) -> str:
        """Where the reply came from."""
        return self.model.base_url

    @property
    def timestamp(self) -> datetime:
        """When the request was made."""
        return self.started


def _offered(settings: ModelSettings, parameters: ModelRequestParameters) -> list[ToolDefinition]:
    """The tools to send. Ollama has no tool choice, so what may not be called is not shown."""
    tools = [*parameters.declared_function_tools, *parameters.output_tools]
    choice = settings.get("tool_choice")
    if choice == "none":
        return list(parameters.output_tools)
    if isinstance(choice, ToolOrOutput):
        output = {tool.name for tool in parameters.output_tools}
        return [tool for tool in tools if tool.name in output or tool.name in choice.function_tools]
    return [tool for tool in tools if tool.name in choice] if isinstance(choice, list) else tools


def _output_format(parameters: ModelRequestParameters) -> Any:
    if parameters.output_mode == "native" and parameters.output_object is not None:
        return parameters.output_object.json_schema
    return "json" if parameters.output_mode == "prompted" and not parameters.function_tools else None


def _call_part(call: ollama.Message.ToolCall) -> ToolCallPart:
    return ToolCallPart(call.function.name, dict(call.function.arguments))


def _usage(reply: ollama.ChatResponse) -> RequestUsage:
    return RequestUsage(input_tokens=reply.prompt_eval_count or 0, output_tokens=reply.eval_count or 0)
