"""Secrets while a run needs them: texts carry tokens in their place, and the values are in a file of their own.

What enters the journal, a prompt or a plan is tokenised; the gate reveals it again at the moment of execution. The file
is private, each value in it is encrypted (AES-GCM, bound to its token and run), and is deleted with `forget` when the
run and its undo window have closed.

A token is a random name that means nothing outside the runs it was made for. Text that merely looks like one stays as
it is, so neither a user, a document nor a model can name a secret that the run was not given.
"""

from __future__ import annotations

import base64
import hmac
import json
import os
import re
import sqlite3
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

from agent_core.errors import ConfigurationError, UsageError
from agent_core.gate.detect import TOKEN, find_secrets, is_secret_field
from agent_core.gate.known import KnownSecrets
from agent_core.gate.redact import StreamRedactor
from agent_core.gate.vault_key import vault_key

Json: TypeAlias = Any
"""A JSON value: None, bool, int, float, str, list or dict with text keys."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS secret(
    token TEXT PRIMARY KEY, run_id TEXT NOT NULL, kind TEXT NOT NULL, fingerprint BLOB NOT NULL, sealed BLOB NOT NULL,
    made_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP, UNIQUE(run_id, fingerprint)) STRICT;
CREATE TABLE IF NOT EXISTS key_check(one INTEGER PRIMARY KEY CHECK (one = 1), fingerprint BLOB NOT NULL) STRICT;
"""
_NONCE_BYTES = 12
_BUSY_TIMEOUT_S = 30.0


class Vault:
    """The vault file. Nothing is opened or made before the first secret; may be used from several threads."""

    def __init__(self, path: Path, known: Mapping[str, str] | None = None, *, use_keyring: bool = True) -> None:
        """Name the file.

        Args:
            path: The vault file; a key file, where there is no keyring, lies beside it.
            known: Secrets to look for in every run, by name (keys of providers, secrets of plugins).
            use_keyring: Whether the system's keyring may keep the key.
        """
        self.path = path
        self.known = dict(known or {})
        self._use_keyring = use_keyring
        self._lock = threading.RLock()

    def for_run(self, run_id: str, earlier: Sequence[str] = ()) -> RunSecrets:
        """The secrets of one run.

        Args:
            run_id: Whose secrets those will be that are found from now on.
            earlier: Runs of the same conversation and user, whose tokens this run may meet in its history.
        """
        return RunSecrets(self, run_id, earlier)

    def keyed_hash(self, value: Json) -> str:
        """SHA-256 HMAC of a JSON value, in hex: comparable within this vault, and no help in guessing the value.

        Raises:
            ValueError: the value holds NaN or an infinity.
        """
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return self._mac("value", text.encode()).hex()

    def forget(self, run_id: str) -> int:
        """Delete the secrets of a run, for good, and say how many there were."""
        if not self.path.exists():
            return 0
        with self._explained(), self._db:
            return self._db.execute("DELETE FROM secret WHERE run_id = ?", (run_id,)).rowcount

    def close(self) -> None:
        """Close the file, if it was opened."""
        with self._lock:
            if "_db" in self.__dict__:
                self._db.close()
                del self.__dict__["_db"]

    def store(self, run_id: str, kind: str, value: str) -> str:
        """Keep `value` for the run and return its token, which is the same every time."""
        data = value.encode("utf-8", "surrogatepass")
        fingerprint = self._mac("fingerprint", data)
        token = f"secret_{_kind_word(kind)}_{_random_word()}"
        sealed = self._seal(data, _bound_to(token, run_id))
        with self._explained(), self._db:
            self._db.execute(
                "INSERT OR IGNORE INTO secret(token, run_id, kind, fingerprint, sealed) VALUES (?, ?, ?, ?, ?)",
                (token, run_id, kind, fingerprint, sealed),
            )
            found = "SELECT token FROM secret WHERE run_id = ? AND fingerprint = ?"
            return str(self._db.execute(found, (run_id, fingerprint)).fetchone()[0])

    def values(self, run_ids: Sequence[str]) -> dict[str, tuple[str, str]]:
        """Kind and value by token, of all secrets of these runs, oldest first."""
        if not self.path.exists():
            return {}
        found = f"SELECT token, run_id, kind, sealed FROM secret WHERE run_id IN ({_marks(run_ids)}) ORDER BY rowid"  # noqa: S608
        with self._explained():
            rows = self._db.execute(found, tuple(run_ids)).fetchall()
        return {
            token: (kind, self._unseal(sealed, _bound_to(token, run)).decode("utf-8", "surrogatepass"))
            for token, run, kind, sealed in rows
        }

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
        with self._explained():
            stored = self._db.execute("SELECT fingerprint FROM key_check").fetchone()
            key = vault_key(self.path, use_keyring=self._use_keyring, fresh=stored is None)
            mine = hmac.digest(key, b"key check", "sha256")
            with self._db:
                self._db.execute("INSERT OR IGNORE INTO key_check VALUES (1, ?)", (mine,))
            stored = self._db.execute("SELECT fingerprint FROM key_check").fetchone()[0]
        if not hmac.compare_digest(stored, mine):
            raise ConfigurationError(f"The vault {str(self.path)!r} was written with another key; restore that key.")
        return key

    def _mac(self, purpose: str, data: bytes) -> bytes:
        return hmac.digest(hmac.digest(self._key, purpose.encode(), "sha256"), data, "sha256")

    @cached_property
    def _cipher(self) -> Any:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        return AESGCM(hmac.digest(self._key, b"seal", "sha256"))

    def _seal(self, data: bytes, bound_to: bytes) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, data, bound_to)

    def _unseal(self, sealed: bytes, bound_to: bytes) -> bytes:
        from cryptography.exceptions import InvalidTag

        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], bound_to)
        except (InvalidTag, ValueError):
            raise ConfigurationError(f"The vault {str(self.path)!r} was changed by somebody else.") from None

    @contextmanager
    def _explained(self) -> Generator[None]:
        """One thread at a time, and SQLite's errors in a person's words."""
        with self._lock:
            try:
                yield
            except (sqlite3.Error, OSError) as error:
                raise ConfigurationError(f"The vault {str(self.path)!r} cannot be used: {error}.") from error


