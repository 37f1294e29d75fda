"""Is the journal in order? Looked at without changing it; and what can be put right without losing anything."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from agent_core.errors import JournalError
from agent_core.journal.lease import is_abandoned
from agent_core.journal.store import Journal, dumps, explain

_MOST_PROBLEMS = 3


@dataclass(frozen=True)
class Health:
    """What a look at the journal found."""

    version: int
    runs: int
    bytes: int
    log_bytes: int
    """Of the write-ahead log beside it."""
    damage: tuple[str, ...]
    """What SQLite's integrity check says; empty: the file is whole."""
    stray_rows: int
    """Rows that belong to a run which is not there."""
    stray_grants: int
    torn: tuple[str, ...]
    """Runs whose events are not numbered 1, 2, 3, ..."""
    abandoned: tuple[str, ...]
    """Runs that are marked as being worked on by a process that is gone."""
    interrupted: tuple[str, ...]
    """Runs that neither ended nor wait, and that nobody works on."""


def examine(path: Path) -> Health:
    """Look at a journal file.

    Raises:
        JournalError: it cannot be read at all.
    """
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as db:
            problems = [str(row[0]) for row in db.execute(f"PRAGMA integrity_check({_MOST_PROBLEMS})")]
            leases = db.execute("SELECT id, owner, lease_until FROM runs WHERE owner IS NOT NULL").fetchall()
            abandoned = tuple(run_id for run_id, owner, until in leases if is_abandoned(owner, until or 0.0))
            held = {run_id for run_id, _, _ in leases} - set(abandoned)
            running = [row[0] for row in db.execute("SELECT id FROM runs WHERE status = 'running' ORDER BY rowid")]
            return Health(
                version=_number(db, "PRAGMA user_version"),
                runs=_number(db, "SELECT count(*) FROM runs"),
                bytes=path.stat().st_size,
                log_bytes=log.stat().st_size if (log := path.with_name(path.name + "-wal")).exists() else 0,
                damage=() if problems == ["ok"] else tuple(problems),
                stray_rows=len(db.execute("PRAGMA foreign_key_check").fetchall()),
                stray_grants=_number(db, f"SELECT count(*) FROM grants WHERE {_STRAY_GRANT}"),  # noqa: S608
                torn=tuple(row[0] for row in db.execute(_TORN)),
                abandoned=abandoned,
                interrupted=tuple(run_id for run_id in running if run_id not in held),
            )
    except sqlite3.DatabaseError as error:
        raise JournalError(explain(error, path)) from error


_STRAY_GRANT = "NOT EXISTS (SELECT 1 FROM runs WHERE id = substr(call_key, 1, instr(call_key, '/') - 1))"
_TORN = "SELECT run_id FROM events GROUP BY run_id HAVING min(seq) != 1 OR max(seq) != count(*)"


def repair(journal: Journal, health: Health) -> list[str]:
    """Put right what is safe: nothing that somebody could still want to read is deleted. Returns what was done."""
    done: list[str] = []
    for run_id in health.abandoned:
        done += _give_back(journal, run_id)
    for run_id in health.torn:
        number_events(journal, run_id)
        done.append(f"numbered the events of {run_id} anew")
    if health.stray_grants:
        count = journal.execute(f"DELETE FROM grants WHERE {_STRAY_GRANT}")  # noqa: S608
        done.append(f"deleted {count} answers to calls of runs that are gone")
    return done


def number_events(journal: Journal, run_id: str) -> None:
    """Number the events of a run without gaps, in the order that they have."""
    with journal.transaction():
        rows = journal.rows("SELECT seq, at, kind, data FROM events WHERE run_id = ? ORDER BY seq", run_id)
        journal.execute("DELETE FROM events WHERE run_id = ?", run_id)
        journal.executemany(
            "INSERT INTO events VALUES (?, ?, ?, ?, ?)",
            [
                (run_id, number, row["at"], row["kind"], dumps({**json.loads(row["data"]), "seq": number}))
                for number, row in enumerate(rows, start=1)
            ],
        )


def _give_back(journal: Journal, run_id: str) -> list[str]:
    with journal.transaction():
        row = journal.row("SELECT owner, lease_until FROM runs WHERE id = ?", run_id)
        if row is None or not row["owner"] or not is_abandoned(row["owner"], row["lease_until"] or 0.0):
            return []
        journal.execute("UPDATE runs SET owner = NULL, lease_until = NULL WHERE id = ?", run_id)
    return [f"took {run_id} back from a process that is gone"]


def _number(db: sqlite3.Connection, query: str) -> int:
    return int(db.execute(query).fetchone()[0])
