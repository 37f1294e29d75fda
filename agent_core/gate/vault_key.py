"""The vault's key: kept by the system's keyring where there is one, else in a private file beside the vault."""

from __future__ import annotations

import base64
import binascii
import contextlib
import os
import tempfile
from pathlib import Path

from agent_core.errors import ConfigurationError

KEY_BYTES = 32
_SERVICE = "agent-core"


def vault_key(vault: Path, *, use_keyring: bool, fresh: bool) -> bytes:
    """The key of the vault file `vault`; made when the vault is `fresh` and there is none yet.

    A key file that exists is used whatever the keyring holds: a vault that was begun without a desktop session must
    open in one, too.

    Raises:
        ConfigurationError: the key is damaged, cannot be written, or is not to be found and the vault needs it.
    """
    file = vault.with_suffix(".key")
    entry = f"vault:{vault.absolute()}"
    if file.exists():
        return _from_file(file)
    if use_keyring and (kept := _from_keyring(entry)) is not None:
        return kept
    if not fresh:
        raise ConfigurationError(
            f"The key of the vault {str(vault)!r} is neither in the keyring nor in {str(file)!r}. Unlock the keyring; "
            "or delete the vault, and what unfinished runs keep in it."
        )
    made = os.urandom(KEY_BYTES)
    if use_keyring and (kept := _into_keyring(entry, made)) is not None:
        return kept
    return _into_file(file, made)


def _from_file(file: Path) -> bytes:
    try:
        key = base64.b64decode(file.read_bytes(), validate=True)
    except (OSError, binascii.Error) as error:
        raise ConfigurationError(f"The vault's key file {str(file)!r} cannot be read: {error}.") from None
    if len(key) != KEY_BYTES:
        raise ConfigurationError(f"The vault's key file {str(file)!r} is damaged: it holds {len(key)} bytes.")
    return key


def _into_file(file: Path, key: bytes) -> bytes:
    """Write the key so that of several processes at once one wins and all use its key."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, draft = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")  # made with mode 0600
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(base64.b64encode(key))
                stream.flush()
                os.fsync(stream.fileno())
            with contextlib.suppress(FileExistsError):
                os.link(draft, file)
        finally:
            os.unlink(draft)
    except OSError as error:
        raise ConfigurationError(f"The vault's key file {str(file)!r} cannot be written: {error.strerror}.") from None
    return _from_file(file)


def _from_keyring(entry: str) -> bytes | None:
    try:
        import keyring

        kept = keyring.get_password(_SERVICE, entry)
        key = base64.b64decode(kept, validate=True) if kept else b""
        return key if len(key) == KEY_BYTES else None
    except Exception:  # no backend, locked, no session bus: every backend raises its own
        return None


def _into_keyring(entry: str, key: bytes) -> bytes | None:
    """Store the key and read it back: another process may have stored one in between."""
    try:
        import keyring

        keyring.set_password(_SERVICE, entry, base64.b64encode(key).decode())
    except Exception:
        return None
    return _from_keyring(entry)
