"""Bytes on disk: what a file holds now, and replacing it whole or not at all."""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import stat
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from agent_core.errors import ToolError, TransientToolError
from agent_core.tools.workspace import Place, open_regular
from agent_plugin_files.text import human_size

MAX_CHANGE_BYTES = 5_000_000
"""Largest file that is written or kept for undo: it goes into the journal whole."""
_LOCK_WAIT_S = 10.0
_TEMPORARY_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True)
class Snapshot:
    """A file as it was found."""

    data: bytes
    mode: int
    owner: tuple[int, int]
    identity: tuple[int, int, int]
    """Inode, modification time in ns, size: differs when somebody else wrote it in between."""


def digest(data: bytes | None) -> str | None:
    """SHA-256 of a file's bytes; None for a file that does not exist."""
    return None if data is None else hashlib.sha256(data).hexdigest()


def snapshot(place: Place) -> Snapshot | None:
    """What is at `place`; None: nothing.

    Raises:
        ToolError: it is not a regular file, or larger than `MAX_CHANGE_BYTES`.
    """
    found = place.status()
    if found is None:
        return None
    with open_regular(place, found) as file:
        status = os.fstat(file.fileno())
        data = file.read(MAX_CHANGE_BYTES + 1) if status.st_size <= MAX_CHANGE_BYTES else b""
    if max(status.st_size, len(data)) > MAX_CHANGE_BYTES:
        raise too_large(place.path, max(status.st_size, len(data)))
    return Snapshot(data, stat.S_IMODE(status.st_mode), (status.st_uid, status.st_gid), _identity(status))


def too_large(path: str, size: int) -> ToolError:
    """The error for a change whose undo could not be kept."""
    limit = human_size(MAX_CHANGE_BYTES)
    return ToolError(f"{path!r} has {human_size(size)}; files are changed up to {limit}. Use another program for it.")


@contextmanager
def locked(place: Place) -> Generator[None]:
    """Exclude other writers of this plugin, in any process, from the folder of `place`."""
    deadline = time.monotonic() + _LOCK_WAIT_S
    while True:
        try:
            fcntl.flock(place.folder_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise TransientToolError(f"Another program keeps the folder of {place.path!r} locked.") from None
            time.sleep(0.01)
        except OSError:
            break  # A file system without locks: the check before replacing is all there is.
    try:
        yield
    finally:
        with suppress(OSError):
            fcntl.flock(place.folder_fd, fcntl.LOCK_UN)


def replace(place: Place, data: bytes, expected: Snapshot | None, mode: int | None = None) -> None:
    """Make `data` the content of the file at `place`, whole or not at all.

    Args:
        place: Where.
        data: The new content.
        expected: What was found there; None: nothing.
        mode: Permission bits; None: those of `expected`, or what the umask leaves of 0666 for a new file.

    Raises:
        TransientToolError: somebody else wrote it since `expected` was read; nothing was changed.
        OSError: the system refuses; nothing was changed.
    """
    temporary = f".agent-core-{secrets.token_hex(8)}.tmp"
    private = expected is not None or mode is not None
    fd = os.open(temporary, _TEMPORARY_FLAGS, 0o600 if private else 0o666, dir_fd=place.folder_fd)
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(data)
            file.flush()
            if expected is not None:
                with suppress(PermissionError):
                    os.fchown(fd, *expected.owner)
            if private:
                # A set-user-id bit never survives new content, as the system does it for any other writer.
                os.fchmod(fd, mode if mode is not None else (expected.mode & 0o1777 if expected else 0o600))
            os.fsync(fd)
        _put(place, temporary, expected)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary, dir_fd=place.folder_fd)
        raise
    os.fsync(place.folder_fd)


def _put(place: Place, temporary: str, expected: Snapshot | None) -> None:
    status = place.status()
    if (status and _identity(status)) != (expected and expected.identity):
        raise TransientToolError(f"{place.path!r} was changed by somebody else just now; nothing was written.")
    if expected is None:
        rename_new(place, place, temporary)
    else:
        os.replace(temporary, place.name, src_dir_fd=place.folder_fd, dst_dir_fd=place.folder_fd)


def rename_new(source: Place, target: Place, name: str = "") -> None:
    """Rename a file (`name` in the folder of `source`, its own name if empty) to a name that must be free.

    A plain rename would silently replace a file that appeared meanwhile; a hard link cannot.
    """
    name = name or source.name
    try:
        os.link(name, target.name, src_dir_fd=source.folder_fd, dst_dir_fd=target.folder_fd, follow_symlinks=False)
    except FileExistsError:
        raise TransientToolError(f"{target.path!r} was made by somebody else just now; nothing was written.") from None
    except OSError:  # No hard links here (FAT, some network drives), or it is a folder.
        if target.status() is not None:
            raise TransientToolError(f"{target.path!r} exists already; nothing was written.") from None
        os.rename(name, target.name, src_dir_fd=source.folder_fd, dst_dir_fd=target.folder_fd)
    else:
        os.unlink(name, dir_fd=source.folder_fd)


def _identity(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_ino, status.st_mtime_ns, status.st_size
