"""The vault's file: values encrypted (AES-GCM) under a key that is kept elsewhere, each bound to its token and run."""

from __future__ import annotations

import base64
import hmac
import os
import re
import sqlite3
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from agent_core.errors import ConfigurationError
from agent_core.gate.vault_key import vault_key

_SCHEMA = """
CREATE TABLE IF NOT EXISTS secret(
    token TEXT PRIMARY KEY, scope TEXT NOT NULL, kind TEXT NOT NULL, fingerprint BLOB NOT NULL, sealed BLOB NOT NULL,
    made_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP, UNIQUE(scope, fingerprint)) STRICT;
CREATE TABLE IF NOT EXISTS key_check(one INTEGER PRIMARY KEY CHECK (one = 1), fingerprint BLOB NOT NULL) STRICT;
"""
_NONCE_BYTES = 12
_BUSY_TIMEOUT_S = 30.0


@dataclass(frozen=True)
class HeldSecret:
    """A value that the vault keeps for a run."""

    token: str
    scope: str
    kind: str
    value: str = field(repr=False)


class VaultFile:
    """A SQLite file of its own, mode 0600, made with the first secret. Raises only ConfigurationError."""

    def __init__(self, path: Path, *, use_keyring: bool) -> None:
        self.path = path
        self._use_keyring = use_keyring
        self._lock = threading.RLock()

    def store(self, scope: str, kinds: Mapping[str, str]) -> list[HeldSecret]:
        """Keep values (with their kinds) for the run, all or none; each keeps the token it may have already."""
        rows = [self._row(scope, kind, value) for value, kind in kinds.items()]
        with self._explained() as db, db:
            db.executemany(
                "INSERT OR IGNORE INTO secret(token, scope, kind, fingerprint, sealed) VALUES (?, ?, ?, ?, ?)", rows
            )
            found = "SELECT token, scope, kind FROM secret WHERE scope = ? AND fingerprint = ?"
            kept = [db.execute(found, (scope, row[3])).fetchone() for row in rows]
        return [HeldSecret(row[0], row[1], row[2], value) for row, value in zip(kept, kinds, strict=True)]

    def _row(self, scope: str, kind: str, value: str) -> tuple[str, str, str, bytes, bytes]:
        word = _kind_word(kind)
        token = f"secret_{word}_{_random_word()}"
        data = value.encode("utf-8", "surrogatepass")
        return token, scope, word, self.mac("fingerprint", data), self._seal(data, _bound_to(token, scope))

    def secrets(self, token: str | None = None) -> list[HeldSecret]:
        """All that is kept, oldest first; or the one with this token, if there is one."""
        if not self.path.exists():
            return []
        columns = "SELECT token, scope, kind, sealed FROM secret"
        with self._explained() as db:
            if token is None:
                rows = db.execute(f"{columns} ORDER BY rowid").fetchall()
            else:
                rows = db.execute(f"{columns} WHERE token = ?", (token,)).fetchall()
        return [
            HeldSecret(token, scope, kind, self._unseal(sealed, _bound_to(token, scope)))
            for token, scope, kind, sealed in rows
        ]

    def forget(self, scope: str) -> int:
        """Delete what is kept for the run, overwriting it in the file; returns how many there were."""
        if not self.path.exists():
            return 0
        with self._explained() as db, db:
            return db.execute("DELETE FROM secret WHERE scope = ?", (scope,)).rowcount

    def scopes(self, before: float | None = None) -> list[str]:
        """The runs that something is kept for; with `before`, those whose newest secret came before that moment."""
        if not self.path.exists():
            return []
        with self._explained() as db:
            rows = db.execute(
                "SELECT scope FROM secret GROUP BY scope "
                "HAVING ? IS NULL OR max(CAST(strftime('%s', made_at) AS INTEGER)) < ? ORDER BY scope",
                (before, before),
            ).fetchall()
        return [str(row[0]) for row in rows]

    def mac(self, purpose: str, data: bytes) -> bytes:
        """HMAC-SHA256 under a key of this vault that serves only `purpose`."""
        return hmac.digest(hmac.digest(self._key, purpose.encode(), "sha256"), data, "sha256")

    def close(self) -> None:
        """Close the file, if it was opened."""
        with self._lock:
            if "_db" in self.__dict__:
                self._db.close()
                del self.__dict__["_db"]

    @cached_property
    def _db(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))  # private before anything is in it
        db = sqlite3.connect(self.path, timeout=_BUSY_TIMEOUT_S, check_same_thread=False)
        try:
            db.execute("PRAGMA secure_delete=ON")
            db.executescript(_SCHEMA)
        except sqlite3.Error:
            db.close()
            raise
        return db

    @cached_property
    def _key(self) -> bytes:
        """The key, checked to be the one that this vault was begun with."""
        with self._explained() as db:
            begun = db.execute("SELECT fingerprint FROM key_check").fetchone()
            if begun is None:
                return self._begin(db)
            key = vault_key(self.path, use_keyring=self._use_keyring, fresh=False)
        if not hmac.compare_digest(begun[0], _key_check(key)):
            raise ConfigurationError(f"The vault {str(self.path)!r} was written with another key; restore that key.")
        return key

    def _begin(self, db: sqlite3.Connection) -> bytes:
        """Choose the key; of several processes at once, one does and the others wait for it."""
        with db:
            db.execute("BEGIN IMMEDIATE")
            begun = db.execute("SELECT 1 FROM key_check").fetchone()
            key = vault_key(self.path, use_keyring=self._use_keyring, fresh=begun is None)
            db.execute("INSERT OR IGNORE INTO key_check VALUES (1, ?)", (_key_check(key),))
        return key

    @cached_property
    def _cipher(self) -> Any:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        return AESGCM(hmac.digest(self._key, b"seal", "sha256"))

    def _seal(self, data: bytes, bound_to: bytes) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, data, bound_to)

    def _unseal(self, sealed: bytes, bound_to: bytes) -> str:
        from cryptography.exceptions import InvalidTag

        try:
            data: bytes = self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], bound_to)
        except (InvalidTag, ValueError):
            raise ConfigurationError(f"The vault {str(self.path)!r} was changed by somebody else.") from None
        return data.decode("utf-8", "surrogatepass")

    @contextmanager
    def _explained(self) -> Generator[sqlite3.Connection]:
        """The open file for one thread at a time, with SQLite's errors in a person's words."""
        with self._lock:
            try:
                yield self._db
            except (sqlite3.Error, OSError) as error:
                raise ConfigurationError(f"The vault {str(self.path)!r} cannot be used: {error}.") from error


def _key_check(key: bytes) -> bytes:
    return hmac.digest(key, b"key check", "sha256")


def _kind_word(kind: str) -> str:
    return re.sub(r"[^a-z0-9]", "", kind.lower())[:24] or "value"


def _random_word() -> str:
    """Twelve characters, 60 bits: short enough for a small model to copy, too many to guess."""
    return base64.b32encode(os.urandom(8)).decode().lower()[:12]


def _bound_to(token: str, scope: str) -> bytes:
    return f"{token}\0{scope}".encode("utf-8", "surrogatepass")