class RunSecrets:
    """The secrets of one run: what the gate, the journal and the loop work with."""

    def __init__(self, vault: Vault, run_id: str, earlier: Sequence[str] = ()) -> None:
        self.run_id = run_id
        self._vault = vault
        self._runs = tuple(dict.fromkeys([*earlier, run_id]))
        self._lock = threading.RLock()

    def tokenise(self, value: Json) -> Json:
        """A copy of `value` with every secret in it, at any depth and also in keys, replaced by its token.

        Once seen, a value is recognised in this run wherever it stands, whatever is beside it.
        """
        return _deep(value, self._tokenised, self._tokenised_field)

    def reveal(self, value: Json) -> Json:
        """A copy of `value` with the values in place of this run's tokens; other text is left as it is."""
        return _deep(value, self._revealed)

    def stream(self) -> StreamRedactor:
        """Tokenises a text that arrives in pieces; a secret that is split between two is found."""
        return StreamRedactor(self._known, self._token)

    def keyed_hash(self, value: Json) -> str:
        """The vault's keyed hash of what `value` reveals to: binds a grant to the values, not to their tokens."""
        return self._vault.keyed_hash(self.reveal(value))

    @cached_property
    def _values(self) -> dict[str, str]:
        return {token: value for token, (_, value) in self._kept.items()}

    @cached_property
    def _kept(self) -> dict[str, tuple[str, str]]:
        return self._vault.values(self._runs)

    @cached_property
    def _tokens(self) -> dict[str, str]:
        return {value: token for token, value in self._values.items()}

    @cached_property
    def _known(self) -> KnownSecrets:
        known = KnownSecrets(self._vault.known)
        for kind, value in self._kept.values():
            known.add(value, kind)
        return known

    def _token(self, kind: str, value: str) -> str:
        with self._lock:
            if value not in self._tokens:
                token = self._vault.store(self.run_id, kind, value)
                self._tokens[value], self._values[token] = token, value
                self._known.add(value, kind)
            return self._tokens[value]

    def _tokenised(self, text: str) -> str:
        parts: list[str] = []
        done = 0
        with self._lock:
            for secret in find_secrets(text, self._known):
                parts += text[done : secret.start], self._token(secret.kind, text[secret.start : secret.end])
                done = secret.end
        return "".join([*parts, text[done:]]) if parts else text

    def _tokenised_field(self, name: str, text: str) -> str:
        if is_secret_field(name, text) and not TOKEN.search(text):
            return self._token(name, text)
        return self._tokenised(text)

    def _revealed(self, text: str) -> str:
        return TOKEN.sub(self._value_or_itself, text) if "secret_" in text else text

    def _value_or_itself(self, match: re.Match[str]) -> str:
        token = match.group()
        with self._lock:
            if token not in self._values:  # made by another process that works on this run
                fresh = self._vault.values(self._runs) if self._vault.path.exists() else {}
                self._values.update((known, value) for known, (_, value) in fresh.items())
            return self._values.get(token, token)


def _deep(value: Json, each: Callable[[str], str], field: Callable[[str, str], str] | None = None) -> Json:
    def walk(value: Json) -> Json:
        if isinstance(value, str):
            return each(value)
        if isinstance(value, Mapping):
            return {walk(name): inside(name, item) for name, item in value.items()}
        if isinstance(value, list | tuple):
            return [walk(item) for item in value]
        return value

    def inside(name: Any, item: Json) -> Json:
        return field(name, item) if field and isinstance(name, str) and isinstance(item, str) else walk(item)

    try:
        return walk(value)
    except RecursionError:
        raise UsageError("The value is nested too deeply to be searched for secrets.") from None


def _kind_word(kind: str) -> str:
    return re.sub(r"[^a-z0-9]", "", kind.lower())[:24] or "value"


def _random_word() -> str:
    """Twelve characters, 60 bits: short enough for a small model to copy, too many to guess."""
    return base64.b32encode(os.urandom(8)).decode().lower()[:12]


def _bound_to(token: str, run_id: str) -> bytes:
    return f"{token}\0{run_id}".encode("utf-8", "surrogatepass")


def _marks(values: Sequence[str]) -> str:
    return ", ".join("?" * len(values))
