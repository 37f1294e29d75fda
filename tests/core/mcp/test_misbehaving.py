"""MCP servers that hang, die, talk nonsense or answer late."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from agent_core.errors import OutcomeUnknownError, ToolError
from agent_core.mcp.servers import Servers
from tests.core.mcp.conftest import called
from tests.servers.mcp_script import ScriptedMcp, gone, tool


@pytest.mark.parametrize(
    ("on", "told"),
    [
        ({"start": "hang"}, "did not answer within"),
        ({"start": "exit 3"}, "could not be connected"),
        ({"initialize": "hang"}, "did not answer within"),
        ({"initialize": "exit"}, "could not be connected"),
        ({"initialize": "error go away"}, "could not be connected"),
        ({"initialize": "flood"}, "did not answer within|could not be connected"),
        ({"tools/list": "hang"}, "did not say which tools"),
        ({"tools/list": "exit"}, "did not say which tools"),
        ({"tools/list": "error no"}, "did not say which tools"),
        ({"tools/list": 'raw {"jsonrpc":"2.0","id":ID,"result":{"tools":7}}'}, "did not say which tools"),
    ],
)
async def test_a_server_that_does_not_start_is_an_error_in_time(
    on: Any, told: str, tmp_path: Path, servers: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    broken = ScriptedMcp(tmp_path / "s", tool("t"), on=on)
    reading = servers(x=broken.settings(start_timeout_s=4 if "hang" in str(on) else 20))
    with pytest.raises(ToolError, match=told):
        await reading.read("x")
    await reading.aclose()
    assert gone(*broken.starts)
    assert capfd.readouterr() == ("", "")  # nothing of it on our terminal


@pytest.mark.parametrize(
    ("on", "told"),
    [("hang", "no answer within"), ("exit", "was gone"), ("huge 50000000", "was gone"), ("flood", "was gone")],
)
async def test_a_call_that_is_never_answered_is_unknown_and_the_next_one_works(
    on: str, told: str, server: ScriptedMcp, tmp_path: Path, servers: Any
) -> None:
    reading = servers(x=server.settings(timeout_s=4))
    await reading.read("x")
    server.now(on={"call:act": on})
    with pytest.raises(OutcomeUnknownError, match=told):
        await called(reading, "x__act", tmp_path, text="a")
    server.now(on={})
    assert await called(reading, "x__act", tmp_path, text="b") == "did act"
    assert gone(*server.starts[:-1])
    assert [args["text"] for _, args in server.calls] == ["a", "b"]


async def test_a_server_that_died_in_between_is_started_again_and_nothing_is_doubted(
    server: ScriptedMcp, tmp_path: Path, servers: Any
) -> None:
    reading = servers(x=server.settings())
    await reading.read("x")
    assert await called(reading, "x__act", tmp_path, text="a") == "did act"
    os.kill(server.starts[-1], signal.SIGKILL)
    assert gone(server.starts[-1])
    await asyncio.sleep(0.5)
    assert await called(reading, "x__act", tmp_path, text="b") == "did act"
    assert [args["text"] for _, args in server.calls] == ["a", "b"]


async def test_garbage_on_stdout_is_dropped(
    server: ScriptedMcp, tmp_path: Path, servers: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    server.now(on={"initialize": "garbage x", "tools/list": "garbage y", "call:act": "garbage \x1b]0;z\x07"})
    reading = servers(x=server.settings())
    await reading.read("x")
    assert await called(reading, "x__act", tmp_path, text="a") == "did act"
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "result",
    [
        {"content": [{"type": "text", "text": "no"}], "isError": True},
        {"content": [{"type": "telepathy", "thought": "?"}]},
        {"content": "text"},
        {"structuredContent": {"euros": "three"}, "content": []},
        {"content": [{"type": "text", "text": "no structure"}]},
    ],
)
async def test_a_result_that_is_not_as_declared_is_an_error(result: Any, tmp_path: Path, servers: Any) -> None:
    shape = {"type": "object", "properties": {"euros": {"type": "number"}}, "required": ["euros"]}
    odd = ScriptedMcp(tmp_path / "s", tool("t", outputSchema=shape), results={"t": result})
    reading = servers(x=odd.settings())
    await reading.read("x")
    with pytest.raises(ToolError):
        await called(reading, "x__t", tmp_path, text="a")


async def test_cancelling_a_call_tells_the_server(server: ScriptedMcp, tmp_path: Path, servers: Any) -> None:
    reading = servers(x=server.settings())
    await reading.read("x")
    server.now(on={"call:act": "nothing"})  # neither answers nor hangs
    work = asyncio.create_task(called(reading, "x__act", tmp_path, text="a"))
    while not server.calls:
        await asyncio.sleep(0.05)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    for _ in range(100):
        if any(m.get("method") == "notifications/cancelled" for m in server.messages):
            break
        await asyncio.sleep(0.05)
    assert any(m.get("method") == "notifications/cancelled" for m in server.messages)


def test_calls_from_many_threads_and_event_loops_share_one_server(
    server: ScriptedMcp, home: Path, tmp_path: Path
) -> None:
    reading = Servers(home, {"x": server.settings()})
    asyncio.run(reading.read("x"))
    results: list[Any] = []

    def work(number: int) -> None:
        results.append(asyncio.run(called(reading, "x__act", tmp_path, text=str(number))))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    asyncio.run(reading.aclose())
    assert results == ["did act"] * 8
    assert len(server.starts) == 1
    assert gone(*server.starts)
