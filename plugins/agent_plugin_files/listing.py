"""Walking a folder of the workspace: which files are there, by name pattern, in which order."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Literal

from agent_core import ToolArgumentError, ToolContext, ToolError
from agent_core.tools.workspace import kind_of, open_folder, resolve, tool_error
from agent_plugin_files.text import counted, human_size

MAX_LISTED = 1000
MAX_WALKED = 100_000
_MAX_DEPTH = 40
_SHOWN = 50


@dataclass(frozen=True)
class FoundFile:
    """A file in a folder that was listed."""

    path: str
    """Relative to the workspace."""
    size_bytes: int
    modified: str
    """ISO 8601, UTC."""


@dataclass(frozen=True)
class FileList:
    """The files of a folder."""

    files: list[FoundFile]
    names: list[str]
    """The files' names, relative to the folder that was listed."""
    folders: list[str]
    """Folders in it, relative to the workspace; empty where a pattern was given or folders were searched through."""
    total: int
    """How many files there are, `limit` aside."""
    text: str


@dataclass(frozen=True)
class Entry:
    """A file or folder met on a walk."""

    parts: tuple[str, ...]
    """Below the workspace."""
    status: os.stat_result

    @property
    def path(self) -> str:
        """Relative to the workspace, with slashes; what UTF-8 cannot hold is escaped."""
        return "/".join(self.parts).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return stat.S_ISDIR(self.status.st_mode)


def walk(ctx: ToolContext, folder: str, *, recursive: bool, hidden: bool) -> Iterator[Entry]:
    """Regular files and folders below `folder`; links are not followed, special files left out.

    Raises:
        ToolArgumentError: no such folder, or outside the workspace.
        ToolError: more than `MAX_WALKED` entries.
    """
    start = resolve(ctx, folder)
    pending = [start]
    seen = 0
    while pending:
        parts = pending.pop()
        try:
            found = _entries(ctx, parts)
        except OSError as error:
            if parts != start:
                continue  # Removed, replaced or made unreadable meanwhile: the rest is still worth listing.
            if isinstance(error, NotADirectoryError):
                raise ToolArgumentError(f"{folder!r} is a file, not a folder; read it with read_file.") from None
            raise tool_error(error, folder) from None
        for entry in found:
            seen += 1
            if seen > MAX_WALKED:
                raise ToolError(f"{folder!r} holds more than {MAX_WALKED:,} files; name a folder further down.")
            if entry.parts[-1].startswith(".") and not hidden:
                continue
            yield entry
            if recursive and entry.is_folder and entry.parts[-1] != ".git" and len(entry.parts) < _MAX_DEPTH:
                pending.append(entry.parts)
        if ctx.cancelled.is_set():
            raise ToolError(f"Listing {folder!r} was cancelled.")


def _entries(ctx: ToolContext, parts: tuple[str, ...]) -> list[Entry]:
    with open_folder(ctx, parts) as fd, os.scandir(fd) as entries:
        found = [Entry((*parts, entry.name), entry.stat(follow_symlinks=False)) for entry in entries]
    wanted = [e for e in found if kind_of(e.status.st_mode) in ("a file", "a folder")]
    return sorted(wanted, key=lambda e: e.parts)


def matches(path: str, pattern: str | None) -> bool:
    """Whether a path fits a glob pattern, upper and lower case alike; a pattern without "/" is about the name only."""
    if not pattern:
        return True
    folded, wanted = path.casefold(), pattern.casefold().removeprefix("./")
    if "/" not in wanted:
        return fnmatchcase(folded.rsplit("/", 1)[-1], wanted)
    return fnmatchcase(folded, wanted) or fnmatchcase(folded, wanted.replace("**/", ""))


def list_folder(
    ctx: ToolContext,
    folder: str,
    pattern: str | None,
    sort_by: Literal["name", "size", "modified"],
    order: Literal["ascending", "descending"] | None,
    limit: int | None,
    recursive: bool,
    hidden: bool,
) -> FileList:
    """List the files of a folder; see the tool `list_files`."""
    if limit is not None and limit < 1:
        raise ToolArgumentError(f"limit is {limit}; give a number of at least 1, or none for all.")
    depth = len(resolve(ctx, folder))
    recursive = recursive or "/" in (pattern or "") or "**" in (pattern or "")
    entries = list(walk(ctx, folder, recursive=recursive, hidden=hidden))
    files = [e for e in entries if not e.is_folder and matches("/".join(e.parts[depth:]), pattern)]
    descending = order == "descending" if order else sort_by != "name"
    files.sort(key=lambda e: e.path.casefold())
    if sort_by != "name":
        files.sort(key=lambda e: e.status.st_size if sort_by == "size" else e.status.st_mtime_ns, reverse=descending)
    elif descending:
        files.reverse()
    chosen = files[: min(limit or MAX_LISTED, MAX_LISTED)]
    folders = [] if pattern or recursive else [e.path for e in entries if e.is_folder]
    return FileList(
        [FoundFile(e.path, e.status.st_size, _time(e.status)) for e in chosen],
        [Entry(e.parts[depth:], e.status).path for e in chosen],
        folders,
        len(files),
        _text(folder, pattern, chosen, folders, len(files)),
    )


def _text(folder: str, pattern: str | None, files: list[Entry], folders: list[str], total: int) -> str:
    where = "here" if folder in (".", "", "./") else f"in {folder}"
    what = f" matching {pattern}" if pattern else ""
    shown = f"{len(files)} of {counted(total, 'file')}" if len(files) < total else counted(total, "file")
    lines = [f"{shown}{what} {where}{':' if files or folders else '.'}"]
    lines += [f"{e.path} - {human_size(e.status.st_size)}, {_time(e.status)[:16]}" for e in files[:_SHOWN]]
    if len(files) > _SHOWN:
        lines.append(f"... and {len(files) - _SHOWN} more")
    lines += [f"{name}/ - folder" for name in folders[:_SHOWN]]
    return "\n".join(lines)


def _time(status: os.stat_result) -> str:
    return datetime.fromtimestamp(int(status.st_mtime), UTC).isoformat()
