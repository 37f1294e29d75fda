"""MCP servers for tests: one that follows a script, and the settings and connections of them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agent_core.assistant import Assistant
from agent_core.mcp.servers import Servers
from agent_core.settings.mcp_servers import McpServer
from agent_core.tools.context import ToolContext
from agent_core.tools.execution import run_tool
from agent_core.tools.tool import Tool
from tests.servers.mcp_script import HERE, READS, ScriptedMcp, shop_over_http, tool

Assistants = Callable[..., Assistant]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def server(tmp_path: Path) -> ScriptedMcp:
    """A server with a tool that reads and one that acts."""
    return ScriptedMcp(tmp_path / "scripted", tool("look", "Looks.", **READS), tool("act", "Acts."))


@pytest.fixture
async def servers(home: Path) -> Any:
    """Makes `Servers`, and stops them."""
    made: list[Servers] = []

    def make(**settings: McpServer) -> Servers:
        made.append(Servers(home, settings))
        return made[-1]

    yield make
    for each in made:
        await each.aclose()


async def called(servers: Servers, name: str, tmp_path: Path, /, **args: Any) -> Any:
    """Call a tool as the gate would, once it has decided."""
    found: Tool = servers.tools({})[name]
    return await run_tool(found, found.arguments.validate(args), ToolContext(tmp_path, tmp_path), None)  # type: ignore[arg-type]


def shop_settings(tmp_path: Path, **fields: Any) -> McpServer:
    return McpServer(
        command=sys.executable, args=(str(HERE / "mcp_shop.py"), str(tmp_path / "orders")), timeout_s=60, **fields
    )


@pytest.fixture(params=["stdio", "http"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[McpServer]:
    if request.param == "stdio":
        yield shop_settings(tmp_path)
    else:
        with shop_over_http(tmp_path / "orders") as url:
            yield McpServer(url=url, timeout_s=60)
