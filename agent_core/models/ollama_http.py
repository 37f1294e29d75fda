"""How one request reaches Ollama's native endpoint, and what its failures are called.

Ollama's client has exceptions of its own, which lose the response's headers and do not tell a refusal from a passing
fault. Here they become pydantic-ai's, by which retries and fallbacks decide.
"""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager
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
from pydantic_ai.settings import ModelSettings

from agent_core.models.ollama import client_options

_CONNECT_TIMEOUT_S = 5.0


def client_for_one_request(host: str, model_name: str, settings: ModelSettings) -> ollama.AsyncClient:
    """A client that is closed after the request: nothing to close later, and no tie to an event loop."""

    async def raise_for_status(response: httpx.Response) -> None:
        if response.is_error:
            await response.aread()
            raise _http_error(model_name, response)

    timeout = settings.get("timeout")
    return ollama.AsyncClient(
        host,
        timeout=httpx.Timeout(timeout, connect=_CONNECT_TIMEOUT_S) if isinstance(timeout, int | float) else timeout,
        headers=settings.get("extra_headers"),
        event_hooks={"response": [raise_for_status]},
        **client_options(host),
    )


@contextmanager
def named_failures(model_name: str, host: str) -> Generator[None]:
    """Raise whatever the client raises as the `ModelAPIError` that it means."""
    try:
        yield
    except httpx.TimeoutException as error:
        raise ModelTimeoutError(model_name, f"Ollama was silent for too long ({type(error).__name__}).") from error
    except (httpx.TransportError, httpx.StreamError, ConnectionError, json.JSONDecodeError) as error:
        raise ModelConnectionError(model_name, str(error) or type(error).__name__) from error
    except ollama.ResponseError as error:
        raise ModelServerError(model_name, f"Ollama: {error.error}", in_stream=True) from error
    except ValueError as error:
        # A reply that is JSON but not Ollama's: a proxy, or another server on this port.
        reason = f"{host} does not answer as Ollama does ({type(error).__name__})"
        raise ModelServerError(model_name, reason) from error


def _http_error(model_name: str, response: httpx.Response) -> ModelAPIError:
    return ModelHTTPError.for_category(
        _category(response.status_code),
        status_code=response.status_code,
        model_name=model_name,
        body=_error_text(response.text),
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


def _error_text(text: str) -> str:
    try:
        body = json.loads(text)
    except ValueError:
        return text[:500]
    return str(body.get("error", text))[:500] if isinstance(body, dict) else text[:500]
