"""The one SQLite file: opening, migrating, transactions, and errors in a person's words.

Every write is durable when its statement returns (WAL, `synchronous=FULL`). Two processes may use one journal:
writers wait for each other, and what must happen once is decided by compare-and-swap inside a transaction.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from agent_core.errors import JournalError

BUSY_TIMEOUT_S = 30.0
_NO_SPACE_BYTES = 200_000
"""What SQLite needs beside the journal before it can even read it."""


class Journal:
    """A journal file, open. One per process and home is enough; it may be used from several threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._depth = 0
        self._once_durable: list[Callable[[], None]] = []
        with self._explained():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            fresh = not path.exists()
            self._db = sqlite3.connect(
                path, isolation_level=None, check_same_thread=False, timeout=BUSY_TIMEOUT_S, cached_statements=256
            )
            if fresh:
                os.chmod(path, 0o600)
            self._db.row_factory = sqlite3.Row
            try:
                self._check_version()
                self._use_wal()
                self._db.execute("PRAGMA synchronous=FULL")
                self._db.execute("PRAGMA foreign_keys=ON")
                self._db.execute("PRAGMA secure_delete=ON")  # what is deleted is overwritten, not only unlinked
                self._migrate()
            except BaseException:
                self._db.close()
                raise

    def close(self) -> None:
        """Close the file; the WAL is folded in by SQLite when the last user closes."""
        with self._lock:
            self._db.close()

    @contextmanager
    def transaction(self) -> Generator[None]:
        """All statements inside become durable together, or none; takes the write lock at once."""
        with self._lock, self._explained():
            self._depth += 1
            try:
                if self._depth == 1:
                    self._db.execute("BEGIN IMMEDIATE")
                yield
                if self._depth == 1:
                    self._db.execute("COMMIT")
            except BaseException:
                if self._depth == 1:
                    self._once_durable.clear()
                    if self._db.in_transaction:
                        self._db.execute("ROLLBACK")
                raise
            finally:
                self._depth -= 1
            if self._depth == 0:
                durable, self._once_durable = self._once_durable, []
                for call in durable:
                    call()

    def once_durable(self, call: Callable[[], None]) -> None:
        """Inside a transaction: do this when it is committed, and not at all when it is undone."""
        assert self._depth
        self._once_durable.append(call)

    @contextmanager
    def impatient(self) -> Generator[None]:
        """Inside, nobody is waited for: what another process keeps busy fails at once."""
        with self._lock:
            self._db.execute("PRAGMA busy_timeout=0")
            try:
                yield
            finally:
                self._db.execute(f"PRAGMA busy_timeout={round(1000 * BUSY_TIMEOUT_S)}")

    def execute(self, sql: str, *values: Any) -> int:
        """Run one statement and return how many rows it changed."""
        with self._lock, self._explained():
            return self._db.execute(sql, values).rowcount

    def executemany(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run one statement for each of the rows, durable together."""
        with self.transaction():
            self._db.executemany(sql, rows)

    def rows(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        """All rows of a query."""
        with self._lock, self._explained():
            return self._db.execute(sql, values).fetchall()

    def row(self, sql: str, *values: Any) -> sqlite3.Row | None:
        """The first row of a query, or None."""
        with self._lock, self._explained():
            return self._db.execute(sql, values).fetchone()

    def insert(self, table: str, *, replace: bool = False, **columns: Any) -> None:
        """Insert one row; the column names come from code, never from data."""
        verb = "INSERT OR REPLACE" if replace else "INSERT"
        marks = ", ".join("?" * len(columns))
        self.execute(f"{verb} INTO {table} ({', '.join(columns)}) VALUES ({marks})", *columns.values())

    def _check_version(self) -> int:
        """The schema that the file has; refuses one that a newer version wrote, before anything is changed in it."""
        version, newest = int(self._db.execute("PRAGMA user_version").fetchone()[0]), len(_scripts())
        if version > newest:
            raise JournalError(
                f"The journal {str(self.path)!r} was written by a newer agent-core (schema {version}; this one "
                f"knows {newest}). Nothing was changed; upgrade agent-core or choose another AGENT_CORE_HOME."
            )
        return version

    def _use_wal(self) -> None:
        """Switch to the write-ahead log. SQLite does not wait for others here: two who make a new file meet."""
        until = time.monotonic() + BUSY_TIMEOUT_S
        while True:
            try:
                self._db.execute("PRAGMA journal_mode=WAL")
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > until:
                    raise
                time.sleep(0.02)

    def _migrate(self) -> None:
        scripts = _scripts()
        if self._check_version() == len(scripts):
            return
        with self.transaction():
            # Read again under the lock: another process may have migrated it meanwhile.
            for script in scripts[self._check_version() :]:
                for statement in _statements(script.read_text(encoding="utf-8")):
                    self._db.execute(statement)
            self._db.execute(f"PRAGMA user_version = {len(scripts)}")

    @contextmanager
    def _explained(self) -> Generator[None]:
        """Turn SQLite's and the file system's errors into ones that name the file and the way out."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise JournalError(explain(error, self.path)) from error
        except OSError as error:
            raise JournalError(
                f"The state folder {str(self.path.parent)!r} cannot be used: {error.strerror}."
            ) from error


def _scripts() -> list[Traversable]:
    found = (entry for entry in files("agent_core.journal.migrations").iterdir() if entry.name.endswith(".sql"))
    return sorted(found, key=lambda entry: entry.name)


def _statements(script: str) -> Iterator[str]:
    """Split a migration at statement ends; `executescript` would commit the surrounding transaction."""
    buffer = ""
    for line in script.splitlines(keepends=True):
        buffer += line
        if sqlite3.complete_statement(buffer):
            yield buffer
            buffer = ""


def explain(error: sqlite3.DatabaseError, path: Path) -> str:
    """An error of SQLite in a person's words: which file, and the way out."""
    reason = str(error)
    where = f"The journal {str(path)!r}"
    if "not a database" in reason or "malformed" in reason:
        return (
            f"{where} is damaged ({reason}). It was left as it is: save what can be read with agent-core doctor "
            "--salvage, or move it away to start afresh."
        )
    if "locked" in reason or "busy" in reason:
        return f"{where} is held by another process for more than {BUSY_TIMEOUT_S:.0f} s; try again when it is done."
    if _is_full(error, path):
        return (
            f"{where} cannot grow: the disk is full, or a limit is reached. Free some space and resume; nothing that "
            "was recorded is lost."
        )
    if "readonly" in reason or "unable to open" in reason:
        return f"{where} cannot be written ({reason}); check the permissions, or set AGENT_CORE_HOME to another folder."
    return f"{where} failed: {reason}."


def _is_full(error: sqlite3.DatabaseError, path: Path) -> bool:
    """Whether it failed for want of space: SQLite says so only of some of its files."""
    code: str = getattr(error, "sqlite_errorname", "")
    if code.startswith(("SQLITE_FULL", "SQLITE_IOERR_WRITE")):
        return True
    return (
        code.startswith(("SQLITE_IOERR", "SQLITE_CANTOPEN")) and shutil.disk_usage(path.parent).free < _NO_SPACE_BYTES
    )


def dumps(value: Any) -> str:
    """The journal's JSON: compact, non-ASCII as it is, no NaN; fields keep their order: what is read is the same."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def now() -> float:
    """Wall-clock seconds since the epoch."""
    return time.time()
