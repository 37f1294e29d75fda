"""Secrets while a run needs them: texts carry tokens in their place, and the values are in a file of their own.

What enters the journal, a prompt or a plan is tokenised; the gate reveals it again at the moment of execution, and
`forget` deletes the values when the run and its undo window have closed.

A token is a random name that means nothing to any other vault. Text that merely looks like one stays as it is, so
neither a user, a document nor a model can name a secret that was not given.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from agent_core.errors import UsageError
from agent_core.gate.detect import TOKEN, find_secrets, is_secret_field
from agent_core.gate.known import KnownSecrets
from agent_core.gate.redact import StreamRedactor
from agent_core.gate.vault_file import HeldSecret, VaultFile
from agent_core.json_values import whole_characters

Json: TypeAlias = Any
"""A JSON value: None, bool, int, float, str, list or dict with text keys."""


class Vault:
    """The vault of one state folder. Nothing is opened or made before the first secret; threads may share it."""

    def __init__(self, path: Path, known: Mapping[str, str] | None = None, *, use_keyring: bool = True) -> None:
        """Name the file.

        Args:
            path: The vault file; a key file, where there is no keyring, lies beside it.
            known: Secrets to look for in every run, by name (keys of providers, secrets of plugins).
            use_keyring: Whether the system's keyring may keep the key.
        """
        self.path = path
        self._file = VaultFile(path, use_keyring=use_keyring)
        self._always_known = dict(known or {})
        self._lock = threading.RLock()
        self._held: dict[str, HeldSecret] | None = None
        self._tokens: dict[tuple[str, str], str] = {}
        self._known = KnownSecrets(known)

    def tokenise(self, value: Json, scope: str) -> Json:
        """A copy of `value` with every secret in it, at any depth and also in keys, replaced by its token.

        Once seen, a value is recognised wherever it stands, whatever is beside it, until it is forgotten.

        Raises:
            UsageError: the value is nested too deeply.
        """
        found: dict[str, str] = {}

        def note(text: str) -> str:
            text = whole_characters(text)
            for secret in find_secrets(text, self._known):
                for value in (text[secret.start : secret.end], *secret.decoded):
                    found.setdefault(value, secret.kind)
            return text

        def note_field(name: str, text: str) -> str:
            if not is_secret_field(name, text) or TOKEN.search(text):
                return note(text)
            text = whole_characters(text)
            found.setdefault(text, name)
            return text

        def replace(text: str) -> str:
            return self._tokenised(text, scope)

        def replace_field(name: str, text: str) -> str:
            secret = is_secret_field(name, text) and not TOKEN.search(text)
            return self._token(name, text, scope) if secret else replace(text)

        with self._lock:
            self._load()
            copy = _deep(value, note, note_field)
            if not found:
                return copy
            # All are kept before any is replaced: in one transaction, and recognised wherever else they stand.
            self._keep(found, scope)
            return _deep(copy, replace, replace_field)

    def reveal(self, value: Json, scopes: Collection[str] | None = None) -> Json:
        """A copy of `value` with the secrets in place of their tokens; other text is left as it is.

        Args:
            value: A JSON value.
            scopes: The runs whose tokens count (a run and the earlier ones of its conversation); None: all.
        """

        def replace(match: re.Match[str]) -> str:
            held = self._find(match.group())
            return match.group() if held is None or (scopes is not None and held.scope not in scopes) else held.value

        return _deep(value, lambda text: TOKEN.sub(replace, text) if "secret_" in text else text)

    def stream(self, scope: str) -> StreamRedactor:
        """Tokenises a text that arrives in pieces; a secret that is split between two is found."""
        self._load()
        return StreamRedactor(self._known, lambda kind, value: self._token(kind, value, scope))

    def known(self) -> KnownSecrets:
        """Every value that is kept, and those that are known anyway: for masking what nobody will reveal again."""
        self._load()
        return self._known

    def keyed_hash(self, value: Json) -> str:
        """SHA-256 HMAC of a JSON value, in hex: comparable within this vault, and no help in guessing the value.

        Raises:
            ValueError: the value holds NaN or an infinity.
        """
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return self._file.mac("value", text.encode()).hex()

    def seal(self, kind: str, *fields: Json) -> str:
        """A keyed hash that marks a row of the journal as made by this home; see `agent_core.gate.seals`."""
        text = json.dumps(fields, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return self._file.mac(f"seal of a {kind}", text.encode()).hex()

    def fingerprint(self, value: Json) -> str:
        """The keyed hash of what `value` reveals to, or "" where it holds no secret: binds a grant to the values."""
        revealed = self.reveal(value)
        return "" if revealed == value else self.keyed_hash(revealed)

    def forget(self, scope: str) -> int:
        """Delete the secrets of a run, for good, and say how many there were."""
        with self._lock:
            count = self._file.forget(scope)
            self._held = None
            return count

    def count(self) -> int:
        """How many secrets are kept; every one is decrypted, to see that it can be.

        Raises:
            ConfigurationError: the key is not there or not the right one, or the file was changed.
        """
        return len(self._file.secrets())

    def scopes(self, before: float | None = None) -> list[str]:
        """The runs whose secrets are kept; with `before`, those that got none since (seconds since the epoch)."""
        return self._file.scopes(before)

    def close(self) -> None:
        """Close the file, if it was opened."""
        self._file.close()

    def _load(self) -> dict[str, HeldSecret]:
        """All secrets by token, as they were when the file was last read, plus those added here since."""
        with self._lock:
            if self._held is None:
                self._known.replace(self._always_known)
                self._tokens.clear()
                self._held = {}
                for secret in self._file.secrets():
                    self._add(self._held, secret)
            return self._held

    def _add(self, held: dict[str, HeldSecret], secret: HeldSecret) -> None:
        held[secret.token] = secret
        self._tokens[secret.scope, secret.value] = secret.token
        self._known.add(secret.value, secret.kind)

    def _find(self, token: str) -> HeldSecret | None:
        with self._lock:
            held = self._load()
            if token not in held:
                for secret in self._file.secrets(token):  # another process may have made it
                    self._add(held, secret)
            return held.get(token)

    def _keep(self, found: Mapping[str, str], scope: str) -> None:
        with self._lock:
            held = self._load()
            new = {value: kind for value, kind in found.items() if (scope, value) not in self._tokens}
            for secret in self._file.store(scope, new) if new else ():
                self._add(held, secret)

    def _token(self, kind: str, value: str, scope: str) -> str:
        self._keep({value: kind}, scope)
        return self._tokens[scope, value]

    def _tokenised(self, text: str, scope: str) -> str:
        parts: list[str] = []
        done = 0
        for secret in find_secrets(text, self._known):
            parts += text[done : secret.start], self._token(secret.kind, text[secret.start : secret.end], scope)
            done = secret.end
        return "".join([*parts, text[done:]]) if parts else text


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
