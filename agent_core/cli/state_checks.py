"""What `agent-core doctor` finds in the state folder, and how it puts right what is safe to."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from agent_core.errors import AgentCoreError, JournalError, UsageError

if TYPE_CHECKING:
    from agent_core.journal.salvage import Salvaged

_LOW_SPACE_BYTES = 200_000_000
_NO_SPACE_BYTES = 10_000_000
_LONG_LOG_BYTES = 64_000_000

Status = Literal["ok", "warning", "failed"]


@dataclass(frozen=True)
class Found:
    """What a check found. A warning is no reason to fail."""

    status: Status
    detail: str
    repair: Callable[[], list[str]] | None = None
    """Puts it right; returns what was done, and never deletes what somebody may want."""


def home() -> Path:
    """The state folder, made if need be."""
    from agent_core.settings.home import find_home, open_home

    return open_home(find_home())


def folder() -> Found:
    """Whether others can read anything in the state folder."""
    place = home()
    if os.name != "posix" or not (open_to_others := list(_open_to_others(place))):
        return Found("ok", str(place))
    names = ", ".join(str(path) for path in open_to_others[:3])
    return Found("warning", f"others can read {names}", lambda: _close_to_others(open_to_others))


def _open_to_others(place: Path) -> Iterator[Path]:
    """The folder itself, and files of ours in it: whoever cannot enter the folder cannot reach what is below."""
    if place.stat().st_mode & 0o077:
        yield place
    for path in sorted(place.glob("*")):
        if path.is_file() and not path.is_symlink() and path.stat().st_mode & 0o077:
            yield path


def _close_to_others(paths: list[Path]) -> list[str]:
    for path in paths:
        path.chmod(0o700 if path.is_dir() else 0o600)
    return [f"closed {path} to others" for path in paths]


def space() -> Found:
    """Whether the disk has room for the journal to grow."""
    free = shutil.disk_usage(home()).free
    told = f"{free / 1e9:.1f} GB free"
    if free < _NO_SPACE_BYTES:
        return Found("failed", f"{told}: the journal cannot grow")
    return Found("warning" if free < _LOW_SPACE_BYTES else "ok", told)


def journal() -> Found:
    """The file as a whole, looked at without being changed: opening it would bring its schema up to date."""
    from agent_core.journal.health import examine

    path = home() / "journal.db"
    if not path.exists():
        return Found("ok", "none yet: made by the first request")
    health = examine(path)
    if health.damage:
        told = "; ".join(health.damage)
        return Found("failed", f"{path} is damaged ({told}); save what can be read: agent-core doctor --salvage")
    told = f"{health.runs} runs, schema {health.version}, {health.bytes / 1e6:.1f} MB, integrity checked"
    wrong = [
        f"{len(health.torn)} runs with gaps in their events" if health.torn else "",
        f"{health.stray_grants} answers to calls of runs that are gone" if health.stray_grants else "",
        f"{health.stray_rows} rows of runs that are gone" if health.stray_rows else "",
        f"a write-ahead log of {health.log_bytes / 1e6:.0f} MB" if health.log_bytes > _LONG_LOG_BYTES else "",
    ]
    if not any(wrong):
        return Found("ok", told)
    return Found("warning", f"{told}; {', '.join(filter(None, wrong))}", _repair_journal)


def _repair_journal() -> list[str]:
    from agent_core.cli.state import open_journal
    from agent_core.journal.health import examine, repair
    from agent_core.journal.purge import empty_log

    health = examine(home() / "journal.db")
    with open_journal() as opened:
        done = repair(opened, health)
        if health.log_bytes > _LONG_LOG_BYTES and empty_log(opened):
            done.append("emptied the write-ahead log")
    return done


def runs() -> Found:
    """What waits for a person, and what was cut off."""
    from agent_core.cli.state import open_journal
    from agent_core.gate.approvals import open_questions
    from agent_core.journal.health import examine

    path = home() / "journal.db"
    if not path.exists():
        return Found("ok", "none")
    health = examine(path)
    if health.damage:  # opening it would change it
        return Found("warning", "not looked at: the journal is damaged")
    with open_journal() as opened:
        waiting = {pending.run_id for pending in open_questions(opened)}
    told = f"{len(waiting)} wait for you; see: agent-core approvals list" if waiting else "none waits"
    cut_off = [run_id for run_id in health.interrupted if run_id not in waiting]
    if cut_off:
        told += f"; {len(cut_off)} were cut off: agent-core runs resume {cut_off[-1]}"
    return Found("warning" if cut_off else "ok", told, _repair_journal if health.abandoned else None)


def vault() -> Found:
    """Whether the secrets that are kept can be read, and belong to something."""
    from agent_core.gate.vault import Vault

    place = home()
    path = place / "vault.db"
    if not path.exists():
        return Found("ok", "none yet: made with the first secret")
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as db:
            problems = [str(row[0]) for row in db.execute("PRAGMA integrity_check(3)")]
    except sqlite3.DatabaseError as error:
        problems = [str(error)]
    if problems != ["ok"]:
        return Found("failed", f"{path} is damaged ({'; '.join(problems)}); move it away, with what runs keep in it")
    kept = Vault(path)
    with closing(kept):
        count = kept.count()
    strays = _stray_scopes()
    if not strays:
        return Found("ok", f"{count} secrets, all of which can be read")
    return Found("warning", f"{count} secrets, those of {len(strays)} conversations that are gone", _forget_strays)


def _stray_scopes() -> list[str]:
    """Conversations that the vault keeps secrets of and the journal knows nothing of, apart from today's."""
    from agent_core.cli.state import open_retention
    from agent_core.journal.health import examine

    path = home() / "journal.db"
    if path.exists() and examine(path).damage:  # what it lacks may be there after all; and opening it would change it
        return []
    with open_retention() as (_, retention):
        return retention.strays()


def _forget_strays() -> list[str]:
    from agent_core.cli.state import open_retention

    with open_retention() as (_, retention):
        count = retention.forget_strays()
    return [f"deleted {count} secrets of conversations that are gone"]


def salvage_journal() -> tuple[Salvaged, Path]:
    """Put a journal of what can be read in the place of a damaged one; returns where the damaged one is kept.

    Raises:
        UsageError: the journal is in order.
        JournalError: nothing of it can be read.
    """
    from agent_core.journal.health import examine
    from agent_core.journal.salvage import salvage

    path = home() / "journal.db"
    damaged = False
    try:
        damaged = path.exists() and bool(examine(path).damage)
    except JournalError:  # not even its tables can be listed
        damaged = True
    if not damaged:
        raise UsageError("The journal is in order; there is nothing to salvage.")
    at = f"{datetime.now():%Y%m%d-%H%M%S}"
    kept, new = (path.with_name(f"journal-{word}-{at}.db") for word in ("damaged", "salvaged"))
    try:
        salvaged = salvage(path, new)
    except AgentCoreError:
        for part in new.parent.glob(f"{new.name}*"):
            part.unlink()
        raise
    # A log must never lie beside a journal that it is not of; and at every moment there is a journal.
    os.link(path, kept)
    if (log := path.with_name(path.name + "-wal")).exists():
        log.rename(kept.with_name(kept.name + "-wal"))
    path.with_name(path.name + "-shm").unlink(missing_ok=True)
    os.replace(new, path)
    return salvaged, kept
