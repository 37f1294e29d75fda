"""One connection to one server, over the official client: opened, listed, called, and closed whatever the server does.

Every wait is bounded. What a server asks of us (a model's words, the user's input, our folders) is refused by the
client, which offers none of it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import anyio
import httpx2
from mcp.client.session import ClientSession
from mcp.shared.exceptions import MCPError
from mcp_types import (
    CONNECTION_CLOSED,
    METHOD_NOT_FOUND,
    REQUEST_TIMEOUT,
    UNSUPPORTED_PROTOCOL_VERSION,
    CallToolResult,
    Implementation,
    PaginatedRequestParams,
    ToolListChangedNotification,
)
from pydantic import ValidationError

from agent_core.errors import AgentCoreError, OutcomeUnknownError, ToolError, TransientToolError
from agent_core.gate.known import KnownSecrets
from agent_core.gate.redact import StreamRedactor
from agent_core.gate.sanitise import sanitise_line
from agent_core.mcp.definitions import MAX_TOOLS, raw_definition
from agent_core.mcp.secrets import refuse_plain_secrets, resolved
from agent_core.settings.mcp_servers import McpServer

T = TypeVar("T")

MAX_PAGES = 20
"""Pages of a list of tools; one whose pages never end is cut off."""
_PING_S = 2.0

# The client logs what a server sends wrong; where nobody set logging up, Python would print that to the terminal.
for _name in ("mcp", "client", "httpx2", "httpcore2"):
    logging.getLogger(_name).addHandler(logging.NullHandler())


class Lost(Exception):
    """The connection ended, or stopped answering, before there was a reply."""


class _Watched:
    """A stream of messages that tells when it has ended: then the next call begins with a new connection."""

    def __init__(self, stream: Any, on_end: Callable[[], None]) -> None:
        self._stream = stream
        self._on_end = on_end

    async def receive(self) -> Any:
        try:
            return await self._stream.receive()
        except (anyio.EndOfStream, anyio.ClosedResourceError, anyio.BrokenResourceError):
            self._on_end()
            raise

    async def __anext__(self) -> Any:
        try:
            return await self.receive()
        except anyio.EndOfStream:
            raise StopAsyncIteration from None

    def __aiter__(self) -> _Watched:
        return self

    async def __aenter__(self) -> _Watched:
        await self._stream.__aenter__()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self._stream.__aexit__(*exc_info)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class _Session(ClientSession):
    """The SDK's session; results are checked by us, against schemas that were made safe."""

    async def validate_tool_result(self, name: str, result: CallToolResult) -> None:
        """Leave it: the schema is as the server wrote it."""


