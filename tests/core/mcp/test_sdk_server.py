"""The official SDK's server as tools, over stdio and HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agent_core.errors import ToolError
from agent_core.settings.mcp_servers import McpServer
from agent_core.testing import Script, call
from tests.core.mcp.conftest import Assistants, called, shop_settings
from tests.servers.mcp_script import set_up


async def test_a_real_server_is_read_called_and_asked_about(
    shop: McpServer, tmp_path: Path, home: Path, assistants: Assistants
) -> None:
    set_up(home, shop=shop)
    model = Script(
        [call("shop__order", item="tea", number=2)],
        "ordered",
        [call("shop__price", item="tea")],
        "3 euros",
        [call("shop__ask_for_more", "a", what="sampling")],
        "no",
        [call("shop__order_and_die", item="piano")],
    )
    async with assistants(model) as assistant:
        waiting = await assistant.ask("Order two packets of tea")
        assert waiting.status == "waiting"
        assert not (tmp_path / "orders").exists()
        (pending,) = waiting.pending
        assert "order on the MCP server shop, which is not trusted" in pending.preview
        assert "item: tea" in pending.preview
        await assistant.approve(pending.id)
        done = await assistant.resume(waiting.run_id)
        assert [(c.tool, c.result) for c in done.calls] == [("shop__order", "ordered 2 tea")]
        assert (tmp_path / "orders").read_text() == "2 tea\n"

        # What only reads asks too, as long as nobody trusts the server; its result has the declared shape.
        waiting = await assistant.ask("What does tea cost?")
        await assistant.approve(waiting.pending[0].id)
        priced = await assistant.resume(waiting.run_id)
        assert priced.calls[0].result == {"item": "tea", "euros": 3.0}
        assert assistant.parts.tools["shop__price"].returns["properties"]["euros"] == {"type": "number"}

        waiting = await assistant.ask("Let it ask for something")
        await assistant.approve(waiting.pending[0].id)
        asked = await assistant.resume(waiting.run_id)
        assert asked.calls[0].result == "refused: Sampling not supported"

        # It dies in the middle of an action: nobody knows, so a person is asked, and nothing is repeated.
        waiting = await assistant.ask("Order a piano")
        await assistant.approve(waiting.pending[0].id)
        unknown = await assistant.resume(waiting.run_id)
        assert unknown.status == "waiting"
        assert unknown.pending[0].unknown
        assert (tmp_path / "orders").read_text().count("piano") == 1


@pytest.mark.parametrize("what", ["sampling", "elicitation", "roots"])
async def test_what_a_server_asks_of_us_is_refused(what: str, servers: Any, tmp_path: Path) -> None:
    reading = servers(shop=shop_settings(tmp_path))
    await reading.read("shop")
    assert str(await called(reading, "shop__ask_for_more", tmp_path, what=what)).startswith("refused: ")


async def test_a_failure_is_told_in_the_servers_words_without_its_escape_sequences(
    servers: Any, tmp_path: Path
) -> None:
    reading = servers(shop=shop_settings(tmp_path))
    await reading.read("shop")
    with pytest.raises(ToolError) as failure:
        await called(reading, "shop__fail", tmp_path)
    assert "\x1b" not in str(failure.value)
