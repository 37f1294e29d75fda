"""`agent-core doctor`: whether everything that a run needs is there, on one screen."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import typer

from agent_core.cli.ask import Json
from agent_core.errors import AgentCoreError

_LOW_SPACE_BYTES = 200_000_000
_NO_SPACE_BYTES = 10_000_000
_FTS5_NEEDED_FOR = "the graph's full-text search"

Status = Literal["ok", "warning", "failed"]
Found: TypeAlias = tuple[Status, str]


@dataclass(frozen=True)
class Check:
    """One thing that was looked at. A warning is no reason to fail."""

    name: str
    status: Status
    detail: str


def doctor(as_json: Json = False) -> None:
    """Check the state folder, the journal, plugins, MCP servers, models and keys. Ends with 1 where one is broken."""
    from agent_core.cli.progress import working
    from agent_core.cli.render import show_json, show_table

    with working("Checking"):
        found = [_checked(name, look) for name, look in _CHECKS.items()]
    broken = any(check.status == "failed" for check in found)
    if as_json:
        show_json({"ok": not broken, "checks": [asdict(check) for check in found]})
    else:
        show_table(("check", "status", "detail"), [(c.name, c.status, c.detail) for c in found], wrap=True)
    raise typer.Exit(1 if broken else 0)


def _checked(name: str, look: Callable[[], Found]) -> Check:
    try:
        return Check(name, *look())
    except AgentCoreError as error:
        return Check(name, "failed", str(error))


def _home() -> Path:
    from agent_core.settings.home import find_home, open_home

    return open_home(find_home())


def _python() -> Found:
    with closing(sqlite3.connect(":memory:")) as database:
        try:
            database.execute("CREATE VIRTUAL TABLE probe USING fts5(text)")
        except sqlite3.OperationalError:
            return "warning", f"SQLite {sqlite3.sqlite_version} has no FTS5, which {_FTS5_NEEDED_FOR} needs"
    return "ok", f"Python {sys.version.split()[0]}, SQLite {sqlite3.sqlite_version} with FTS5"


def _state_folder() -> Found:
    home = _home()
    if os.name == "posix" and home.stat().st_mode & 0o077:
        return "warning", f"{home} can be read by others; close it with: chmod 700 {home}"
    return "ok", str(home)


def _space() -> Found:
    free = shutil.disk_usage(_home()).free
    told = f"{free / 1e9:.1f} GB free"
    if free < _NO_SPACE_BYTES:
        return "failed", f"{told}: the journal cannot grow"
    return ("warning" if free < _LOW_SPACE_BYTES else "ok"), told


def _settings() -> Found:
    from agent_core.settings import Settings

    settings = Settings.load()
    return "ok", str(settings.path) if settings.path.exists() else f"{settings.path} (none yet: defaults)"


def _journal() -> Found:
    """Looked at without being changed: opening it as a run does would bring its schema up to date."""
    path = _home() / "journal.db"
    if not path.exists():
        return "ok", "none yet: made by the first request"
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
            problems = [str(row[0]) for row in database.execute("PRAGMA integrity_check(3)")]
            version = int(database.execute("PRAGMA user_version").fetchone()[0])
            runs = int(database.execute("SELECT count(*) FROM runs").fetchone()[0])
    except sqlite3.DatabaseError as error:
        return "failed", f"{path}: {error}; move it away to start afresh, or: sqlite3 {path.name} .recover"
    if problems != ["ok"]:
        return "failed", f"{path} is damaged: {'; '.join(problems)}"
    return "ok", f"{runs} runs, schema {version}, {path.stat().st_size / 1e6:.1f} MB, integrity checked"


def _waiting() -> Found:
    if not (_home() / "journal.db").exists():
        return "ok", "none"
    from agent_core.cli.state import open_journal
    from agent_core.gate.approvals import Approvals

    with open_journal() as journal:
        waiting = Approvals(journal, 0).open()
    runs = {pending.run_id for pending in waiting}
    return "ok", f"{len(runs)} runs wait for you; see: agent-core approvals list" if runs else "none"


def _plugins() -> Found:
    from agent_core.cli.state import load_installed

    settings, plugins = load_installed()
    plugins.check_tools()
    failed = [report for report in plugins.reports if report.status == "failed"]
    for name, declared in plugins.settings_classes.items():
        settings.plugin_settings(name, declared)
    if failed:
        return "failed", "; ".join(f"{report.name}: {report.reason}" for report in failed)
    loaded = [report.name for report in plugins.reports if report.status == "ok"]
    return "ok", f"{len(loaded)} loaded, {len(plugins.tools)} tools"


def _mcp() -> Found:
    """Every server is started, or reached, and asked for its tools."""
    from agent_core.cli.mcp import read_all
    from agent_core.settings import Settings

    servers = Settings.load().mcp
    if not servers:
        return "ok", "no server is set up"
    found = read_all(servers)
    broken = [f"{name}: {error}" for name, error in found.items() if isinstance(error, str)]
    states = [state for state in found.values() if not isinstance(state, str)]
    told = [f"{state.name}: {len(state.definitions)} tools, {state.standing}" for state in states]
    if broken:
        return "failed", "; ".join([*broken, *told])
    doubtful = any(state.pins.changes or state.refused for state in states)
    return ("warning" if doubtful else "ok"), "; ".join(told)


def _model() -> Found:
    from agent_core.cli.models import chosen_model
    from agent_core.cli.state import load_installed

    settings, plugins = load_installed()
    chosen = chosen_model(plugins, settings.models)
    if chosen["error"]:
        return "failed", chosen["error"]
    return "ok", f"{chosen['name']}: {chosen['why']}"


def _keys() -> Found:
    import keyring
    from keyring.backends.fail import Keyring as NoKeyring

    from agent_core.models.keys import providers_with_keys

    found = ", ".join(f"{provider} ({place})" for provider, place in providers_with_keys().items())
    if isinstance(keyring.get_keyring(), NoKeyring):
        return "warning", f"{found or 'none'}; this machine has no keyring: keys come from the environment"
    return "ok", found or "none stored"


_CHECKS: dict[str, Callable[[], Found]] = {
    "python": _python,
    "state folder": _state_folder,
    "space": _space,
    "settings": _settings,
    "journal": _journal,
    "waiting": _waiting,
    "plugins": _plugins,
    "mcp": _mcp,
    "model": _model,
    "keys": _keys,
}
