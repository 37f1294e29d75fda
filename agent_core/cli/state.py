"""What commands find in the state folder: the journal, opened alone where no assistant is needed, and whole ids."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

from agent_core.errors import UsageError
from agent_core.journal.store import Journal
from agent_core.settings.home import find_home, open_home

if TYPE_CHECKING:
    from agent_core.mcp.pins import Change
    from agent_core.mcp.servers import Servers
    from agent_core.settings import Settings
    from agent_core.settings.mcp_servers import McpServer
    from agent_core.tools.plugins import Plugins
    from agent_core.tools.tool import Tool

USER = "local"
"""Whom runs of the command line are for."""

_IDS = {
    "run": ("run_", "SELECT id FROM runs WHERE substr(id, 1, ?) = ? LIMIT 4"),
    "pending": ("ask_", "SELECT id FROM pending WHERE substr(id, 1, ?) = ? LIMIT 4"),
    "rule": ("rule_", "SELECT id FROM rules WHERE substr(id, 1, ?) = ? AND revoked_at IS NULL LIMIT 4"),
}


@contextmanager
def open_journal() -> Generator[Journal]:
    """The journal of the state folder, for commands that only read or note something."""
    journal = Journal(open_home(find_home()) / "journal.db")
    try:
        yield journal
    finally:
        journal.close()


def whole_id(journal: Journal, kind: Literal["run", "pending", "rule"], text: str) -> str:
    """The id that begins with `text` (`run_3f`, or just `3f`); `text` itself where there is none.

    Raises:
        UsageError: more than one does.
    """
    prefix, query = _IDS[kind]
    wanted = text if text.startswith(prefix) else prefix + text
    found = [str(row["id"]) for row in journal.rows(query, len(wanted), wanted)]
    if len(found) > 1:
        raise UsageError(f"{text!r} is the beginning of several ids ({', '.join(found[:3])}, ...); write more of it.")
    return found[0] if found else text


def find_id(kind: Literal["run", "pending", "rule"], text: str) -> str:
    """`whole_id`, for a command that opens the journal for nothing else."""
    with open_journal() as journal:
        return whole_id(journal, kind, text)


def load_installed() -> tuple[Settings, Plugins]:
    """The settings, and the plugins that they do not disable; for commands that need no journal."""
    from agent_core.settings import Settings
    from agent_core.tools.plugins import load_plugins

    settings = Settings.load()
    return settings, load_plugins(None, settings.disabled_plugins)


def load_tools() -> tuple[Settings, Plugins, dict[str, Tool]]:
    """The same, with all tools: those of plugins, and of MCP servers as they were last read."""
    from agent_core.mcp.servers import Servers

    settings, plugins = load_installed()
    of_servers = Servers(settings.home, settings.mcp).tools(plugins.tools) if settings.mcp else {}
    return settings, plugins, {**plugins.tools, **of_servers}


@contextmanager
def open_servers(servers: Mapping[str, McpServer]) -> Generator[Servers]:
    """MCP servers that commands may read; a tool that has changed loses its rules at once, and that is said."""
    from agent_core.cli.render import note
    from agent_core.gate.policy import Policy
    from agent_core.mcp.rules import revoke_allowances
    from agent_core.mcp.servers import Servers

    with open_journal() as journal:

        def changed(server: str, changes: Sequence[Change]) -> None:
            for rule in revoke_allowances(Policy(journal), server, changes):
                note(f"Revoked, because {server} has changed a tool: {rule.id} ({rule})")

        yield Servers(journal.path.parent, servers, changed)


def tool_named(name: str, tools: Mapping[str, Tool]) -> Tool:
    """A loaded tool.

    Raises:
        UsageError: there is none of that name.
    """
    from agent_core.suggest import did_you_mean

    if name not in tools:
        raise UsageError(f"There is no tool {name!r}.{did_you_mean(name, tools)}")
    return tools[name]
