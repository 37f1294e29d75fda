"""`agent-core mcp`: servers that bring tools: set up, looked at, trusted, and taken away again."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent_core.cli.ask import Json
from agent_core.cli.groups import Group
from agent_core.errors import AgentCoreError, UsageError

if TYPE_CHECKING:
    from agent_core.mcp.servers import Servers, ServerTools
    from agent_core.settings import Settings
    from agent_core.settings.mcp_servers import McpServer

app = typer.Typer(cls=Group, help="Use the tools of MCP servers.")
Name = Annotated[str, typer.Argument(metavar="NAME", help="The server's name; see: mcp list.")]


@app.command("list")
def list_(as_json: Json = False) -> None:
    """The servers that are set up, with the tools that they had when they were last read. Starts none of them."""
    from agent_core.cli.render import note, show_json, show_table
    from agent_core.mcp.servers import Servers
    from agent_core.settings import Settings

    settings = Settings.load()
    states = Servers(settings.home, settings.mcp).states()
    if as_json:
        show_json([_summary(state) for state in states])
        return
    rows = [(s.name, str(len(s.definitions)), s.standing, s.server.where) for s in states]
    show_table(("server", "tools", "standing", "where"), rows, empty="No MCP server is set up; see: agent-core mcp add")
    for state in states:
        _tell_problems(state, note)


@app.command()
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What you call it: its tools become NAME__TOOL.")],
    command: Annotated[
        list[str] | None, typer.Argument(metavar="[-- COMMAND [ARGUMENT]...]", help="The program that is the server.")
    ] = None,
    url: Annotated[str, typer.Option("--url", metavar="URL", help="Where it answers by streamable HTTP.")] = "",
    env: Annotated[
        list[str] | None,
        typer.Option("--env", metavar="NAME=VALUE", help="A variable for the program; {keyring:NAME} for a secret."),
    ] = None,
    header: Annotated[
        list[str] | None,
        typer.Option("--header", metavar="NAME=VALUE", help="A header of requests; {keyring:NAME} for a secret."),
    ] = None,
    tool: Annotated[
        list[str] | None, typer.Option("--tool", metavar="TOOL", help="Take this tool only; may be repeated.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Set a server up: it is started, asked for its tools, and kept. It is not trusted before you say so."""
    from agent_core.cli.render import note, show_json
    from agent_core.mcp.secrets import refuse_plain_secrets
    from agent_core.settings import Settings
    from agent_core.settings.mcp_servers import as_table, read_mcp_servers

    settings = Settings.load()
    if name in settings.mcp:
        raise UsageError(f"There is an MCP server {name!r} already; see: agent-core mcp show {name}")
    program, *arguments = command or [""]
    table: dict[str, Any] = {
        "command": _from_anywhere(program),
        "args": [_from_anywhere(argument) for argument in arguments],
        "url": url,
        "env": _pairs(env),
        "headers": _pairs(header),
        "tools": tool or [],
    }
    server = read_mcp_servers({name: {key: value for key, value in table.items() if value}})[name]
    refuse_plain_secrets(name, server)
    (state,) = _read({name: server}).values()
    settings.with_mcp_server(name, as_table(server))
    if as_json:
        show_json(_summary(state))
        return
    _show_tools(state)
    note(
        f"Added: {name}. Not trusted, so each of its calls is asked about; to change that: agent-core mcp trust {name}"
    )


@app.command()
def remove(name: Name, as_json: Json = False) -> None:
    """Take a server away, with what is known of it and the rules that allow its tools."""
    from agent_core.cli.render import note, show_json
    from agent_core.cli.state import open_journal
    from agent_core.gate.policy import Policy
    from agent_core.mcp.rules import revoke_allowances
    from agent_core.mcp.servers import Servers

    settings, server = _named(name)
    with open_journal() as journal:
        ended = revoke_allowances(Policy(journal), name)
    settings.with_mcp_server(name, None)
    Servers(settings.home, {name: server}).forget(name)
    if as_json:
        show_json({"name": name, "removed": True, "rules_revoked": [rule.id for rule in ended]})
        return
    note(f"Removed: {name}")
    for rule in ended:
        note(f"Revoked: {rule.id} ({rule})")


@app.command()
def show(name: Name, as_json: Json = False) -> None:
    """Ask a server for its tools: what they do, what was not taken, and what has changed since you last looked."""
    from agent_core.cli.render import note, show, show_json

    _, server = _named(name)
    state, error = _read_or_known(name, server)
    if as_json:
        show_json(_detailed(state))
    else:
        show(f"{name}: {state.standing} ({server.where})")
        _show_tools(state)
        _show_changes(state)
        _tell_problems(state, note)
    if error is not None:
        raise error


@app.command()
def trust(name: Name, as_json: Json = False) -> None:
    """Believe what a server says of its tools, as they are now. A tool that changes later ends that."""
    from agent_core.cli.render import note, show_json
    from agent_core.mcp.servers import Servers
    from agent_core.settings.mcp_servers import as_table

    settings, server = _named(name)
    (state,) = _read({name: server}).values()
    trusted = replace(server, trusted=True)
    if not as_json:
        _show_changes(state)
    settings.with_mcp_server(name, as_table(trusted))
    servers = Servers(settings.home, {name: trusted})
    servers.trust(name, state.pins.listed)
    state = servers.state(name)
    if as_json:
        show_json(_detailed(state))
        return
    _show_tools(state)
    note(f"Trusted: {name}, with these tools as they are now.")


