"""What can still be read of a damaged journal, written into a new one. The damaged file is not touched.

Rows are read in ranges; a range that cannot be read is halved until the unreadable rows are alone. Whatever a row
might have said is not guessed at: a run that had not ended cannot go on in the new journal, because what is missing
may be that an action was done; and where a rule is missing, no other rule allows anything any more.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent_core.errors import JournalError
from agent_core.journal.health import examine, number_events
from agent_core.journal.store import Journal, dumps, explain, now

_TABLES = (
    "runs",
    "plans",
    "steps",
    "histories",
    "events",
    "calls",
    "grants",
    "pending",
    "rules",
    "feedback",
    "definitions",
    "toolsets",
)
"""Parents first. What was cached for reuse, and when upkeep was done, is not worth saving."""

_JSON = {
    "options",
    "error",
    "usage",
    "plan",
    "labels",
    "messages",
    "data",
    "args",
    "result",
    "saved",
    "answer",
    "arguments",
    "definition",
    "definitions",
}
_PLAIN = {("runs", "answer"), ("steps", "error")}
"""Columns with one of these names hold JSON, but for these."""

_MOST_FAILURES = 20_000
"""Reads of a table that may fail before the rest of it is given up."""
_LARGEST = 2**62

_CUT_OFF = {"type": "JournalError", "message": "the journal was damaged: what this run had done may be missing"}


@dataclass
class Salvaged:
    """Rows by table: how many could be read, and how many are known to be lost."""

    read: dict[str, int] = field(default_factory=dict[str, int])
    lost: dict[str, int] = field(default_factory=dict[str, int])
    cut_off: int = 0
    """Runs that had not ended, and cannot go on."""


def salvage(damaged: Path, new: Path) -> Salvaged:
    """Make the journal `new` of what can be read of `damaged`.

    Raises:
        JournalError: nothing of it can be read.
    """
    found = Salvaged()
    with tempfile.TemporaryDirectory(dir=new.parent) as folder:
        copy = Path(folder) / "damaged.db"
        for ending in ("", "-wal"):
            if (part := damaged.with_name(damaged.name + ending)).exists():
                shutil.copyfile(part, copy.with_name(copy.name + ending))
        try:
            with closing(sqlite3.connect(copy)) as db:
                tables = {str(row[0]) for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
                journal = Journal(new)
                with closing(journal):
                    for table in _TABLES:
                        if table in tables:
                            _save(db, journal, table, found)
                    _make_safe(journal, found)
        except sqlite3.DatabaseError as error:
            raise JournalError(explain(error, damaged)) from error
    for run_id in (health := examine(new)).torn:
        with closing(Journal(new)) as journal:
            number_events(journal, run_id)
    assert not health.damage
    return found


def _save(db: sqlite3.Connection, journal: Journal, table: str, found: Salvaged) -> None:
    known = [str(row["name"]) for row in journal.rows(f"PRAGMA table_info({table})")]
    there = {str(row[1]) for row in db.execute(f"PRAGMA table_info({table})")}
    columns = [name for name in known if name in there]
    insert = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"  # noqa: S608
    found.read[table] = found.lost[table] = 0
    with journal.transaction():
        for values in _rows(db, table, columns):
            if values is None or not _makes_sense(table, dict(zip(columns, values, strict=True))):
                found.lost[table] += 1
                continue
            try:
                journal.execute(insert, *values)
                found.read[table] += 1
            except JournalError:  # a second row of that key, or one of a run that could not be read
                found.lost[table] += 1


def _rows(db: sqlite3.Connection, table: str, columns: list[str]) -> Iterator[tuple[Any, ...] | None]:
    """Every row in the order of the table; None for each place where there is a row that cannot be read."""
    query = f"SELECT {', '.join(columns)} FROM {table} WHERE rowid BETWEEN ? AND ? ORDER BY rowid"  # noqa: S608
    failures = 0
    ranges = [(1, _last_rowid(db, table))]
    while ranges:
        first, last = ranges.pop()
        try:
            rows = db.execute(query, (first, last)).fetchall()
        except sqlite3.DatabaseError:
            failures += 1
            if first == last or failures > _MOST_FAILURES:
                yield None
            else:
                middle = (first + last) // 2
                ranges += [(middle + 1, last), (first, middle)]
            continue
        yield from rows


def _last_rowid(db: sqlite3.Connection, table: str) -> int:
    """The largest rowid, or a bound of it where the end of the table cannot be read."""
    try:
        return int(db.execute(f"SELECT max(rowid) FROM {table}").fetchone()[0] or 1)  # noqa: S608
    except sqlite3.DatabaseError:
        pass
    known, bound = 1, 1
    while bound < _LARGEST:  # beyond the last row nothing is read, and nothing fails
        try:
            db.execute(f"SELECT 1 FROM {table} WHERE rowid > ? LIMIT 1", (bound,)).fetchone()  # noqa: S608
        except sqlite3.DatabaseError:
            known = bound
        bound *= 2
    return 2 * known


def _makes_sense(table: str, row: dict[str, Any]) -> bool:
    """Whether what should be JSON is: letters may be wrong in a page that looks right."""
    for name, value in row.items():
        if name in _JSON and (table, name) not in _PLAIN and value is not None:
            try:
                json.loads(value)
            except (ValueError, TypeError):
                return False
    return True


def _make_safe(journal: Journal, found: Salvaged) -> None:
    unfinished = "status IN ('running', 'waiting') OR (answer IS NULL AND status != 'done')"
    with journal.transaction():
        journal.execute(
            "UPDATE pending SET answered_at = ?, answer = ? WHERE answered_at IS NULL",
            now(),
            dumps({"withdrawn": True}),
        )
        found.cut_off = journal.execute(
            "UPDATE runs SET status = 'failed', answer = '', error = ?, owner = NULL, lease_until = NULL "  # noqa: S608
            f"WHERE {unfinished}",
            dumps(_CUT_OFF),
        )
        if found.lost.get("rules"):
            journal.execute("UPDATE rules SET revoked_at = ? WHERE effect = 'allow' AND revoked_at IS NULL", now())
