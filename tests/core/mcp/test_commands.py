"""`agent-core mcp`, and what other commands say of servers."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from agent_core.errors import ConfigurationError, UsageError
from agent_core.mcp.pins import PinFile
from agent_core.mcp.servers import Servers
from agent_core.settings import Settings
from agent_core.testing import Script
from tests.core.mcp.conftest import Assistants
from tests.servers.mcp_script import HERE, READS, ScriptedMcp, set_up, tool


def add(cli: Any, server: ScriptedMcp, *options: str) -> Any:
    return cli("mcp", "add", "x", *options, "--", sys.executable, str(HERE / "mcp_scripted.py"), str(server.path))


def test_servers_are_added_shown_trusted_and_removed_by_command(cli: Any, server: ScriptedMcp) -> None:
    added = add(cli, server, "--tool", "look", "--tool", "act", "--env", "MODE=test")
    assert added.code == 0, added.err
    assert "x__look" in added.out
    (listed,) = cli("mcp", "list", "--json").json
    assert (listed["name"], listed["trusted"], listed["tools"]) == ("x", False, ["x__look", "x__act"])
    shown = {row["name"]: row for row in cli("tools", "list", "--json").json}
    assert shown["x__look"]["plugin"] == "mcp:x"
    assert shown["x__look"]["traits"]["destructive"]
    assert cli("tools", "show", "x__look").code == 0
    assert add(cli, server).code == 2  # there is one already

    assert cli("mcp", "trust", "x").code == 0
    assert cli("mcp", "list", "--json").json[0]["trusted"]
    ran = cli("tools", "call", "x__look", "text=a", "--json")
    assert (ran.code, ran.json["answer"]) == (0, "did look")
    assert cli("rules", "add", "allow", "x__act(text=*)").code == 0
    assert cli("tools", "call", "x__act", "text=b").code == 0

    server.now(tools=[tool("look", "Looks.", **READS), tool("act", "Acts \x1b[2Jotherwise.")])
    doctor = next(check for check in cli("doctor", "--json").json["checks"] if check["name"] == "mcp")
    assert doctor["status"] == "warning"
    assert "not trusted: changed act" in doctor["detail"]
    shown = cli("mcp", "show", "x")
    assert '- "description": "Acts."' in shown.out
    assert '+ "description": "Acts \\u001b[2Jotherwise."' in shown.out
    assert "Changed: act" in shown.out
    assert "\x1b" not in shown.out + shown.err
    assert cli("rules", "list", "--json").json == []
    assert cli("tools", "call", "x__act", "text=c").code == 3
    assert cli("mcp", "trust", "x").code == 0
    assert cli("mcp", "show", "x", "--json").json["changes"] == []

    assert cli("mcp", "untrust", "x").code == 0
    assert not cli("mcp", "list", "--json").json[0]["trusted"]
    cli("rules", "add", "allow", "x__*")
    removed = cli("mcp", "remove", "x", "--json")
    assert len(removed.json["rules_revoked"]) == 1
    assert cli("mcp", "list", "--json").json == []
    assert [path.name for path in (cli.home / "mcp").iterdir()] == []
    assert [args["text"] for _, args in server.calls] == ["a", "b"]


@pytest.mark.parametrize(
    "command", [["show", "nobody"], ["trust", "nobody"], ["untrust", "nobody"], ["remove", "nobody"], ["add", "x"]]
)
def test_wrong_names_are_one_line_and_exit_code_2(command: list[str], cli: Any) -> None:
    ran = cli("mcp", *command)
    assert (ran.code, ran.err.count("\n")) == (2, 1)


def test_a_server_that_does_not_start_is_not_added(cli: Any, tmp_path: Path) -> None:
    dead = ScriptedMcp(tmp_path / "dead", on={"start": "exit 1"})
    ran = add(cli, dead)
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert cli("mcp", "list", "--json").json == []
    secret = cli("mcp", "add", "y", "--env", "TOKEN=ghp_16C7e42F292c6912E7710c838347Ae178B4a", "--", sys.executable)
    assert secret.code == 2
    assert "ghp_16C7" not in secret.out + secret.err
    assert not (cli.home / "config.toml").exists()


def test_doctor_names_a_server_that_does_not_start(cli: Any, tmp_path: Path, server: ScriptedMcp) -> None:
    set_up(cli.home, bad=ScriptedMcp(tmp_path / "dead", on={"start": "exit 1"}).settings(), x=server.settings())
    checks = {check["name"]: check for check in cli("doctor", "--json").json["checks"]}
    assert checks["mcp"]["status"] == "failed"
    assert "bad: the MCP server 'bad' could not be connected" in checks["mcp"]["detail"]
    assert "x: 2 tools" in checks["mcp"]["detail"]


def test_a_damaged_pin_file_is_named_with_the_way_out(cli: Any, server: ScriptedMcp) -> None:
    settings = server.settings()
    set_up(cli.home, x=settings)
    file = PinFile(cli.home, "x", settings)
    file.path.parent.mkdir()
    file.path.write_text("{}")
    ran = cli("mcp", "list")
    assert ran.code == 0
    assert "delete it" in ran.err
    assert cli("ask", "Work out 2 + 2", "--model", "offline").code == 0


async def test_without_the_extra_it_is_named(
    server: ScriptedMcp, servers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent_core.mcp.servers.find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match=r"agent-core\[mcp\]"):
        await servers(x=server.settings()).read("x")


def test_choosing_servers(server: ScriptedMcp, home: Path, assistants: Assistants) -> None:
    set_up(home, x=server.settings(), y=server.settings())
    asyncio.run(Servers(home, Settings.load(home, home, {}).mcp).read_new())
    assert sorted(assistants(Script()).parts.tools) == ["x__act", "x__look", "y__act", "y__look"]
    assert sorted(assistants(Script(), mcp=["y"]).parts.tools) == ["y__act", "y__look"]
    assert assistants(Script(), mcp=False).parts.tools == {}
    with pytest.raises(UsageError, match="'z'"):
        assistants(Script(), mcp=["z"])


def test_the_client_is_imported_only_where_a_server_is_reached(tmp_path: Path, server: ScriptedMcp) -> None:
    set_up(tmp_path / "home", x=server.settings())
    probe = (
        "import sys\nfrom agent_core.cli.main import run\n"
        "assert run(['mcp', 'list']) == 0\nassert run(['tools', 'list']) == 0\n"
        "print('LOADED', *sorted(sys.modules.keys() & {'mcp', 'mcp_types', 'httpx2', 'starlette', 'uvicorn'}))"
    )
    environ = {**os.environ, "AGENT_CORE_HOME": str(tmp_path / "home")}
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True, env=environ)
    assert done.stdout.rpartition("LOADED")[2].split() == []
