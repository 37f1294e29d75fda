"""What a failed model request says to a person, and the one error that the runtime can act on: too long a prompt."""

from __future__ import annotations

from typing import Literal, TypeAlias, cast

from pydantic_ai.exceptions import (
    AgentRunError,
    FallbackExceptionGroup,
    ModelAPIError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelContextWindowExceededError,
    ModelHTTPError,
    ModelNotFoundError,
    ModelQuotaExceededError,
    ModelRateLimitError,
    ModelRequestTimeout,
    ModelServerError,
    ModelTimeoutError,
    ModelUnavailableError,
)

from agent_core.errors import ModelError

_LONGEST_DETAIL = 300

PromptOutcome: TypeAlias = Literal["not sent", "refused", "cut"]
"""What became of a prompt that is too long."""
_OUTCOMES: dict[PromptOutcome, str] = {
    "not sent": "has about {} tokens",
    "refused": "has {} tokens or more",
    "cut": "of about {} tokens was cut by the server",
}


class PromptTooLongError(ModelContextWindowExceededError, ModelError):
    """The prompt does not fit into the model's context; it was not sent, refused, or answered from a cut copy.

    Compact the conversation and ask again.
    """

    def __init__(
        self, model_name: str, prompt_tokens: int, context_tokens: int, outcome: PromptOutcome = "not sent"
    ) -> None:
        told = _OUTCOMES[outcome].format(prompt_tokens)
        super().__init__(
            model_name,
            f"The prompt {told}, and {model_name!r} holds {context_tokens} with its reply; "
            "shorten the conversation or raise the Ollama setting num_ctx.",
        )
        self.prompt_tokens = prompt_tokens
        self.context_tokens = context_tokens
        self.outcome: PromptOutcome = outcome

    def __reduce__(self) -> tuple[type[PromptTooLongError], tuple[str, int, int, PromptOutcome]]:
        return type(self), (self.model_name, self.prompt_tokens, self.context_tokens, self.outcome)


def as_model_error(error: AgentRunError | FallbackExceptionGroup) -> ModelError:
    """The same failure as one line for a person: which model, what happened, what to do."""
    if isinstance(error, ModelError):
        return error
    if isinstance(error, FallbackExceptionGroup):
        reasons = [str(as_model_error(one)) for one in error.exceptions if isinstance(one, AgentRunError)]
        return ModelError("Every model of the fallback chain failed: " + " | ".join(reasons or [str(error)]))
    if isinstance(error, ModelAPIError):
        return ModelError(f"The model {error.model_name!r} {_what_happened(error)}")
    return ModelError(f"The model did not answer in a usable way: {_detail(error)}")


def _what_happened(error: ModelAPIError) -> str:
    if isinstance(error, ModelAuthenticationError):
        return "refused the key; check it with: agent-core keys set PROVIDER"
    if isinstance(error, ModelNotFoundError):
        suggestion = error.suggested_model_id if isinstance(error, ModelHTTPError) else None
        return f"does not exist there{f'; did you mean {suggestion!r}?' if suggestion else ''} ({_detail(error)})"
    if isinstance(error, ModelQuotaExceededError):
        return "has no quota left; waiting does not help"
    if isinstance(error, ModelRateLimitError):
        asked = f", which asks to wait {error.retry_after:g} s" if error.retry_after else ""
        return f"is rate limited{asked}; try again later or set a fallback model"
    if isinstance(error, ModelContextWindowExceededError):
        return "cannot take a prompt this long; shorten the conversation"
    if isinstance(error, ModelTimeoutError | ModelRequestTimeout):
        return "stopped answering; raise timeout_s if it only is slow"
    if isinstance(error, ModelConnectionError):
        return f"could not be reached or broke off ({_detail(error)})"
    if isinstance(error, ModelServerError | ModelUnavailableError):
        return f"keeps failing ({_detail(error)}); try again later or set a fallback model"
    return f"refused the request ({_detail(error)})"


def _detail(error: AgentRunError) -> str:
    text = f"HTTP {error.status_code}: {_said(error.body)}" if isinstance(error, ModelHTTPError) else str(error)
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST_DETAIL else text[: _LONGEST_DETAIL - 1] + "…"


def _said(body: object) -> str:
    """The message within an error body, as OpenAI, Anthropic, Google and Ollama nest it."""
    while isinstance(body, dict):
        fields = cast("dict[str, object]", body)
        body = next((fields[key] for key in ("error", "message", "detail") if fields.get(key)), "no reason given")
    return str(body or "no reason given")
