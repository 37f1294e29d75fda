"""`agent-core doctor`: whether everything that a run needs is there, on one screen."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import Annotated

import typer

from agent_core.cli import state_checks
from agent_core.cli.ask import Json
from agent_core.cli.state_checks import Found, Status
from agent_core.errors import AgentCoreError

_FTS5_NEEDED_FOR = "the graph's full-text search"


@dataclass(frozen=True)
class Check:
    """One thing that was looked at, and what was done about it."""

    name: str
    status: Status
    detail: str
    repaired: tuple[str, ...] = ()


def doctor(
    repair: Annotated[
        bool, typer.Option("--repair", help="Put right what is safe; nothing of yours is deleted.")
    ] = False,
    salvage: Annotated[
        bool, typer.Option("--salvage", help="Of a damaged journal, save what can be read; the damaged one is kept.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Check the state folder, the journal, plugins, MCP servers, models and keys. Ends with 1 where one is broken."""
    from agent_core.cli.progress import working
    from agent_core.cli.render import show_json, show_table

    if salvage:
        _salvage()
    with working("Checking"):
        found = [_checked(name, look, repair) for name, look in _CHECKS.items()]
    broken = any(check.status == "failed" for check in found)
    if as_json:
        show_json({"ok": not broken, "checks": [asdict(check) for check in found]})
    else:
        rows = [(c.name, c.status, "; ".join([c.detail, *c.repaired])) for c in found]
        show_table(("check", "status", "detail"), rows, wrap=True)
    raise typer.Exit(1 if broken else 0)


def _salvage() -> None:
    from agent_core.cli.render import note

    salvaged, kept = state_checks.salvage_journal()
    for table, count in salvaged.read.items():
        lost = salvaged.lost[table]
        note(f"{table}: {count} rows saved" + (f", {lost} lost" if lost else ""))
    if salvaged.cut_off:
        note(f"{salvaged.cut_off} runs had not ended and cannot go on: what they had done may be missing.")
    if salvaged.lost.get("rules"):
        note("Rules are lost, so no other rule allows anything any more; see: agent-core rules list")
    note(f"The damaged journal is kept as {kept}.")


def _checked(name: str, look: Callable[[], Found], repair: bool) -> Check:
    try:
        found = look()
        if not repair or found.repair is None:
            return Check(name, found.status, found.detail)
        done = found.repair()
        after = look()
        return Check(name, after.status, after.detail, tuple(done))
    except AgentCoreError as error:
        return Check(name, "failed", str(error))


def _python() -> Found:
    with closing(sqlite3.connect(":memory:")) as database:
        try:
            database.execute("CREATE VIRTUAL TABLE probe USING fts5(text)")
        except sqlite3.OperationalError:
            return Found("warning", f"SQLite {sqlite3.sqlite_version} has no FTS5, which {_FTS5_NEEDED_FOR} needs")
    return Found("ok", f"Python {sys.version.split()[0]}, SQLite {sqlite3.sqlite_version} with FTS5")


def _settings() -> Found:
    from agent_core.settings import Settings

    settings = Settings.load()
    return Found("ok", str(settings.path) if settings.path.exists() else f"{settings.path} (none yet: defaults)")


def _plugins() -> Found:
    from agent_core.cli.state import load_installed

    settings, plugins = load_installed()
    plugins.check_tools()
    failed = [report for report in plugins.reports if report.status == "failed"]
    for name, declared in plugins.settings_classes.items():
        settings.plugin_settings(name, declared)
    if failed:
        return Found("failed", "; ".join(f"{report.name}: {report.reason}" for report in failed))
    loaded = [report.name for report in plugins.reports if report.status == "ok"]
    return Found("ok", f"{len(loaded)} loaded, {len(plugins.tools)} tools")


def _mcp() -> Found:
    """Every server is started, or reached, and asked for its tools."""
    from agent_core.cli.mcp import read_all
    from agent_core.settings import Settings

    servers = Settings.load().mcp
    if not servers:
        return Found("ok", "no server is set up")
    found = read_all(servers)
    broken = [f"{name}: {error}" for name, error in found.items() if isinstance(error, str)]
    states = [state for state in found.values() if not isinstance(state, str)]
    told = [f"{state.name}: {len(state.definitions)} tools, {state.standing}" for state in states]
    if broken:
        return Found("failed", "; ".join([*broken, *told]))
    doubtful = any(state.pins.changes or state.refused for state in states)
    return Found("warning" if doubtful else "ok", "; ".join(told))


def _model() -> Found:
    from agent_core.cli.models import chosen_model
    from agent_core.cli.state import load_installed

    settings, plugins = load_installed()
    chosen = chosen_model(plugins, settings.models)
    if chosen["error"]:
        return Found("failed", chosen["error"])
    return Found("ok", f"{chosen['name']}: {chosen['why']}")


def _keys() -> Found:
    import keyring
    from keyring.backends.fail import Keyring as NoKeyring

    from agent_core.models.keys import providers_with_keys

    found = ", ".join(f"{provider} ({place})" for provider, place in providers_with_keys().items())
    if isinstance(keyring.get_keyring(), NoKeyring):
        return Found("warning", f"{found or 'none'}; this machine has no keyring: keys come from the environment")
    return Found("ok", found or "none stored")


_CHECKS: dict[str, Callable[[], Found]] = {
    "python": _python,
    "state folder": state_checks.folder,
    "space": state_checks.space,
    "settings": _settings,
    "journal": state_checks.journal,
    "runs": state_checks.runs,
    "secrets": state_checks.vault,
    "plugins": _plugins,
    "mcp": _mcp,
    "model": _model,
    "keys": _keys,
}
