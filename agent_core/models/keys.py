"""API keys: the environment first, then the system's keyring. Values are never logged and stand in no repr."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal

from agent_core.errors import ConfigurationError
from agent_core.models.providers import PROVIDERS, installed

SERVICE = "agent-core"
"""Name under which the keyring holds our keys."""


def environment_names(provider: str) -> tuple[str, ...]:
    """Environment variables that may hold the key of `provider`, the preferred one first."""
    known = PROVIDERS.get(provider)
    return known.key_variables if known else (f"{provider.upper().replace('-', '_')}_API_KEY",)


def get_key(provider: str) -> str | None:
    """The key of `provider`, or None where none is set. A machine without a keyring just has none stored.

    Raises:
        ConfigurationError: the keyring is there but cannot be read (locked).
    """
    for name in environment_names(provider):
        if value := os.environ.get(name, "").strip():
            return value
    return _stored_key(provider)


def set_key(provider: str, key: str) -> None:
    """Store the key of `provider` in the keyring.

    Raises:
        ConfigurationError: the key is empty or has spaces or control characters in it, or there is no usable keyring.
    """
    key = key.strip()
    if not key or not key.isprintable() or " " in key:
        raise ConfigurationError(f"The key for {provider!r} is empty or holds spaces; paste the key alone.")
    with _keyring_for(provider) as keyring:
        keyring.set_password(SERVICE, provider, key)


def remove_key(provider: str) -> bool:
    """Delete the stored key of `provider`; False if none was stored. The environment is not touched.

    Raises:
        ConfigurationError: there is no usable keyring.
    """
    with _keyring_for(provider) as keyring:
        try:
            keyring.delete_password(SERVICE, provider)
        except keyring.errors.PasswordDeleteError:
            return False
    return True


def providers_with_keys() -> dict[str, Literal["environment", "keyring"]]:
    """Providers that have a key and whose package is installed, in order of preference, with where the key is."""
    found: dict[str, Literal["environment", "keyring"]] = {}
    for name in PROVIDERS:
        if not installed(name):
            continue
        if any(os.environ.get(variable, "").strip() for variable in environment_names(name)):
            found[name] = "environment"
            continue
        try:
            stored = _stored_key(name)
        except ConfigurationError:
            # A locked keyring must not keep anybody from working without it; asking for one key by name reports it.
            continue
        if stored:
            found[name] = "keyring"
    return found


def _stored_key(provider: str) -> str | None:
    try:
        with _keyring_for(provider) as keyring:
            return keyring.get_password(SERVICE, provider) or None
    except _NoKeyring:
        return None


class _NoKeyring(ConfigurationError):
    """There is no keyring on this machine, so nothing can have been stored in it."""


@contextmanager
def _keyring_for(provider: str) -> Generator[Any]:
    """The keyring module; says what to do instead when it is missing, locked or broken."""
    instead = f"set {environment_names(provider)[0]} in the environment instead"
    try:
        import keyring
        from keyring.errors import KeyringError, KeyringLocked, NoKeyringError

        keyring.get_keyring()
    except Exception as error:  # loads whatever backend is configured, which may fail in any way
        raise ConfigurationError(f"The keyring cannot be loaded ({error}); {instead}.") from None
    try:
        yield keyring
    except NoKeyringError:
        raise _NoKeyring(f"This machine has no keyring to hold the key for {provider!r}; {instead}.") from None
    except KeyringLocked:
        raise ConfigurationError(
            f"The keyring is locked, so the key for {provider!r} cannot be used; unlock it, or {instead}."
        ) from None
    except (KeyringError, OSError, RuntimeError) as error:
        raise ConfigurationError(f"The keyring failed ({type(error).__name__}) for {provider!r}; {instead}.") from None


class StoredSecrets(Mapping[str, str]):
    """Keys by name, as tools see them: each is read when it is asked for."""

    def __getitem__(self, name: str) -> str:
        found = get_key(name)
        if found is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0
