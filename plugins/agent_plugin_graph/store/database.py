"""The one SQLite file of a graph: private, migrated when it is opened, written in transactions."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Generator, Iterable, Sequence
from contextlib import AbstractContextManager, contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

from agent_core.errors import ConfigurationError, ToolError
from agent_plugin_graph.query.exact import ExactMean, ExactSum
from agent_plugin_graph.store.scope import type_of

BUSY_TIMEOUT_S = 30.0
_CACHE_KIB = 64 * 1024


class Database:
    """An open file. It may be used from several threads, one at a time, and from several processes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._depth = 0
        with _explained(path):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # Made before SQLite opens it, so that nobody else can read it at any time; its WAL gets the same mode.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=BUSY_TIMEOUT_S)
        try:
            with _explained(path):
                self._settle()
        except BaseException:
            self._db.close()
            raise

    def close(self) -> None:
        """Close the file; may be called twice."""
        with self._lock:
            self._db.close()

    @contextmanager
    def transaction(self) -> Generator[None]:
        """What is written inside becomes durable together, or not at all. May be nested."""
        with self._lock, _explained(self.path):
            self._depth += 1
            try:
                if self._depth == 1:
                    self._db.execute("BEGIN IMMEDIATE")
                yield
                if self._depth == 1:
                    self._db.execute("COMMIT")
            except BaseException:
                if self._depth == 1 and self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
            finally:
                self._depth -= 1

    @contextmanager
    def impatient(self) -> Generator[None]:
        """What is done inside does not wait for other processes: it fails at once where one is writing."""
        with self._lock:
            self._db.execute("PRAGMA busy_timeout=0")
            try:
                yield
            finally:
                self._db.execute(f"PRAGMA busy_timeout={int(1000 * BUSY_TIMEOUT_S)}")

    def bulk(self) -> AbstractContextManager[None]:
        """A transaction: a file takes one of any size."""
        return self.transaction()

    def purge(self) -> None:
        """Write the file anew, so that no page, and no page of its log, holds what was removed."""
        with self._lock, _explained(self.path):
            self._db.execute("INSERT INTO passage_terms (passage_terms) VALUES ('optimize')")
            self._db.execute("VACUUM")
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """All rows of a query, as tuples."""
        with self._lock, _explained(self.path):
            return self._db.execute(sql, values).fetchall()

    def value(self, sql: str, values: Sequence[Any] = ()) -> Any:
        """The first column of the first row; None without one."""
        rows = self.rows(sql, values)
        return rows[0][0] if rows else None

    def write(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Run one statement; how many rows it changed."""
        with self._lock, _explained(self.path):
            return self._db.execute(sql, values).rowcount

    def write_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run one statement for each of the rows."""
        with self._lock, _explained(self.path):
            self._db.executemany(sql, rows)

    @property
    def in_transaction(self) -> bool:
        """Whether what is read may hold what is not durable yet."""
        return self._depth > 0

    def state(self) -> tuple[int, int] | None:
        """What is another after whatever is written, here or by another process; None while something is written."""
        with self._lock:
            return None if self._db.in_transaction else (int(self.value("PRAGMA data_version")), self._db.total_changes)

    def _settle(self) -> None:
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")  # a power cut may lose the last batch, which `sync` adds again
        self._db.execute("PRAGMA secure_delete=ON")
        self._db.execute("PRAGMA temp_store=MEMORY")  # no text in files elsewhere
        self._db.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
        self._db.create_function("lower_of", 1, _lower, deterministic=True)
        self._db.create_function("type_of", 1, type_of, deterministic=True)
        self._db.create_aggregate("exact_sum", -1, cast("Any", ExactSum))  # the types know integers only
        self._db.create_aggregate("exact_avg", -1, cast("Any", ExactMean))
        scripts = _scripts()
        if self._version() < len(scripts):
            with self.transaction():
                # Again, now that nobody else can be migrating.
                for number, script in enumerate(scripts[self._version() :], start=self._version() + 1):
                    for statement in _statements(script):
                        self._db.execute(statement)
                    self._db.execute(f"PRAGMA user_version={number}")
        elif self._version() > len(scripts):
            raise ConfigurationError(
                f"The graph {str(self.path)!r} was written by a newer agent-core (schema {self._version()}; this one "
                f"knows {len(scripts)}). Nothing was changed; upgrade agent-core or choose another file."
            )

    def _version(self) -> int:
        return int(self._db.execute("PRAGMA user_version").fetchone()[0])


def _lower(value: Any) -> Any:
    """SQLite's own lower() knows ASCII only."""
    return value.lower() if isinstance(value, str) else value


def many(values: Iterable[str | int]) -> tuple[str]:
    """The one value of a statement that has `IN (SELECT value FROM json_each(?))`."""
    return (json.dumps(list(values)),)


def _scripts() -> list[str]:
    folder = files("agent_plugin_graph.store.migrations")
    return [
        file.read_text("utf-8") for file in sorted(folder.iterdir(), key=lambda f: f.name) if file.name.endswith(".sql")
    ]


def _statements(script: str) -> list[str]:
    found, pending = [], ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            found.append(pending)
            pending = ""
    return found


@contextmanager
def _explained(path: Path) -> Generator[None]:
    """SQLite's errors in a person's words."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        reason = str(error)
        if "locked" in reason or "busy" in reason:
            raise ToolError(f"The graph {str(path)!r} is busy: another process is writing to it. Try again.") from error
        if "not a database" in reason or "malformed" in reason:
            raise ToolError(
                f"{str(path)!r} is not a graph, or it is damaged ({reason}); add the documents anew."
            ) from error
        raise ToolError(f"The graph {str(path)!r} cannot be used: {reason}.") from error
    except OSError as error:
        raise ToolError(f"The graph {str(path)!r} cannot be opened: {error.strerror}.") from error
