"""The one place that sends a failed model request again.

It sits around the model and not in the HTTP transport, so that every provider and Ollama's own client are treated
alike, a stream that breaks before its first event is covered too, and pydantic-ai keeps care of its HTTP clients.
The retries of the providers' own clients are turned off: two layers would multiply.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, cast

from pydantic_ai.exceptions import (
    FallbackExceptionGroup,
    ModelAPIError,
    ModelConnectionError,
    ModelContextWindowExceededError,
    ModelHTTPError,
    ModelRateLimitError,
    ModelServerError,
    ModelUnavailableError,
)
from pydantic_ai.messages import ModelMessage, ModelResponse, ModelResponseStreamEvent
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.models.wrapper import WrapperModel
from pydantic_ai.settings import ModelSettings
from pydantic_ai.tools import RunContext
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt, wait_random_exponential

from agent_core.settings.sections import ModelRetries

_log = logging.getLogger(__name__)

_PASSING = (ModelRateLimitError, ModelUnavailableError, ModelServerError, ModelConnectionError)


def may_pass(error: BaseException) -> bool:
    """Whether the same request may succeed a little later."""
    if isinstance(error, ModelHTTPError) and error.provider_retry_hint is False:
        return False
    return isinstance(error, _PASSING)


def worth_another_model(error: Exception) -> bool:
    """Whether another model of the chain should be asked: any failure of the API, a time-out, no connection.

    Not when the prompt is too long: that is the runtime's to compact, or a long conversation would silently move to
    another, perhaps remote, model.
    """
    if isinstance(error, ModelContextWindowExceededError):
        return False
    return isinstance(error, ModelAPIError | FallbackExceptionGroup | ConnectionError | TimeoutError)


class RetryingModel(WrapperModel):
    """Sends a request again while its failure may pass, and never after something of the answer was handed on."""

    def __init__(self, wrapped: Model[Any], policy: ModelRetries) -> None:
        super().__init__(wrapped)
        self.policy = policy

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """Ask the wrapped model, as often as the policy allows."""
        once = self._without_sdk_retries(model_settings)
        async for attempt in self._attempts():
            with attempt:
                return await self.wrapped.request(messages, once, model_request_parameters)
        raise AssertionError("tenacity ends with a result or an exception")

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: RunContext[Any] | None = None,
    ) -> AsyncGenerator[StreamedResponse]:
        """Open a stream and wait for its first event; until then nothing was shown, and it can be opened again."""
        once = self._without_sdk_retries(model_settings)
        async with AsyncExitStack() as stack:
            opened: StreamedResponse | None = None
            async for attempt in self._attempts():
                with attempt:
                    opened = await self._open(stack, messages, once, model_request_parameters, run_context)
            assert opened is not None
            yield opened

    async def _open(
        self,
        stack: AsyncExitStack,
        messages: list[ModelMessage],
        model_settings: ModelSettings,
        model_request_parameters: ModelRequestParameters,
        run_context: RunContext[Any] | None,
    ) -> StreamedResponse:
        async with AsyncExitStack() as attempt:
            stream = await attempt.enter_async_context(
                self.wrapped.request_stream(messages, model_settings, model_request_parameters, run_context)
            )
            await hold_first_event(stream)
            # The stream works: from here on it is closed by whoever consumes it.
            stack.push_async_exit(attempt.pop_all())
            return stream

    def _without_sdk_retries(self, settings: ModelSettings | None) -> ModelSettings:
        chosen: dict[str, Any] = dict(settings or {})
        if "max_retries" not in self.wrapped.unsupported_settings:
            chosen["max_retries"] = 0
        return cast("ModelSettings", chosen)

    def _attempts(self) -> AsyncRetrying:
        backoff = wait_random_exponential(multiplier=self.policy.first_wait_s, max=self.policy.longest_wait_s)

        def wait_s(state: RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            asked = error.retry_after if isinstance(error, ModelAPIError) else None
            return backoff(state) if asked is None else min(asked, self.policy.longest_wait_s)

        def report(state: RetryCallState) -> None:
            error = state.outcome.exception() if state.outcome else None
            waiting = state.next_action.sleep if state.next_action else 0.0
            _log.info("%s: %s; asking again in %.1f s", self.model_name, type(error).__name__, waiting)

        return AsyncRetrying(
            retry=retry_if_exception(may_pass),
            stop=stop_after_attempt(self.policy.attempts),
            wait=wait_s,
            before_sleep=report,
            reraise=True,
        )


async def hold_first_event(stream: StreamedResponse) -> None:
    """Wait until `stream` has produced its first event, and give it to the consumer as if nobody had looked."""
    events = aiter(stream)
    try:
        first = await anext(events)
    except StopAsyncIteration:
        return
    # `StreamedResponse.__aiter__` hands out the iterator stored here; FallbackModel does the same.
    stream._event_iterator = _replayed(first, events)  # pyright: ignore[reportPrivateUsage]


async def _replayed(
    first: ModelResponseStreamEvent, rest: AsyncIterator[ModelResponseStreamEvent]
) -> AsyncIterator[ModelResponseStreamEvent]:
    yield first
    async for event in rest:
        yield event