@app.command()
def untrust(name: Name, as_json: Json = False) -> None:
    """Believe a server no longer: each of its calls is asked about again."""
    from agent_core.cli.render import note, show_json
    from agent_core.mcp.servers import Servers
    from agent_core.settings.mcp_servers import as_table

    settings, server = _named(name)
    settings.with_mcp_server(name, as_table(replace(server, trusted=False)))
    Servers(settings.home, {name: server}).trust(name, [])
    if as_json:
        show_json({"name": name, "trusted": False})
    else:
        note(f"Not trusted: {name}")


def read_all(servers: Mapping[str, McpServer]) -> dict[str, ServerTools | str]:
    """Every server asked for its tools; an error message in place of those that do not tell."""
    import asyncio

    from agent_core.cli.state import open_servers

    async def read(reading: Servers) -> dict[str, ServerTools | str]:
        async def one(name: str) -> ServerTools | str:
            try:
                return await reading.read(name)
            except AgentCoreError as error:
                return str(error)

        try:
            return dict(zip(servers, await asyncio.gather(*map(one, servers)), strict=True))
        finally:
            await reading.aclose()

    with open_servers(servers) as reading:
        return asyncio.run(read(reading))


def _read(servers: Mapping[str, McpServer]) -> dict[str, ServerTools]:
    """The same, where a server that does not tell is an error."""
    from agent_core.cli.progress import working

    with working("Asking the server for its tools"):
        found = read_all(servers)
    states: dict[str, ServerTools] = {}
    for name, state in found.items():
        if isinstance(state, str):
            raise AgentCoreError(state)
        if state.problem:
            raise AgentCoreError(state.problem)
        states[name] = state
    return states


def _read_or_known(name: str, server: McpServer) -> tuple[ServerTools, AgentCoreError | None]:
    from agent_core.mcp.servers import Servers
    from agent_core.settings import Settings

    try:
        return _read({name: server})[name], None
    except AgentCoreError as error:
        return Servers(Settings.load().home, {name: server}).state(name), error


def _named(name: str) -> tuple[Settings, McpServer]:
    from agent_core.settings import Settings
    from agent_core.suggest import did_you_mean

    settings = Settings.load()
    if name not in settings.mcp:
        raise UsageError(f"There is no MCP server {name!r}.{did_you_mean(name, settings.mcp)}")
    return settings, settings.mcp[name]


def _from_anywhere(word: str) -> str:
    """A path of a file or folder that is there, in full: a server is not started in the folder where you are."""
    return str(Path(word).absolute()) if ("/" in word or word == ".") and Path(word).exists() else word


def _pairs(items: list[str] | None) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for item in items or ():
        key, separator, value = item.partition("=")
        if not separator or not key:
            raise UsageError(f"{key[:80]!r} is not a pair; write NAME=VALUE.")  # not the value: it may be a secret
        pairs[key] = value
    return pairs


def _show_tools(state: ServerTools) -> None:
    from agent_core.cli.render import show_table
    from agent_core.cli.tools import effect
    from agent_core.mcp.tools import WORST_CASE, traits_of

    rows: list[tuple[str, ...]] = []
    for definition in state.definitions.values():
        believed = state.trusted and state.pins.trusts(definition.remote_name)
        traits = traits_of(state.server, definition)
        shown = effect(traits if believed else WORST_CASE)
        rows.append((definition.name, shown, effect(traits), definition.description))
    show_table(("tool", "counts as", "says that it", "what it does"), rows, empty="It has no tool that can be used.")
    sys.stdout.flush()


def _show_changes(state: ServerTools) -> None:
    """What each tool was and what it has become, line by line."""
    from difflib import unified_diff

    from agent_core.cli.render import indented, show
    from agent_core.gate.sanitise import sanitise_line

    for change in state.pins.changes:
        show(f"\nChanged: {sanitise_line(change.tool, 60)}")
        before, after = (
            json.dumps(raw, indent=1, sort_keys=True).splitlines() for raw in (change.before, change.after)
        )
        show(indented("\n".join(list(unified_diff(before, after, "before", "now", lineterm="", n=1))[:200])))


def _tell_problems(state: ServerTools, note: Any) -> None:
    if state.problem:
        note(f"{state.name}: {state.problem}")
    for refused in state.refused:
        note(f"{state.name}: {refused.remote_name!r} was not taken: {refused.reason}")


def _summary(state: ServerTools) -> dict[str, Any]:
    return {
        "name": state.name,
        "where": state.server.where,
        "trusted": state.trusted,
        "standing": state.standing,
        "problem": state.problem,
        "read_at": state.pins.read_at,
        "tools": list(state.definitions),
        "refused": [{"tool": refused.remote_name, "reason": refused.reason} for refused in state.refused],
        "changed": [change.tool for change in state.pins.changes],
    }


def _detailed(state: ServerTools) -> dict[str, Any]:
    return {
        **_summary(state),
        "definitions": state.pins.listed,
        "changes": [{"tool": c.tool, "before": c.before, "after": c.after, "at": c.at} for c in state.pins.changes],
    }
