"""Files of the workspace, opened so that the path which was checked is the path that is used.

`ToolContext.in_workspace` resolves a name; between that and `open` somebody may swap a folder for a symbolic link.
So the resolved path is walked again from the workspace's own descriptor, one folder at a time, following no link:
whatever is swapped in on the way is refused. Needs `dir_fd` support (Linux, macOS).
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import BinaryIO

from agent_core.errors import ToolArgumentError, ToolError
from agent_core.tools.context import ToolContext

MAX_DEPTH = 100
"""Folders inside each other; deeper trees, which other programs cannot even delete, are never made."""
_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFLNK: "a symbolic link",
}


@dataclass(frozen=True)
class Place:
    """Where a file is or will be: a name in a folder that is held open, so that it cannot be swapped."""

    folder_fd: int
    name: str
    path: str
    """The same place, relative to the workspace, as people write it."""

    def status(self) -> os.stat_result | None:
        """What is there, links not followed; None: nothing."""
        try:
            return os.stat(self.name, dir_fd=self.folder_fd, follow_symlinks=False)
        except FileNotFoundError:
            return None


def kind_of(mode: int) -> str:
    """What a file of this `st_mode` is, in words."""
    return _KINDS.get(stat.S_IFMT(mode), "a file")


def resolve(ctx: ToolContext, path: str) -> tuple[str, ...]:
    """The parts of `path` below the workspace, links resolved; () is the workspace itself.

    Raises:
        ToolArgumentError: it leads outside, or no file system could hold such a name.
    """
    try:
        resolved = ctx.in_workspace(path)
        os.fsencode(resolved)
    except (OSError, RuntimeError, ValueError) as error:
        reason = "its symbolic links go in a circle" if isinstance(error, RuntimeError) else _reason(error)
        raise ToolArgumentError(f"{path!r:.200} is not a usable file name: {reason}.") from None
    parts = resolved.relative_to(ctx.workspace.resolve()).parts
    if len(parts) > MAX_DEPTH:
        raise ToolArgumentError(f"{path!r:.200} lies {len(parts)} folders deep; at most {MAX_DEPTH} are used.")
    return parts


@contextmanager
def open_folder(ctx: ToolContext, parts: tuple[str, ...], *, make: bool = False) -> Generator[int]:
    """A descriptor of the folder at `parts` (from `resolve`), reached without following any link.

    Args:
        ctx: Names the workspace.
        parts: The folder, below the workspace.
        make: Make the folders that are missing.

    Raises:
        FileNotFoundError, NotADirectoryError: as `os.open`; `tool_error` words them.
    """
    fd = os.open(ctx.workspace.resolve(), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in parts:
            if make:
                _make_folder(fd, part)
            inner = os.open(part, _FOLDER_FLAGS, dir_fd=fd)
            os.close(fd)
            fd = inner
        yield fd
    finally:
        os.close(fd)


@contextmanager
def located(ctx: ToolContext, path: str, *, make_folders: bool = False, follow: bool = True) -> Generator[Place]:
    """The `Place` that `path` names.

    Args:
        ctx: Names the workspace.
        path: As the user or a model wrote it.
        make_folders: Make the folders above it that are missing.
        follow: Whether a link at the end of `path` stands for what it points to; False names the link itself.

    Raises:
        ToolArgumentError: outside the workspace, the workspace itself, or a missing folder.
        ToolError: the system refuses.
    """
    parts = resolve(ctx, path)
    if not follow and Path(path).name not in ("", ".."):
        parts = (*resolve(ctx, str(Path(path).parent)), Path(path).name)
    if not parts:
        raise ToolArgumentError(f"{path!r} is the workspace folder itself; name a file in it.")
    shown = "/".join(parts)
    try:
        with open_folder(ctx, parts[:-1], make=make_folders) as folder_fd:
            yield Place(folder_fd, parts[-1], shown)
    except OSError as error:
        raise tool_error(error, path) from None


@contextmanager
def open_file(ctx: ToolContext, path: str) -> Generator[BinaryIO]:
    """Open a regular file of the workspace for reading.

    Raises:
        ToolArgumentError: no such file (near names are suggested), a folder, or outside the workspace.
        ToolError: a device, pipe or socket, or not readable.
    """
    try:
        with located(ctx, path) as place:
            found = place.status()
            if found is None:
                raise ToolArgumentError(f"There is no file {path!r}.{_near(place)}")
            with open_regular(place, found) as file:
                yield file
    except OSError as error:
        raise tool_error(error, path) from None


def open_regular(place: Place, found: os.stat_result) -> BinaryIO:
    """Open what `place.status()` found, if it is a regular file and still is one once opened."""
    refuse_special(place.path, found.st_mode)
    fd = os.open(place.name, _READ_FLAGS, dir_fd=place.folder_fd)
    try:
        refuse_special(place.path, os.fstat(fd).st_mode)
        return os.fdopen(fd, "rb")
    except BaseException:
        os.close(fd)
        raise


def refuse_special(path: str, mode: int) -> None:
    """Raise for anything but a regular file: reading a device or a pipe can block for ever or change the world."""
    if stat.S_ISREG(mode):
        return
    if stat.S_ISDIR(mode):
        raise ToolArgumentError(f"{path!r} is a folder; name a file in it, or list it with list_files.")
    raise ToolError(f"{path!r} is {kind_of(mode)}, not a regular file; only regular files are opened.")


def tool_error(error: OSError, path: str) -> ToolError:
    """What the system said about `path`, as an error for people."""
    if isinstance(error, FileNotFoundError):
        return ToolArgumentError(f"There is no file or folder {path!r}; list_files shows what is there.")
    if isinstance(error, NotADirectoryError) or error.errno == errno.ELOOP:
        return ToolArgumentError(f"{path!r} leads through something that is not a folder.")
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return ToolError(f"{path!r} was not written: the disk or the quota is full. Nothing was changed.")
    if error.errno in (errno.EACCES, errno.EPERM):
        return ToolError(f"{path!r} may not be opened: permission denied. Change its permissions or name another.")
    if error.errno == errno.EROFS:
        return ToolError(f"{path!r} was not written: the file system is read-only.")
    return ToolError(f"{path!r}: {_reason(error)}.")


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or "it cannot be encoded"


def _make_folder(fd: int, part: str) -> None:
    try:
        os.mkdir(part, dir_fd=fd)
    except FileExistsError:
        return


def _near(place: Place) -> str:
    """Names in the same folder that may be meant."""
    with os.scandir(place.folder_fd) as entries:
        names = [entry.name for _, entry in zip(range(2000), entries, strict=False) if entry.name.isprintable()]
    folded = {name.casefold(): name for name in names}
    near = get_close_matches(place.name.casefold(), folded, n=3, cutoff=0.6)
    return f" Did you mean {' or '.join(repr(folded[name]) for name in near)}?" if near else ""
