"""A pydantic-ai model on Ollama's native chat endpoint, where the context length can be set and is known.

pydantic-ai's own `OllamaModel` speaks the OpenAI-compatible endpoint, which takes no `num_ctx`: a prompt longer than
the server's default is cut there without a word, tools and instructions first.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import ollama
from pydantic_ai.exceptions import (
    ModelAPIError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelHTTPError,
    ModelNotFoundError,
    ModelRateLimitError,
    ModelRequestRejectedError,
    ModelServerError,
    ModelTimeoutError,
    ModelUnavailableError,
)
from pydantic_ai.messages import (
    FinishReason,
    ModelMessage,
    ModelResponse,
    ModelResponsePart,
    ModelResponseStreamEvent,
    TextPart,
    ThinkingPart,
    ToolCallPart,
)
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse, check_allow_model_requests
from pydantic_ai.profiles import InlineDefsJsonSchemaTransformer, ModelProfile, merge_profile
from pydantic_ai.providers.ollama import OllamaProvider
from pydantic_ai.settings import ModelSettings, ToolOrOutput
from pydantic_ai.tools import RunContext, ToolDefinition
from pydantic_ai.usage import RequestUsage

from agent_core.models.errors import PromptTooLongError
from agent_core.models.ollama import OllamaModelFacts, client_options
from agent_core.models.ollama_wire import WireMessage, estimated_tokens, wire_messages, wire_tools
from agent_core.models.tokens import Calibration

_FINISH: dict[str, FinishReason] = {"stop": "stop", "length": "length"}
_OPTIONS = ("temperature", "top_p", "top_k", "seed", "presence_penalty", "frequency_penalty")


@dataclass(frozen=True)
class _Prompt:
    """One request as it goes over the wire, and how long we think it is."""

    arguments: dict[str, Any]
    estimated: float
    """Tokens before calibration."""


class OllamaChatModel(Model["ollama.AsyncClient"]):
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
        self._facts = facts
        self._keep_alive = keep_alive
        self._num_ctx = facts.context_tokens(num_ctx)
        self._granted: int | None = None
        self._calibration = Calibration()
        profile = merge_profile(
            OllamaProvider.model_profile(model_name) or ModelProfile(),
            ModelProfile(
                supports_tools=facts.calls_tools,
                supports_thinking="thinking" in facts.capabilities,
                # Ollama's client keeps no definitions beside a tool's parameters.
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

        Raises:
            PromptTooLongError: the prompt does not fit and was not sent, or the server cut it.
            ModelAPIError: the server could not be reached or refused.
        """
        check_allow_model_requests()
        settings, parameters = self.prepare_request(model_settings, model_request_parameters)
        prompt = self._fitting_prompt(messages, settings or {}, parameters)
        async with self._client(settings or {}) as client:
            with self._mapped_errors():
                reply = await client.chat(**prompt.arguments, stream=False)
            await self._learn_context(client)
        self._check(prompt, reply)
        return ModelResponse(
            parts=_parts(reply.message),
            usage=_usage(reply),
            model_name=self._model_name,
            timestamp=datetime.now(UTC),
            provider_name=self.system,
            provider_url=self._host,
            finish_reason=_finish_reason(reply),
        )

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: RunContext[Any] | None = None,
    ) -> AsyncGenerator[StreamedResponse]:
        """Ask once and stream the answer; raises as `request` does, a cut prompt at the end of the stream."""
        check_allow_model_requests()
        settings, parameters = self.prepare_request(model_settings, model_request_parameters)
        prompt = self._fitting_prompt(messages, settings or {}, parameters)
        async with self._client(settings or {}) as client:
            with self._mapped_errors():
                chunks = await client.chat(**prompt.arguments, stream=True)
            try:
                yield _OllamaStream(
                    model_request_parameters=parameters, chunks=chunks, model=self, client=client, prompt=prompt
                )
            finally:
                # An abandoned stream is closed here, while its connection and its event loop still exist.
                await chunks.aclose()

    def _fitting_prompt(
        self, messages: list[ModelMessage], settings: ModelSettings, parameters: ModelRequestParameters
    ) -> _Prompt:
        prompt = self._prompt(messages, settings, parameters)
        tokens = self._calibration.apply(prompt.estimated)
        context = self.context_tokens
        wanted = settings.get("max_tokens")
        reply_tokens = min(wanted or 1024, context // 4)
        if tokens + reply_tokens > context:
            raise PromptTooLongError(self._model_name, tokens, context)
        options: dict[str, Any] = {name: value for name in _OPTIONS if (value := settings.get(name)) is not None}
        # Without a bound the server would drop the beginning of the conversation to go on writing.
        options["num_predict"] = min(wanted or context, max(context - tokens, reply_tokens))
        options["num_ctx"] = self._num_ctx
        if stop := settings.get("stop_sequences"):
            options["stop"] = stop
        prompt.arguments["options"] = options
        return prompt

    def _prompt(
        self, messages: list[ModelMessage], settings: ModelSettings, parameters: ModelRequestParameters
    ) -> _Prompt:
        instructions = [part.content for part in self._get_instruction_parts(messages, parameters) or ()]
        wire: list[WireMessage] = wire_messages(messages, instructions)
        tools = wire_tools(_offered(settings, parameters))
        arguments: dict[str, Any] = {
            "model": self._model_name,
            "messages": wire,
            "tools": tools,
            "format": _output_format(parameters),
            "keep_alive": self._keep_alive,
        }
        if parameters.thinking is not None:
            levels = isinstance(parameters.thinking, str) and self._model_name.startswith("gpt-oss")
            arguments["think"] = parameters.thinking if levels else bool(parameters.thinking)
        return _Prompt(arguments, estimated_tokens(wire, tools))

    def _client(self, settings: ModelSettings) -> ollama.AsyncClient:
        """A client for one request: nothing to close later, and no tie to an event loop."""
        timeout = settings.get("timeout")
        return ollama.AsyncClient(
            self._host,
            timeout=httpx.Timeout(timeout, connect=5.0) if isinstance(timeout, int | float) else timeout,
            headers=settings.get("extra_headers"),
            event_hooks={"response": [self._raise_for_status]},
            **client_options(self._host),
        )

    async def _raise_for_status(self, response: httpx.Response) -> None:
        """Turn an HTTP error into pydantic-ai's while its headers are at hand: Ollama's own exception loses them."""
        if not response.is_error:
            return
        await response.aread()
        raise ModelHTTPError.for_category(
            _category(response.status_code),
            status_code=response.status_code,
            model_name=self._model_name,
            body=_error_text(response.text),
            headers=dict(response.headers),
        )

    @contextmanager
    def _mapped_errors(self) -> Generator[None]:
        """Everything that the client raises, as pydantic-ai's errors, which say whether a retry makes sense."""
        name = self._model_name
        try:
            yield
        except ModelAPIError:
            raise
        except httpx.TimeoutException as error:
            raise ModelTimeoutError(name, f"Ollama was silent for too long ({type(error).__name__}).") from error
        except (httpx.TransportError, ConnectionError, json.JSONDecodeError, httpx.StreamError) as error:
            raise ModelConnectionError(name, str(error) or type(error).__name__) from error
        except ollama.ResponseError as error:
            raise ModelServerError(name, f"Ollama: {error.error}", in_stream=True) from error
        except ValueError as error:
            # A reply that is JSON but not Ollama's: a proxy, or another server on this port.
            raise ModelServerError(
                name, f"{self._host} did not answer as Ollama does: {type(error).__name__}"
            ) from error

    async def _learn_context(self, client: ollama.AsyncClient) -> None:
        """Ask once, when the model is loaded, what context length it really got."""
        if self._granted is not None:
            return
        try:
            running = (await client.ps()).models
        except (httpx.HTTPError, ConnectionError, ValueError, ollama.ResponseError, ModelAPIError):
            return
        wanted = self._model_name.removesuffix(":latest")
        loaded = (entry for entry in running if (entry.model or "").removesuffix(":latest") == wanted)
        self._granted = next((entry.context_length for entry in loaded if entry.context_length), None)

    def _check(self, prompt: _Prompt, reply: ollama.ChatResponse) -> None:
        """Learn from the server's count, and refuse an answer that was given to a cut prompt.

        A cut prompt fills the context to the brim, or, where whole messages were dropped, is one that we would not
        have sent had we known how much context the server grants.
        """
        expected = self._calibration.apply(prompt.estimated)
        counted = reply.prompt_eval_count or 0
        self._calibration.learn(prompt.estimated, counted)
        if counted >= self.context_tokens - 1 or expected > self.context_tokens:
            raise PromptTooLongError(self._model_name, max(counted, expected), self.context_tokens, was_cut=True)


@dataclass
class _OllamaStream(StreamedResponse):
    """The chunks of one streamed reply as pydantic-ai's events."""

    chunks: AsyncIterator[ollama.ChatResponse]
    model: OllamaChatModel
    client: ollama.AsyncClient
    prompt: _Prompt
    started: datetime = field(default_factory=lambda: datetime.now(UTC))

    async def _get_event_iterator(self) -> AsyncIterator[ModelResponseStreamEvent]:
        model = self.model
        last: ollama.ChatResponse | None = None
        with model._mapped_errors():  # pyright: ignore[reportPrivateUsage] - one class in two parts
            async for chunk in self.chunks:
                last = chunk
                for event in self._events(chunk.message):
                    yield event
        if last is None or not last.done:
            raise ModelConnectionError(model.model_name, "The stream ended before the reply was finished.")
        self._usage = _usage(last)
        self.finish_reason = _finish_reason(last)
        await model._learn_context(self.client)  # pyright: ignore[reportPrivateUsage]
        model._check(self.prompt, last)  # pyright: ignore[reportPrivateUsage]

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
        await self.client.close()

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


def _parts(message: ollama.Message) -> list[ModelResponsePart]:
    parts: list[ModelResponsePart] = []
    if message.thinking:
        parts.append(ThinkingPart(message.thinking))
    if message.content:
        parts.append(TextPart(message.content))
    parts.extend(_call_part(call) for call in message.tool_calls or ())
    return parts


def _call_part(call: ollama.Message.ToolCall) -> ToolCallPart:
    return ToolCallPart(call.function.name, dict(call.function.arguments))


def _usage(reply: ollama.ChatResponse) -> RequestUsage:
    return RequestUsage(input_tokens=reply.prompt_eval_count or 0, output_tokens=reply.eval_count or 0)


def _finish_reason(reply: ollama.ChatResponse) -> FinishReason | None:
    return "tool_call" if reply.message.tool_calls else _FINISH.get(reply.done_reason or "")


def _category(status: int) -> Any:
    exact = {401: ModelAuthenticationError, 403: ModelAuthenticationError, 404: ModelNotFoundError}
    exact |= {429: ModelRateLimitError, 503: ModelUnavailableError}
    return exact.get(status, ModelServerError if status >= 500 else ModelRequestRejectedError)


def _error_text(text: str) -> str:
    try:
        body = json.loads(text)
    except ValueError:
        return text[:500]
    return str(body.get("error", text))[:500] if isinstance(body, dict) else text[:500]
