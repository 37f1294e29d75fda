"""All MCP servers of one assistant: which tools they have, by what was last read, and how a call reaches them.

Nothing is connected before a tool is called (or a server was never read): planning and listing live on what is pinned.
Connections live on an event loop of their own, in a thread, so that they serve any loop and outlive each.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from agent_core.errors import AgentCoreError, ConfigurationError, ToolError
from agent_core.mcp.definitions import Definition, Refused, read_definitions
from agent_core.mcp.loop_thread import LoopThread
from agent_core.mcp.pins import Change, PinFile, Pins
from agent_core.mcp.results import result_value
from agent_core.mcp.tools import as_tool
from agent_core.settings.mcp_servers import McpServer
from agent_core.tools.tool import Tool

if TYPE_CHECKING:
    import anyio

    from agent_core.mcp.connection import Connection

T = TypeVar("T")
OnChange = Callable[[str, Sequence[Change]], None]
"""`on_change(server, changes)`: told before the change is pinned, so that it cannot be missed."""
_CLOSE_S = 10.0
_NOT_AGAIN_S = 60.0
"""How long a server that could not be read is left alone."""


@dataclass
class ServerTools:
    """A server as it stands, without asking it."""

    name: str
    server: McpServer
    pins: Pins
    definitions: Mapping[str, Definition] = field(default_factory=dict[str, Definition])
    refused: Sequence[Refused] = ()
    problem: str = ""
    """Why it cannot be used at all."""

    @property
    def trusted(self) -> bool:
        """Whether the user trusts it, and it is still what they trusted."""
        return self.server.trusted and bool(self.pins.trusted) and not self.pins.changes

    @property
    def standing(self) -> str:
        """The same in words."""
        if self.problem:
            return "cannot be used"
        if not self.pins.read_at:
            return "not read yet"
        if self.pins.changes:
            return f"not trusted: changed {', '.join(change.tool for change in self.pins.changes)}"
        if not self.trusted:
            return "not trusted"
        doubtful = [d.remote_name for d in self.definitions.values() if not self.pins.trusts(d.remote_name)]
        return f"trusted, but for {', '.join(doubtful)}" if doubtful else "trusted"


class Servers:
    """The servers of the settings. Any number of calls at once, from any event loop."""

    def __init__(self, home: Path, servers: Mapping[str, McpServer], on_change: OnChange = lambda name, changes: None):
        """Nothing is started and nothing read yet.

        Args:
            home: The state folder: pins and logs lie in `mcp/` under it.
            servers: By name, as the settings have them.
            on_change: Told when a tool is not what it was.
        """
        self._home = home
        self._servers = dict(servers)
        self._on_change = on_change
        self._files = {name: PinFile(home, name, server) for name, server in servers.items()}
        self._links = {name: _Link(name, server, self._log(name)) for name, server in servers.items()}
        self._states: dict[str, tuple[tuple[int, int], ServerTools]] = {}
        self._failed: dict[str, float] = {}
        self._loop = LoopThread("mcp")

    def __bool__(self) -> bool:
        return bool(self._servers)

    @property
    def stamp(self) -> tuple[object, ...]:
        """Changes when what is known of a server does, also by another process."""
        return tuple(file.stamp for file in self._files.values())

    def states(self) -> list[ServerTools]:
        """Every server with the tools that it had when it was last read."""
        return [self.state(name) for name in self._servers]

    def state(self, name: str) -> ServerTools:
        """One of them."""
        stamp = self._files[name].stamp
        found = self._states.get(name)
        if found is None or found[0] != stamp:
            found = self._states[name] = (stamp, self._state(name))
        return found[1]

    def _state(self, name: str) -> ServerTools:
        server = self._servers[name]
        try:
            pins = self._files[name].load()
        except ConfigurationError as error:
            return ServerTools(name, server, Pins(), problem=str(error))
        definitions, refused = read_definitions(name, pins.listed, server.tools)
        refused += [Refused(tool, "the server has more than one tool of this name") for tool in pins.ambiguous]
        return ServerTools(name, server, pins, definitions, refused)

    def tools(self, taken: Mapping[str, Tool]) -> dict[str, Tool]:
        """The tools of all servers; none takes a name that is taken."""
        found: dict[str, Tool] = {}
        for state in self.states():
            for name, definition in state.definitions.items():
                if name not in taken:
                    found[name] = as_tool(state.name, state.server, state.pins, definition, self._caller(state.name))
        return found

    async def read_new(self) -> None:
        """Read the servers that were never read. One that fails is left out, and tried again after a while."""
        now = time.monotonic()
        unread = [
            state.name
            for state in self.states()
            if not state.problem and not state.pins.read_at and now - self._failed.get(state.name, -1e9) > _NOT_AGAIN_S
        ]
        for name, failed in zip(unread, await asyncio.gather(*map(self._tried, unread)), strict=True):
            if failed:
                self._failed[name] = now

    async def read(self, name: str) -> ServerTools:
        """Ask a server for its tools, and pin them.

        Raises:
            ToolError, ConfigurationError: it cannot be asked, or does not answer.
        """
        await self._on_loop(self._read(name))
        return self.state(name)

    def trust(self, name: str, shown: Sequence[Mapping[str, Any]]) -> None:
        """The user looked at these definitions, and trusts them."""
        self._files[name].change(lambda pins: pins.trusting(shown))

    def forget(self, name: str) -> None:
        """Remove what is known of a server, and its log."""
        self._files[name].remove()
        self._log(name).unlink(missing_ok=True)

    async def aclose(self) -> None:
        """Disconnect, and stop the servers that were started. May be called again, from any event loop."""
        if self._loop.running:
            await self._loop.run(self._disconnect())
            await self._loop.stop()

    # -- on the loop of the connections

    def _caller(self, name: str) -> Callable[[Definition, bool, dict[str, Any]], Any]:
        async def call(definition: Definition, trusted: bool, arguments: dict[str, Any]) -> Any:
            return await self._on_loop(self._call(name, definition, trusted, arguments))

        return call

    async def _call(self, name: str, definition: Definition, trusted: bool, arguments: dict[str, Any]) -> Any:
        link = self._links[name]
        connection = await link.connected()
        if connection.stale:
            async with link.lock:
                if connection.stale:
                    await self._read_from(name, connection)
        self._check_unchanged(name, definition, trusted)
        returned = await connection.call(definition.remote_name, arguments)
        return result_value(definition, returned, connection.without_secrets)

    async def _read(self, name: str) -> None:
        link = self._links[name]
        connection = await link.connected()
        async with link.lock:
            await self._read_from(name, connection)

    async def _read_from(self, name: str, connection: Connection) -> None:
        listed = await connection.list_tools()

        def seen(before: Pins) -> Pins:
            after = before.seeing(listed, time.time())
            if self._servers[name].trusted and not before.read_at:
                after = after.trusting(after.listed)  # trusted in the settings before anybody saw it: as it is at first
            if new := [change for change in after.changes if change not in before.changes]:
                self._on_change(name, new)  # first, so that a crash in between tells it twice rather than never
            return after

        self._files[name].change(seen)

    def _check_unchanged(self, name: str, definition: Definition, trusted: bool) -> None:
        """What was planned and approved is the tool as it was: another one, or one of a doubtful server, is not called.

        Raises:
            ToolError: it is not that any more.
        """
        state = self.state(name)
        now = state.definitions.get(definition.name)
        if now is None:
            raise ToolError(f"the MCP server {name!r} has no tool {definition.remote_name!r} any more")
        if now.digest != definition.digest:
            raise ToolError(
                f"{definition.name} is not the tool any more that it was: the MCP server {name!r} has changed it, "
                f"and is not trusted now; see: agent-core mcp show {name}"
            )
        if trusted and not (state.trusted and state.pins.trusts(definition.remote_name)):
            raise ToolError(f"the MCP server {name!r} is not trusted any more; see: agent-core mcp show {name}")

    async def _disconnect(self) -> None:
        import anyio

        connections = [link.connection for link in self._links.values() if link.connection is not None]
        for connection in connections:
            connection.close()
        for patience_s in (_CLOSE_S, _CLOSE_S):
            with anyio.move_on_after(patience_s):
                for connection in connections:
                    await connection.ended.wait()
            for connection in connections:
                connection.kill()

    async def _tried(self, name: str) -> bool:
        try:
            await self.read(name)
        except AgentCoreError:
            return True
        return False

    async def _on_loop(self, work: Coroutine[Any, Any, T]) -> T:
        if find_spec("mcp") is None:
            work.close()
            raise ConfigurationError("MCP servers need an extra; install it with: pip install 'agent-core[mcp]'")
        return await self._loop.run(work)

    def _log(self, name: str) -> Path:
        return self._home / "mcp" / f"{name}.log"


class _Link:
    """The one connection to a server, made when it is needed and made again when it is gone."""

    def __init__(self, name: str, server: McpServer, log: Path) -> None:
        self._name = name
        self._server = server
        self._log = log
        self._lock: anyio.Lock | None = None
        self._serving: asyncio.Task[None] | None = None
        self.connection: Connection | None = None

    @property
    def lock(self) -> anyio.Lock:
        """Held while it is connected, or its tools are read."""
        if self._lock is None:
            import anyio

            self._lock = anyio.Lock()
        return self._lock

    async def connected(self) -> Connection:
        """A usable connection."""
        from agent_core.mcp.connection import Connection

        async with self.lock:
            if self.connection is None or not self.connection.usable:
                if self.connection is not None:
                    self.connection.close()
                    await self.connection.ended.wait()
                os.makedirs(self._log.parent, mode=0o700, exist_ok=True)
                self.connection = Connection(self._name, self._server, self._log)
                # As a task of its own: it outlives the call that needed it first.
                self._serving = asyncio.create_task(self.connection.serve())
                try:
                    await self.connection.ready.wait()
                except BaseException:
                    self.connection.close()
                    raise
            if not self.connection.usable and self.connection.failure is not None:
                raise self.connection.failure
            return self.connection
