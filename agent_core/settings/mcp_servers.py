"""MCP servers as they stand in `config.toml`: a table `[mcp.NAME]` for each, and secrets in them by reference only.

[mcp.github]
url = "https://api.example.com/mcp"
headers = { Authorization = "Bearer {keyring:github}" }
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, cast

from agent_core.errors import ConfigurationError
from agent_core.settings.typed_table import read_table, within

SERVER_NAME = re.compile(r"[a-z](?:-?[a-z0-9]){0,23}")
"""No underscore: `NAME__tool` can be read in one way only."""
REFERENCE = re.compile(r"\{(keyring|env):([\w.-]+)\}")
"""What stands in place of a secret: `{keyring:NAME}` (see `agent-core keys set NAME`) or `{env:VARIABLE}`."""
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


@dataclass(frozen=True)
class McpServer:
    """One MCP server: a command that is started, or a URL."""

    command: str = ""
    """The program that speaks MCP on its stdin and stdout; this or `url`."""
    args: tuple[str, ...] = ()
    """Its arguments."""
    env: dict[str, str] = field(default_factory=dict[str, str])
    """Variables that it gets beside PATH, HOME and the like; secrets by reference."""
    url: str = ""
    """Where it answers by streamable HTTP; this or `command`."""
    headers: dict[str, str] = field(default_factory=dict[str, str])
    """Headers of every request; secrets by reference."""
    trusted: bool = False
    """Whether what it says of its tools is believed; without it each of them counts as the worst that a tool can be."""
    trusted_content: bool = False
    """Of a trusted server: whether what its tools return counts as your own words."""
    private_data: bool = True
    """Of a trusted server: whether what its tools return is private."""
    tools: tuple[str, ...] = ()
    """The tools that are taken, by the server's names for them; empty: all."""
    timeout_s: float = within(60.0, 0.1, 3600)
    """The longest wait for the result of a call."""
    start_timeout_s: float = within(30.0, 0.1, 600)
    """The longest wait until it has started, or answered, and said which tools it has."""

    @property
    def where(self) -> str:
        """What is started, or the address, for a person; no secret can stand in it."""
        return self.url.partition("?")[0] or " ".join([self.command, *self.args])

    @property
    def on_this_machine(self) -> bool:
        """Whether its URL is an address of this machine, so that a request to it never leaves."""
        from urllib.parse import urlsplit

        return _is_loopback(urlsplit(self.url).hostname or "")


def as_table(server: McpServer) -> dict[str, Any]:
    """The section that says this: what differs from the defaults."""
    defaults = McpServer()
    values = {declared.name: getattr(server, declared.name) for declared in fields(McpServer)}
    changed = {name: value for name, value in values.items() if value != getattr(defaults, name)}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in changed.items()}


def read_mcp_servers(table: object) -> dict[str, McpServer]:
    """The servers of the section `[mcp]`, by name.

    Raises:
        ConfigurationError: a name, key or value that cannot stand there.
    """
    if not isinstance(table, Mapping):
        raise ConfigurationError(f"Setting 'mcp' is {table!r}, but must be a table of servers ([mcp.NAME]).")
    servers = {name: _read(str(name), server) for name, server in cast("Mapping[str, Any]", table).items()}
    return dict(sorted(servers.items()))


def _read(name: str, table: object) -> McpServer:
    if not SERVER_NAME.fullmatch(name):
        raise ConfigurationError(
            f"{name!r} cannot be an MCP server's name: 24 small letters, digits and single '-' at most, a letter first."
        )
    server = read_table(McpServer, table, f"mcp.{name}")
    if bool(server.command) == bool(server.url):
        raise ConfigurationError(f"The MCP server {name!r} needs a 'command' or a 'url', and not both.")
    if server.url:
        _check_url(name, server)
    for kind, allowed, values in (("env", _VARIABLE, server.env), ("headers", _HEADER, server.headers)):
        for key, value in values.items():
            if not allowed.fullmatch(key) or not value.isprintable():
                raise ConfigurationError(f"Setting 'mcp.{name}.{kind}' has an entry {key!r} that cannot be sent.")
    if any("\0" in part for part in (server.command, *server.args)):
        raise ConfigurationError(f"The command of the MCP server {name!r} holds a NUL.")
    return server


def _check_url(name: str, server: McpServer) -> None:
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(server.url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if parts.scheme not in ("http", "https") or not host or not server.url.isprintable() or " " in server.url:
        raise ConfigurationError(f"Setting 'mcp.{name}.url' is {server.url!r}, but must be an http or https address.")
    if parts.username or parts.password:
        raise ConfigurationError(f"Setting 'mcp.{name}.url' holds a user or password; send it as a header instead.")
    if parts.scheme == "http" and server.headers and not _is_loopback(host):
        raise ConfigurationError(
            f"Setting 'mcp.{name}.headers' would go to {host!r} unencrypted; use https, or a server on this machine."
        )


def _is_loopback(host: str) -> bool:
    return host in ("localhost", "::1") or bool(re.fullmatch(r"127(?:\.\d{1,3}){3}", host))
