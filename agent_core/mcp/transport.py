"""How a server is reached: the SDK's own transports, with bounds on what they take and nothing of ours leaking out."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client

from agent_core.errors import ConfigurationError
from agent_core.settings.mcp_servers import McpServer
from agent_core.tools import guard

MAX_MESSAGE_BYTES = 8 * 1024**2
"""The longest message that is taken: a result of 2 million characters, however it is escaped."""
MAX_RESPONSE_BYTES = 64 * 1024**2
"""All that one HTTP response may send, which may be a stream of many messages."""


@asynccontextmanager
async def started_program(
    name: str, server: McpServer, environ: dict[str, str], log: int
) -> AsyncGenerator[tuple[Any, Any]]:
    """The streams of a server that is started as a program; it has ended when this does.

    Args:
        name: The server's name, for messages.
        server: Its settings.
        environ: Its variables, with the secrets in them.
        log: A file descriptor that gets its stderr.

    Raises:
        ConfigurationError: there is no such program.
    """
    command = shutil.which(server.command, path=environ.get("PATH", os.environ.get("PATH")))
    if command is None:
        raise ConfigurationError(f"The MCP server {name!r} cannot be started: there is no program {server.command!r}.")
    guarded = StdioServerParameters(
        command=sys.executable,
        args=["-I", str(Path(guard.__file__)), str(MAX_MESSAGE_BYTES), command, *server.args],
        env=environ,
        # Not the workspace: a program looks for settings and modules where it is started, and anybody may write there.
        cwd=Path.home() if Path.home().is_dir() else "/",
        encoding_error_handler="replace",
    )
    with os.fdopen(os.dup(log), "w") as errors:
        async with stdio_client(guarded, errors) as streams:
            yield streams


@asynccontextmanager
async def reached_url(server: McpServer, headers: dict[str, str]) -> AsyncGenerator[tuple[Any, Any]]:
    """The streams of a server that answers by streamable HTTP. The SDK follows redirects within its origin only.

    A proxy of the environment is used as everywhere, but not on the way to this machine: it would get the headers, in
    which a server's password is, of what need not leave at all.
    """
    seconds = server.timeout_s
    async with (
        _BoundedClient(
            headers={**headers, "Accept-Encoding": "identity"},
            timeout=httpx2.Timeout(server.start_timeout_s, read=seconds + 1),
            trust_env=not server.on_this_machine,
        ) as client,
        streamable_http_client(server.url, http_client=client, max_sse_event_size=MAX_MESSAGE_BYTES) as streams,
    ):
        yield streams


class _BoundedClient(httpx2.AsyncClient):
    """Takes no more of a response than can be a message, and nothing packed: it could unpack to anything."""

    async def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        response = await super().send(request, **options)
        if response.headers.get("content-encoding", "identity") != "identity":
            await response.aclose()
            raise httpx2.RemoteProtocolError("the server sent a packed response, which was not asked for")
        streamed = response.headers.get("content-type", "").startswith("text/event-stream")
        limit = MAX_RESPONSE_BYTES if streamed else MAX_MESSAGE_BYTES
        if isinstance(response.stream, httpx2.AsyncByteStream):
            response.stream = _Bounded(response.stream, limit)
        return response


class _Bounded(httpx2.AsyncByteStream):
    """A response's bytes, up to a limit."""

    def __init__(self, stream: httpx2.AsyncByteStream, limit: int) -> None:
        self._stream = stream
        self._left = limit

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            self._left -= len(chunk)
            if self._left < 0:
                raise httpx2.StreamError("the server sent more than is taken")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


def log_reader(descriptor: int, path: Path, without_secrets: Callable[[str], str]) -> None:
    """Keep what a server writes to stderr, sanitised and bounded, until it ends; runs in a thread of its own."""
    from agent_core.gate.sanitise import sanitise

    fresh = not path.exists() or path.stat().st_size > _LONGEST_LOG
    left = _LONGEST_LOG
    with os.fdopen(descriptor, "rb") as source, open(path, "wb" if fresh else "ab", opener=_private) as log:
        while line := source.readline(_LONGEST_LINE):
            text = sanitise(without_secrets(line.decode("utf-8", "replace")))
            if left > 0:
                log.write(text.encode()[:left])
                log.flush()
                left -= len(text)


_LONGEST_LINE, _LONGEST_LOG = 16_384, 1_000_000
"""Bytes of a line, and of what one connection writes; a log that has grown beyond that begins anew."""


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
