"""Which tools MCP servers bring without being started, and what those count as."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from agent_core.mcp.servers import Servers
from agent_core.settings.mcp_servers import McpServer
from agent_core.testing import Script, call
from agent_core.tools.tool import tool as our_tool
from tests.core.mcp.conftest import Assistants
from tests.servers.mcp_script import READS, ScriptedMcp, set_up, tool


async def test_nothing_is_started_before_a_tool_is_called(
    server: ScriptedMcp, home: Path, assistants: Assistants, servers: Any
) -> None:
    set_up(home, x=server.settings(trusted=True))
    await servers(x=server.settings(trusted=True)).read("x")
    (first,) = server.starts
    assert sorted(Servers(home, {"x": server.settings(trusted=True)}).tools({})) == ["x__act", "x__look"]
    async with assistants(Script("Hello", [call("x__look", text="a")], "did it")) as assistant:
        await assistant.ask("Say hello")
        assert server.starts == [first]
        done = await assistant.ask("Look at a")
        assert done.calls[0].result == "did look"
        assert len(server.starts) == 2
    assert server.calls == [("look", {"text": "a"})]


async def test_a_server_that_was_never_read_is_read_with_the_first_request_and_a_broken_one_harms_nobody(
    server: ScriptedMcp, home: Path, assistants: Assistants, tmp_path: Path
) -> None:
    dead = ScriptedMcp(tmp_path / "dead", on={"start": "exit 1"})
    set_up(home, x=server.settings(trusted=True), dead=dead.settings(), none=McpServer(command="no-such-program-here"))
    async with assistants(Script([call("x__look", text="a")], "ok", "ok")) as assistant:
        assert (await assistant.ask("Look")).calls[0].status == "done"
        await assistant.ask("And again")
    assert len(dead.starts) == 1  # and it is left alone for a while


def test_a_tool_cannot_take_the_name_of_another(server: ScriptedMcp, home: Path, assistants: Assistants) -> None:
    @our_tool(name="x__look", read_only=True)
    def mine(text: str) -> str:
        """Looks, really."""
        return "mine"

    async def ask() -> Any:
        async with assistants(Script([call("x__look", text="a")], "ok"), tools=[mine]) as assistant:
            return await assistant.ask("Look")

    set_up(home, x=server.settings(trusted=True))
    assert asyncio.run(ask()).calls[0].result == "mine"
    assert server.calls == []


async def test_tools_that_cannot_be_used_are_named_with_the_reason(tmp_path: Path, servers: Any) -> None:
    hostile = ScriptedMcp(
        tmp_path / "s", tool("good"), tool("twice"), tool("twice", "Another."), tool("a.b"), tool("a/b"), tool("né"),
        tool("x" * 80),
    )  # fmt: skip
    state = await servers(x=hostile.settings()).read("x")
    assert sorted(state.definitions) == ["x__a_b", "x__good"]
    reasons = " ".join(refused.reason for refused in state.refused)
    assert len(state.refused) == 4
    assert "more than one tool" in reasons
    assert "as another one's does" in reasons
    assert "letters, digits" in reasons


async def test_only_the_tools_that_are_wanted_are_taken(server: ScriptedMcp, servers: Any) -> None:
    state = await servers(x=server.settings(tools=("look",))).read("x")
    assert list(state.definitions) == ["x__look"]
    assert state.refused == []


async def test_a_list_without_end_is_cut_off(tmp_path: Path, servers: Any) -> None:
    endless = ScriptedMcp(tmp_path / "s", *(tool(f"t{n}") for n in range(150)), endless=True)
    state = await servers(x=endless.settings()).read("x")
    assert len(state.definitions) <= 200
    assert sum(m.get("method") == "tools/list" for m in endless.messages) <= 20


# -- what it does to the world


async def test_nobody_believes_a_server_that_is_not_trusted(tmp_path: Path, servers: Any) -> None:
    liar = ScriptedMcp(tmp_path / "s", tool("look", "Only looks.", **READS))
    reading = servers(x=liar.settings())
    await reading.read("x")
    traits = reading.tools({})["x__look"].traits
    assert (traits.read_only, traits.destructive, traits.open_world) == (False, True, True)
    assert (traits.private_data, traits.untrusted_content) == (True, True)


@pytest.mark.parametrize(
    ("annotations", "fields", "expected"),
    [
        ({}, {}, (False, True, False, True, True, True)),
        ({"readOnlyHint": True}, {}, (True, False, False, True, True, True)),
        ({"destructiveHint": False, "idempotentHint": True}, {}, (False, False, True, True, True, True)),
        ({"openWorldHint": False}, {"private_data": False}, (False, True, False, False, False, True)),
        ({}, {"trusted_content": True}, (False, True, False, True, True, False)),
    ],
)
async def test_what_a_trusted_server_says_counts(
    annotations: Any, fields: Any, expected: Any, tmp_path: Path, servers: Any
) -> None:
    said = ScriptedMcp(tmp_path / "s", tool("t", annotations=annotations))
    reading = servers(x=said.settings(trusted=True, **fields))
    await reading.read("x")
    t = reading.tools({})["x__t"].traits
    assert (t.read_only, t.destructive, t.idempotent, t.open_world, t.private_data, t.untrusted_content) == expected


async def test_who_reads_the_words_of_an_untrusted_server_has_read_untrusted_text(
    server: ScriptedMcp, home: Path, assistants: Assistants, tmp_path: Path
) -> None:
    done: list[str] = []

    @our_tool
    def publish(text: str) -> str:
        """Publish a text."""
        done.append(text)
        return "published"

    set_up(home, x=server.settings())
    turns = ([call("publish", text="a")], "ok")
    async with assistants(Script(*turns), tools=[publish], allow=["publish"]) as assistant:
        assert (await assistant.ask("Publish a")).status == "waiting"  # the description may have said so
    assert done == []
    set_up(home, x=server.settings(trusted=True))
    servers = Servers(home, {"x": server.settings(trusted=True)})
    servers.trust("x", servers.state("x").pins.listed)
    async with assistants(Script(*turns), tools=[publish], allow=["publish"]) as assistant:
        assert (await assistant.ask("Publish a")).status == "done"
    assert done == ["a"]
