"""What stands in the settings of MCP servers: secrets by name alone, and no server from the workspace."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agent_core.errors import ConfigurationError, ToolError
from agent_core.settings import Settings
from agent_core.settings.mcp_servers import McpServer
from tests.core.mcp.conftest import called, shop_settings
from tests.servers.mcp_script import ScriptedMcp, set_up
from tests.servers.scripted_web import ScriptedWeb, http_answer


async def test_secrets_are_named_in_the_settings_and_reach_the_server_alone(
    servers: Any, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_API_KEY", "hunter2-hunter2-7391")
    settings = shop_settings(tmp_path, env={"TOKEN": "Bearer {keyring:shop}", "MODE": "test"})
    reading = servers(shop=settings)
    set_up(home, shop=settings)
    await reading.read("shop")
    answer = await called(reading, "shop__variable", tmp_path, name="TOKEN")
    assert answer != "Bearer hunter2-hunter2-7391"  # it got it, and cannot tell it to a model
    assert "redacted" in answer
    assert await called(reading, "shop__variable", tmp_path, name="MODE") == "test"
    # Nor does it get what else is in our environment.
    assert await called(reading, "shop__variable", tmp_path, name="SHOP_API_KEY") == "(not set)"
    await reading.aclose()
    log = (home / "mcp" / "shop.log").read_text()
    assert "asked for TOKEN=" in log
    written = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    assert b"hunter2-hunter2-7391" not in written
    assert b"\x1b" not in written


async def test_headers_reach_a_url_with_their_secrets(servers: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_TOKEN", "tok-5519-abcd")
    async with ScriptedWeb() as web:
        web.answers["/mcp"] = http_answer("no", status="403 Forbidden")
        settings = McpServer(url=web.url("/mcp"), headers={"Authorization": "Bearer {env:MY_TOKEN}"}, start_timeout_s=5)
        with pytest.raises(ToolError, match="could not be connected"):
            await servers(web=settings).read("web")
        assert web.requests[0].headers["authorization"] == "Bearer tok-5519-abcd"
        assert web.requests[0].headers["accept-encoding"] == "identity"


async def test_a_redirect_to_another_server_is_not_followed(servers: Any) -> None:
    async with ScriptedWeb() as web, ScriptedWeb() as other:
        answer = http_answer("", status="307 Temporary Redirect", headers={"Location": other.url("/mcp")})
        web.answers["/mcp"] = answer
        settings = McpServer(url=web.url("/mcp"), headers={"X-Mine": "mine"}, start_timeout_s=5)
        with pytest.raises(ToolError):
            await servers(web=settings).read("web")
        assert web.requests
        assert other.requests == []


@pytest.mark.parametrize(
    "fields",
    [
        {"command": "x", "env": {"GITHUB_TOKEN": "ghp_16C7e42F292c6912E7710c838347Ae178B4a"}},
        {"command": "x", "env": {"PASSWORD": "correct-horse-9"}},
        {"command": "x", "args": ("--token=ghp_16C7e42F292c6912E7710c838347Ae178B4a",)},
        {"url": "https://example.org/mcp", "headers": {"Authorization": "Bearer abc"}},
        {"url": "https://example.org/mcp", "headers": {"Cookie": "session=1"}},
    ],
)
async def test_a_secret_in_plain_text_is_refused_without_being_told(fields: Any, servers: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"in plain text.*keys set") as refused:
        await servers(x=McpServer(**fields)).read("x")
    value = [*fields.get("env", {}).values(), *fields.get("headers", {}).values(), *fields.get("args", ())][0]
    assert value.split()[-1] not in str(refused.value)


@pytest.mark.parametrize("fields", [{"env": {"A": "{keyring:nothing-there}"}}, {"env": {"A": "{env:NOT_SET_AT_ALL}"}}])
async def test_a_secret_that_is_missing_is_named(fields: Any, server: ScriptedMcp, servers: Any) -> None:
    with pytest.raises(ConfigurationError, match="needs the secret"):
        await servers(x=server.settings(**fields)).read("x")
    assert server.starts == []


# -- settings


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ('[mcp.x]\ncommand = "a"\nurl = "http://127.0.0.1"', "not both"),
        ("[mcp.x]\ntrusted = true", "needs a 'command' or a 'url'"),
        ('[mcp.x]\ncomand = "a"', "mcp.x.comand"),
        ('[mcp.a__b]\ncommand = "a"', "cannot be an MCP server's name"),
        ('[mcp.X]\ncommand = "a"', "cannot be an MCP server's name"),
        ('[mcp.x]\ncommand = "a"\nenv = {"A B" = "1"}', "env"),
        ('[mcp.x]\ncommand = "a"\nenv = {A = 1}', "mcp.x.env"),
        ('[mcp.x]\nurl = "file:///etc/passwd"', "http or https"),
        ('[mcp.x]\nurl = "https://a:b@example.org"', "user or password"),
        ('[mcp.x]\nurl = "http://example.org"\nheaders = {A = "{env:B}"}', "unencrypted"),
        ('[mcp.x]\nurl = "https://example.org"\nheaders = {A = "x\\ny"}', "headers"),
        ('[mcp.x]\ncommand = "a"\ntimeout_s = 0', "mcp.x.timeout_s"),
        ("mcp = 3", "table"),
        ("[mcp]\nx = 3", "mcp.x"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(table: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(table)
    with pytest.raises(ConfigurationError) as refused:
        Settings.load(tmp_path, tmp_path, {})
    assert told in str(refused.value)


def test_the_workspace_brings_no_servers(server: ScriptedMcp, home: Path, tmp_path: Path) -> None:
    workspace = tmp_path / "theirs"
    set_up(workspace, x=server.settings())
    for name in (".mcp.json", "mcp.json"):
        (workspace / name).write_text(json.dumps({"mcpServers": {"x": {"command": "touch", "args": ["/tmp/x"]}}}))
    assert Settings.load(home, workspace, {}).mcp == {}
