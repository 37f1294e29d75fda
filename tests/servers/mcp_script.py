"""The scripted MCP server as tests hold it: what it is to do, what arrived there, and which processes it was."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from agent_core.settings import Settings
from agent_core.settings.mcp_servers import McpServer, as_table

HERE = Path(__file__).parent
TEXT = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}


def tool(name: str, description: str = "Does something.", schema: Any = None, **fields: Any) -> dict[str, Any]:
    """A tool as a server lists it."""
    return {"name": name, "description": description, "inputSchema": schema or TEXT, **fields}


READS = {"annotations": {"readOnlyHint": True, "openWorldHint": False, "idempotentHint": True}}


class ScriptedMcp:
    """A server that follows a file; nothing runs before somebody starts it."""

    def __init__(self, folder: Path, *tools: dict[str, Any], **script: Any) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "script.json"
        self.script: dict[str, Any] = {"tools": list(tools), **script}
        self.now()

    def now(self, **changes: Any) -> None:
        """Behave differently from now on."""
        self.script |= changes
        draft = self.path.with_suffix(".draft")
        draft.write_text(json.dumps(self.script))
        os.replace(draft, self.path)

    def settings(self, **fields: Any) -> McpServer:
        fields = {"start_timeout_s": 20.0, "timeout_s": 20.0, **fields}
        return McpServer(command=sys.executable, args=(str(HERE / "mcp_scripted.py"), str(self.path)), **fields)

    @property
    def messages(self) -> list[dict[str, Any]]:
        """All that arrived, at every process that it was."""
        log = Path(f"{self.path}.log")
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []

    @property
    def calls(self) -> list[tuple[str, dict[str, Any]]]:
        """The tools that were called, with their arguments."""
        found = [m["params"] for m in self.messages if m.get("method") == "tools/call"]
        return [(params["name"], params.get("arguments", {})) for params in found]

    @property
    def starts(self) -> list[int]:
        """Process ids: one per start, and one per process that it left behind."""
        pids = Path(f"{self.path}.pids")
        return [int(line) for line in pids.read_text().split()] if pids.exists() else []


def set_up(home: Path, **servers: McpServer) -> None:
    """Write servers into the settings of a state folder."""
    home.mkdir(parents=True, exist_ok=True)
    for name, server in servers.items():
        Settings.load(home, home, {}).with_mcp_server(name, as_table(server))


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits to be reaped does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


def gone(*pids: int, within_s: float = 15.0) -> bool:
    """Whether all of these processes have ended, now or soon."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if not any(map(alive, pids)):
            return True
        time.sleep(0.05)
    return False


@contextmanager
def shop_over_http(orders: Path) -> Iterator[str]:
    """The shop on a free loopback port; yields its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, str(HERE / "mcp_shop.py"), str(orders), str(port)],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None, "the server ended"
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        process.kill()
        process.wait()
