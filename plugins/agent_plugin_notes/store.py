"""Notes on disk: one SQLite file for all users of this state folder, safe for several processes at once."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from agent_core import ToolError, TransientToolError

_BUSY_S = 10.0
_VERSION = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS notes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user TEXT NOT NULL,
    fact TEXT NOT NULL,  -- the text as compared: the same fact is noted once
    text TEXT NOT NULL,
    noted_at TEXT NOT NULL,  -- ISO, UTC
    labels TEXT NOT NULL DEFAULT '[]',  -- JSON array: what the text was under when it was written
    UNIQUE (user, fact)
);
CREATE VIRTUAL TABLE IF NOT EXISTS notes_words USING fts5 (text, tokenize = 'porter unicode61 remove_diacritics 2');
CREATE TRIGGER IF NOT EXISTS notes_added AFTER INSERT ON notes BEGIN
    INSERT INTO notes_words (rowid, text) VALUES (new.id, new.text);
END;
CREATE TRIGGER IF NOT EXISTS notes_removed AFTER DELETE ON notes BEGIN
    DELETE FROM notes_words WHERE rowid = old.id;
END;
"""


@dataclass(frozen=True)
class Note:
    """What the user asked to have remembered."""

    id: int
    text: str
    noted_at: str
    """When, as an ISO time in UTC."""
    labels: list[str]
    """What it was written under (untrusted, private); whoever reads the note reads that too."""

    def quoted(self) -> str:
        """The note and its time, for a person, in one line."""
        when = datetime.fromisoformat(self.noted_at).astimezone()
        return f'"{" ".join(self.text.split())}" (noted on {when.day} {when:%B %Y at %H:%M})'


class NoteStore:
    """One user's notes in an open file; made by `open_notes`. Every method is one transaction or a part of one."""

    def __init__(self, connection: sqlite3.Connection, user: str) -> None:
        self._connection = connection
        self._user = user

    @contextlib.contextmanager
    def changing(self) -> Generator[None]:
        """A transaction that keeps other writers out from its first line on; undone when the block raises."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def all(self) -> list[Note]:
        """Every note, the newest first."""
        return self._select("ORDER BY noted_at DESC, id DESC")

    def by_id(self, note_id: int) -> Note | None:
        """The note with that number."""
        return next(iter(self._select("AND id = ?", note_id)), None)

    def by_fact(self, fact: str) -> Note | None:
        """The note that says the same."""
        return next(iter(self._select("AND fact = ?", fact)), None)

    def with_word(self, word: str) -> list[Note]:
        """Notes that hold `word` in any of its forms (lease, leases)."""
        phrase = '"' + word.replace('"', '""') + '"'  # a quoted string is no query syntax to FTS5
        return self._select("AND id IN (SELECT rowid FROM notes_words WHERE notes_words MATCH ?)", phrase)

    def add(self, text: str, noted_at: str, labels: Iterable[str], *, note_id: int | None = None) -> None:
        """Write a note; with an id, one that was removed comes back."""
        row = (note_id, self._user, fact_of(text), text, noted_at, json.dumps(sorted(labels)))
        self._connection.execute(
            "INSERT OR IGNORE INTO notes (id, user, fact, text, noted_at, labels) VALUES (?, ?, ?, ?, ?, ?)", row
        )

    def date(self, note: Note, noted_at: str, labels: Iterable[str]) -> None:
        """Say that a fact was (also) noted at another time, under these labels."""
        self._connection.execute(
            "UPDATE notes SET noted_at = ?, labels = ? WHERE id = ? AND user = ?",
            (noted_at, json.dumps(sorted(labels)), note.id, self._user),
        )

    def remove(self, notes: Sequence[Note]) -> None:
        """Delete the notes."""
        self._connection.executemany(
            "DELETE FROM notes WHERE id = ? AND user = ?", [(note.id, self._user) for note in notes]
        )

    def _select(self, rest: str, *values: object) -> list[Note]:
        rows = self._connection.execute(
            f"SELECT id, text, noted_at, labels FROM notes WHERE user = ? {rest}",  # noqa: S608 - constants above
            (self._user, *values),
        )
        return [Note(number, text, noted_at, json.loads(labels)) for number, text, noted_at, labels in rows]


def fact_of(text: str) -> str:
    """The text as it is compared: case, spaces and final punctuation do not make another fact."""
    return " ".join(text.casefold().split()).strip(" .!")


def now() -> str:
    """This moment, as notes are dated."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


@contextlib.contextmanager
def open_notes(path: Path, user: str) -> Generator[NoteStore]:
    """The notes of `user`; the file is made if need be, readable by its owner alone.

    Raises:
        TransientToolError: another process holds the file for too long.
        ToolError: the file is not usable; it is left as it is.
    """
    try:
        with contextlib.closing(_connect(path)) as connection:
            yield NoteStore(connection, user)
    except sqlite3.OperationalError as error:
        if "locked" in str(error) or "busy" in str(error):
            raise TransientToolError(f"The notes in {str(path)!r} are in use by another process; try again.") from None
        raise ToolError(f"The notes in {str(path)!r} cannot be used: {error}.") from None
    except sqlite3.DatabaseError as error:
        raise ToolError(
            f"The notes in {str(path)!r} are not readable ({error}). The file is left as it is; move it away to start "
            "with none, or restore it from a backup."
        ) from None
    except OSError as error:
        raise ToolError(f"The notes in {str(path)!r} cannot be used: {error.strerror}.") from None


def _connect(path: Path) -> sqlite3.Connection:
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)
    try:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > _VERSION:
            raise ToolError(f"The notes in {str(path)!r} were written by a newer version; update agent-core.")
        if version == 0:
            _create(connection, path)
        connection.execute("PRAGMA synchronous = FULL")
    except BaseException:
        connection.close()
        raise
    return connection


def _create(connection: sqlite3.Connection, path: Path) -> None:
    from filelock import FileLock

    # Changing the journal mode does not wait for other connections as everything else does.
    with FileLock(path.with_suffix(".lock"), timeout=_BUSY_S):
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {_VERSION}; COMMIT;")