class Connection:
    """A server that is connected, as long as `serve` runs. Everything happens on one event loop."""

    def __init__(self, name: str, server: McpServer, log: Path) -> None:
        self._name = name
        self._server = server
        self._log = log
        self._secrets = KnownSecrets()
        self._session: _Session | None = None
        self._unreached = False
        self._scope = anyio.CancelScope()
        self._end = anyio.Event()
        self.ready = anyio.Event()
        """Set when it is connected, or cannot be."""
        self.ended = anyio.Event()
        """Set when nothing of it is left."""
        self.failure: AgentCoreError | None = None
        """Why it could not be connected."""
        self.stale = True
        """Whether the list of tools has to be read (again)."""

    @property
    def usable(self) -> bool:
        """Whether calls may be tried on it."""
        return self._session is not None and not self._end.is_set() and not self.ended.is_set()

    async def serve(self) -> None:
        """Connect, and stay connected until `close`, or until the server is gone."""
        try:
            with self._scope:
                async with self._streams() as (incoming, outgoing):
                    info = Implementation(name="agent-core", version="1")
                    watched: Any = _Watched(incoming, self._end.set)
                    async with _Session(watched, outgoing, client_info=info, message_handler=self._notice) as session:
                        with anyio.move_on_after(self._server.start_timeout_s):
                            await _shake_hands(session)
                            self._session = session
                            self.ready.set()
                        if self._session is not None:
                            await self._end.wait()
        except AgentCoreError as error:
            self.failure = error
        except Exception as error:
            self._unreached = isinstance(_first(error), httpx2.ConnectError)
            self.failure = TransientToolError(self._told(f"could not be connected ({_reason(error)})"))
        finally:
            seconds = self._server.start_timeout_s
            self.failure = self.failure or TransientToolError(self._told(f"did not answer within {seconds:g} s"))
            self.ended.set()
            self.ready.set()

    def close(self) -> None:
        """Disconnect; `ended` says when that is done."""
        self._end.set()
        if self._session is None:
            self._scope.cancel()

    def kill(self) -> None:
        """Disconnect without waiting for anything that the server may still have to say."""
        self._scope.cancel()

    async def list_tools(self) -> list[dict[str, Any]]:
        """The definitions of all its tools, as they were given.

        Raises:
            ToolError: it did not say.
        """
        self.stale = False
        listed: list[dict[str, Any]] = []
        try:
            with anyio.fail_after(self._server.start_timeout_s):
                cursor: str | None = None
                for _ in range(MAX_PAGES):
                    params = PaginatedRequestParams(cursor=cursor) if cursor else None
                    page = await self._alive(lambda session, params=params: session.list_tools(params=params))
                    listed += [raw_definition(tool.model_dump(mode="json", by_alias=True)) for tool in page.tools]
                    cursor = page.next_cursor
                    if not cursor or len(listed) > 10 * MAX_TOOLS:
                        break
        except (TimeoutError, Lost, MCPError, ValidationError, RuntimeError) as error:
            self.stale = True
            self.close()
            reason = f"in {self._server.start_timeout_s:g} s" if isinstance(error, TimeoutError) else _reason(error)
            raise TransientToolError(self._told(f"did not say which tools it has ({reason})")) from None
        return listed

    async def call(self, tool: str, arguments: dict[str, Any]) -> CallToolResult:
        """Call a tool of the server, by its own name for it.

        Raises:
            OutcomeUnknownError: it was asked, and never answered.
            ToolError: it refused, in its own words.
        """
        seconds = self._server.timeout_s
        try:
            return await self._alive(lambda session: session.call_tool(tool, arguments, read_timeout_seconds=seconds))
        except Lost:
            raise self._gone() from None
        except MCPError as error:
            if error.code == REQUEST_TIMEOUT:
                await self._drop_unless_it_answers()
                raise OutcomeUnknownError(self._told(f"gave no answer within {seconds:g} s")) from None
            if error.code == CONNECTION_CLOSED:
                raise self._gone() from None
            if self._server.url and error.message == "Session terminated":  # the client's words for an unknown session
                self.close()
                raise TransientToolError(self._told("has forgotten the session")) from None
            raise ToolError(self._told(f"refused the call: {self.without_secrets(_reason(error))}")) from None
        except (ValidationError, RuntimeError) as error:
            # It answered, and nobody can read what: the call may have happened.
            what = "asks for input, which is not given" if "InputRequired" in str(error) else "answered nonsense"
            raise OutcomeUnknownError(self._told(what)) from None

    def _gone(self) -> ToolError:
        self.close()
        if self._unreached:
            return TransientToolError(self._told("cannot be reached"))
        return OutcomeUnknownError(self._told("was gone before it answered"))

    def without_secrets(self, text: str) -> str:
        """`text` without what the server was told in confidence, and what else looks like a secret."""
        redactor = StreamRedactor(self._secrets)
        return redactor.feed(text) + redactor.close()

    async def _alive(self, work: Callable[[_Session], Awaitable[T]]) -> T:
        """Do something with the session, for as long as the connection lasts.

        Raises:
            Lost: it ended first.
        """
        session = self._session
        if session is None or not self.usable:
            raise Lost
        done: list[T] = []

        async def lost(scope: anyio.CancelScope) -> None:
            await self.ended.wait()
            scope.cancel()

        failure: Exception | None = None
        async with anyio.create_task_group() as waiting:
            waiting.start_soon(lost, waiting.cancel_scope)
            try:
                done.append(await work(session))
            except Exception as error:  # told to whoever asked, and not wrapped in a group
                failure = error
            waiting.cancel_scope.cancel()
        if failure is not None:
            raise failure
        if not done:
            raise Lost
        return done[0]

    async def _drop_unless_it_answers(self) -> None:
        """A server that hangs in one call may hang in all: then the next one begins with a new connection."""
        try:
            with anyio.fail_after(_PING_S):
                await self._alive(lambda session: session.send_ping())
        except (TimeoutError, Lost, MCPError, ValidationError):
            self.close()

    async def _notice(self, message: object) -> None:
        if isinstance(message, ToolListChangedNotification):
            self.stale = True

    @asynccontextmanager
    async def _streams(self) -> AsyncGenerator[tuple[Any, Any]]:
        from agent_core.mcp.transport import log_reader, reached_url, started_program

        refuse_plain_secrets(self._name, self._server)
        environ, of_environ = resolved(self._name, self._server.env)
        headers, of_headers = resolved(self._name, self._server.headers)
        self._secrets.replace(of_environ | of_headers)
        if self._server.url:
            async with reached_url(self._server, headers) as streams:
                yield streams
            return
        import os

        reading, writing = os.pipe()
        arguments = (reading, self._log, self.without_secrets)
        threading.Thread(target=log_reader, args=arguments, daemon=True, name=f"mcp-{self._name}-log").start()
        try:
            async with started_program(self._name, self._server, environ, writing) as streams:
                yield streams
        finally:
            os.close(writing)

    def _told(self, what: str) -> str:
        where = "" if self._server.url else f"; its log: {self._log}"
        return f"the MCP server {self._name!r} {what}{where}"


async def _shake_hands(session: ClientSession) -> None:
    """As every server does it, or, where one knows only the newer way, so."""
    try:
        await session.initialize()
    except MCPError as error:
        if error.code not in (UNSUPPORTED_PROTOCOL_VERSION, METHOD_NOT_FOUND):
            raise
        await session.discover()


def _first(error: BaseException) -> BaseException:
    """The error itself, or the first of a group."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _reason(error: BaseException) -> str:
    """What went wrong, in a line; a group of errors tells its first."""
    error = _first(error)
    if isinstance(error, ValidationError):
        return "it does not speak MCP as it should"
    return sanitise_line(str(error), 200) or type(error).__name__
