"""A server's tools as tools of ours: named, described and classed by what can be known of them."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

from agent_core.mcp.definitions import Definition
from agent_core.mcp.pins import Pins, identity
from agent_core.settings.mcp_servers import McpServer
from agent_core.tools.context import ToolContext
from agent_core.tools.tool import Preview, Tool, Traits

CallFunction = Callable[[Definition, bool, dict[str, Any]], Awaitable[Any]]
"""`call(definition, trusted, arguments)`: the result as a JSON value."""

WORST_CASE = Traits(destructive=True, open_world=True, private_data=True, untrusted_content=True)
"""What a tool of a server that nobody trusts counts as, whatever it says of itself."""


def as_tool(server_name: str, server: McpServer, pins: Pins, definition: Definition, call: CallFunction) -> Tool:
    """The tool that stands for `definition`; `call` carries its calls out."""
    trusted = server.trusted and pins.trusts(definition.remote_name)
    pinned = pins.tools[definition.remote_name]

    async def run(ctx: ToolContext, /, **arguments: Any) -> Any:
        return await call(definition, trusted, arguments)

    def preview(ctx: ToolContext, /, **arguments: Any) -> Preview:
        whose = "" if trusted else ", which is not trusted"
        lines = [f"Calls {definition.remote_name} on the MCP server {server_name}{whose} ({server.where}):"]
        lines += [f"  {name}: {value}" for name, value in arguments.items()]
        return Preview("\n".join(lines))

    return Tool(
        name=definition.name,
        description=definition.description,
        function=run,
        traits=traits_of(server, definition) if trusted else WORST_CASE,
        preview=preview,
        undo_note="An MCP server offers no way to take a call back.",
        timeout_s=server.timeout_s + server.start_timeout_s,
        schema=definition.parameters,
        result_schema=_result_schema(definition),
        definition_hash=_hash(server, definition),
        defined_at=pinned.seen_at,
        untrusted_description=not trusted,
        plugin=f"mcp:{server_name}",
    )


def traits_of(server: McpServer, definition: Definition) -> Traits:
    """What a trusted server says that its tool does; where it says nothing, MCP's defaults: the worst."""
    said = definition.annotations
    read_only = said.get("readOnlyHint") is True
    return Traits(
        read_only=read_only,
        destructive=not read_only and said.get("destructiveHint") is not False,
        idempotent=said.get("idempotentHint") is True,
        open_world=said.get("openWorldHint") is not False,
        private_data=server.private_data,
        untrusted_content=not server.trusted_content,
    )


def _result_schema(definition: Definition) -> dict[str, Any] | None:
    if definition.returns is None or not definition.wrapped:
        return definition.returns
    inner = definition.returns["properties"]["result"]
    return inner if isinstance(inner, dict) else None


def _hash(server: McpServer, definition: Definition) -> str:
    """The definition as it was given, and whose it is: the same words from another program are another tool."""
    return hashlib.sha256(f"{identity(server)} {definition.digest}".encode()).hexdigest()
