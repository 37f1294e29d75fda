"""How one request reaches Ollama's native endpoint, and what its failures are called.

Ollama's own client cannot ask the server to refuse a prompt that is too long instead of cutting it, drops most of a
tool's schema, and its exceptions do not tell a refusal from a passing fault. Its types of the replies are used here;
failures become pydantic-ai's, by which retries and fallbacks decide.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
import ollama
from pydantic_ai.exceptions import (
    ModelAPIError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelContextWindowExceededError,
    ModelHTTPError,
    ModelNotFoundError,
    ModelRateLimitError,
    ModelRequestRejectedError,
    ModelServerError,
    ModelTimeoutError,
    ModelUnavailableError,
)
from pydantic_ai.settings import ModelSettings

from agent_core.models.ollama import client_options, error_text, granted_tokens

_CONNECT_TIMEOUT_S = 5.0
_TOO_LONG = re.compile(r"exceed\w*\b.*\bcontext\b", re.IGNORECASE | re.DOTALL)


def client_for_one_request(host: str, settings: ModelSettings) -> httpx.AsyncClient:
    """A client that is closed after the request: nothing to close later, and no tie to an event loop."""
    timeout = settings.get("timeout")
    options = client_options(host)
    options["headers"] |= settings.get("extra_headers") or {}
    return httpx.AsyncClient(
        base_url=host,
        timeout=httpx.Timeout(timeout, connect=_CONNECT_TIMEOUT_S) if isinstance(timeout, int | float) else timeout,
        **options,
    )


async def chat(
    client: httpx.AsyncClient, model_name: str, body: Mapping[str, Any]
) -> AsyncGenerator[ollama.ChatResponse]:
    """The pieces of one reply. The last one is `done`, unless the server gave up on a model that repeats itself.

    Raises:
        ModelAPIError: the server refused or failed, before the reply or within it.
        httpx.HTTPError: it could not be reached, or the connection broke.
        ValueError: it answers with something else.
    """
    async with client.stream("POST", "/api/chat", json={**body, "stream": True}) as response:
        if not response.is_success:
            await response.aread()
            raise _http_error(model_name, response)
        async for line in response.aiter_lines():
            piece = json.loads(line)
            if isinstance(piece, dict) and "error" in piece:
                raise ModelServerError(model_name, f"Ollama: {piece['error']}", in_stream=True)
            yield ollama.ChatResponse.model_validate(piece)


async def context_tokens_granted(client: httpx.AsyncClient, model_name: str) -> int | None:
    """The context length with which the model is loaded; None if the server does not say.

    Raises:
        httpx.HTTPError: it could not be reached.
        ValueError: it answers with something else.
    """
    response = await client.get("/api/ps")
    return granted_tokens(ollama.ProcessResponse.model_validate_json(response.content), model_name)


@contextmanager
def named_failures(model_name: str, host: str) -> Generator[None]:
    """Raise whatever a request raises as the `ModelAPIError` that it means."""
    try:
        yield
    except httpx.TimeoutException as error:
        raise ModelTimeoutError(model_name, f"Ollama was silent for too long ({type(error).__name__}).") from error
    except (httpx.TransportError, httpx.StreamError, json.JSONDecodeError) as error:
        raise ModelConnectionError(model_name, str(error) or type(error).__name__) from error
    except ValueError as error:
        # A reply that is JSON but not Ollama's: a proxy, or another server on this port.
        reason = f"{host} does not answer as Ollama does ({type(error).__name__})"
        raise ModelServerError(model_name, reason) from error


def _http_error(model_name: str, response: httpx.Response) -> ModelAPIError:
    body = error_text(response.text)
    return ModelHTTPError.for_category(
        ModelContextWindowExceededError if _TOO_LONG.search(body) else _category(response.status_code),
        status_code=response.status_code,
        model_name=model_name,
        body=body,
        headers=dict(response.headers),
    )


def _category(status: int) -> Any:
    exact = {
        401: ModelAuthenticationError,
        403: ModelAuthenticationError,
        404: ModelNotFoundError,
        429: ModelRateLimitError,
        503: ModelUnavailableError,
    }
    return exact.get(status, ModelServerError if status >= 500 else ModelRequestRejectedError)
