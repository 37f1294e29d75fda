"""No process of an MCP server outlives us, however we end."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from tests.servers.mcp_script import HERE, ScriptedMcp, alive, gone, tool


@pytest.mark.parametrize("stubborn", [{}, {"end": "hang"}, {"initialize": "spawn"}])
async def test_a_started_server_ends_with_us_and_all_that_it_started(
    stubborn: Any, tmp_path: Path, servers: Any
) -> None:
    kept = ScriptedMcp(tmp_path / "s", tool("t"), on=stubborn)
    reading = servers(x=kept.settings())
    await reading.read("x")
    started = kept.starts
    assert len(started) == (2 if "initialize" in stubborn else 1)
    assert all(map(alive, started))
    await reading.aclose()
    assert gone(*started)


OUTLIVED = """
    import asyncio, pathlib, sys
    from agent_core.mcp.servers import Servers
    from agent_core.settings.mcp_servers import McpServer

    async def main():
        server = McpServer(command=sys.executable, args=tuple(sys.argv[2:4]))
        servers = Servers(pathlib.Path(sys.argv[1]), {"x": server})
        await servers.read("x")
        print("ready", flush=True)
        if sys.argv[4] == "wait":
            await asyncio.sleep(600)

    asyncio.run(main())
"""


@pytest.mark.parametrize("how", ["killed", "interrupted", "not closed"])
@pytest.mark.parametrize("on", [{}, {"initialize": "spawn", "end": "hang"}])
def test_no_process_outlives_us_however_we_end(how: str, on: Any, tmp_path: Path) -> None:
    kept = ScriptedMcp(tmp_path / "s", tool("t"), on=on)
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(OUTLIVED), str(tmp_path / "home"), str(HERE / "mcp_scripted.py"),
         str(kept.path), "exit" if how == "not closed" else "wait"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    started = kept.starts
    assert started
    if how != "not closed":
        process.send_signal(signal.SIGKILL if how == "killed" else signal.SIGINT)
    process.wait(30)
    process.stdout.close()
    assert gone(*started)
