"""One way for every change of a file's content: planned, shown as a diff, kept for undo, carried out, taken back."""

from __future__ import annotations

import base64
import os
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TypeAlias

from agent_core import FinishedCall, Preview, ToolArgumentError, ToolContext, ToolError
from agent_core.tools.workspace import Place, located, open_folder, resolve, tool_error
from agent_plugin_files.diff import diff
from agent_plugin_files.storage import MAX_CHANGE_BYTES, Snapshot, digest, locked, replace, snapshot, too_large
from agent_plugin_files.text import binary_kind, decode, human_size

Transform: TypeAlias = Callable[[str, bytes | None], bytes]
"""From a file's path and bytes (None: it does not exist) to its new bytes; raises ToolError if it cannot."""

_DIRECTION_MARKS = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True)
class Change:
    """A file before and after; None: it does not exist."""

    path: str
    before: bytes | None
    after: bytes | None
    new_folders: tuple[str, ...] = ()

    def preview(self) -> Preview:
        """The unified diff of this change; for content that is not text, its size and hash."""
        lines = [f"New folder {folder}/\n" for folder in self.new_folders]
        old, new = _shown(self.path, self.before), _shown(self.path, self.after)
        if self.before == self.after:
            lines.append(f"{self.path} stays as it is.\n")
        if self.before is not None and old is None:
            lines.append(f"{self.path} now holds {_fingerprint(self.before)}.\n")
        if self.after is not None and new is None:
            lines.append(f"{self.path} will hold {_fingerprint(self.after)}.\n")
            return Preview("".join(lines), "diff")
        lines.append(diff(self.path, None if self.before is None else old or "", new))
        return Preview("".join(lines), "diff")


@dataclass(frozen=True)
class SavedFile:
    """What undo needs; a JSON object in the journal."""

    path: str
    before: str | None
    """The earlier bytes in base64; None: there was no file, or (`kept` False) it was too large to keep."""
    mode: int
    after: str | None
    """SHA-256 of what was written; None: the file was removed."""
    folders: list[str]
    """Folders that were made for it, outermost first."""
    kept: bool = True


def planned(ctx: ToolContext, path: str, transform: Transform) -> Change:
    """The change that `transform` would make of the file as it is now."""
    parts = writable_name(ctx, path)
    shown = "/".join(parts)
    if missing := missing_folders(ctx, parts[:-1]):
        return Change(shown, None, transform(shown, None), missing)
    with located(ctx, path) as place:
        return _change(place, snapshot(place), transform)


def carry_out(ctx: ToolContext, path: str, transform: Transform) -> Change:
    """Change a file: what is read, kept for undo and replaced is the same file, and no other writer is between."""
    folders = missing_folders(ctx, writable_name(ctx, path)[:-1])
    if folders:
        planned(ctx, path, transform)
    try:
        with located(ctx, path, make_folders=bool(folders)) as place, locked(place):
            found = snapshot(place)
            change = _change(place, found, transform)
            if change.after is not None and change.after != change.before:
                _refuse_protected(place, found)
                keep(ctx, change, found.mode if found else 0, folders)
                replace(place, change.after, found)
    except BaseException:
        remove_folders(ctx, folders)
        raise
    return Change(change.path, change.before, change.after, folders)


def keep(ctx: ToolContext, change: Change, mode: int, folders: tuple[str, ...] = ()) -> None:
    """Save what undo will need, before the effect."""
    before = None if change.before is None else base64.b64encode(change.before).decode("ascii")
    ctx.save_for_undo(asdict(SavedFile(change.path, before, mode, digest(change.after), list(folders))))


def undo(ctx: ToolContext, call: FinishedCall) -> str:
    """Put a file back as it was, bytes and mode; refuse if it was changed since."""
    if call.saved is None:
        return "Nothing was changed, so there is nothing to take back."
    saved = SavedFile(**call.saved)
    if not saved.kept:
        raise ToolError(f"{saved.path!r} was larger than {human_size(MAX_CHANGE_BYTES)} and was not kept.")
    before = None if saved.before is None else base64.b64decode(saved.before)
    try:
        with located(ctx, saved.path, make_folders=before is not None) as place, locked(place):
            now = snapshot(place)
            if digest(now.data if now else None) == digest(before):
                return f"{saved.path} is already as it was before."
            _refuse_changed(saved, now)
            if before is None:
                os.unlink(place.name, dir_fd=place.folder_fd)
            else:
                replace(place, before, now, mode=saved.mode)
    except ToolArgumentError as error:
        raise ToolError(f"{saved.path!r} cannot be put back: {error}") from None
    if before is None:
        remove_folders(ctx, tuple(saved.folders))
        return f"Removed {saved.path}, which had been created."
    return f"Put {saved.path} back as it was before."


def writable_name(ctx: ToolContext, path: str) -> tuple[str, ...]:
    """The parts of `path`, if a file may be made or changed there.

    Raises:
        ToolArgumentError: outside the workspace, or a name that would mislead whoever reads it.
        ToolError: inside `.git`, where a file can become a command that git runs.
    """
    parts = resolve(ctx, path)
    for part in parts:
        if part.casefold() == ".git":
            raise ToolError(f"{path!r} is git's own; it is changed by git commands only.")
        if any(_misleading(character) for character in part):
            raise ToolArgumentError(f"{path!r} holds control characters; use a plain name.")
    return parts


def missing_folders(ctx: ToolContext, parts: tuple[str, ...]) -> tuple[str, ...]:
    """Which of the folders on the way down `parts` do not exist yet, outermost first."""
    for depth in range(1, len(parts) + 1):
        try:
            with open_folder(ctx, parts[:depth]):
                continue
        except FileNotFoundError:
            return tuple("/".join(parts[:end]) for end in range(depth, len(parts) + 1))
        except OSError as error:
            raise tool_error(error, "/".join(parts[:depth])) from None
    return ()


def remove_folders(ctx: ToolContext, folders: tuple[str, ...]) -> None:
    """Remove folders that were made for a file, innermost first, as far as they are empty."""
    for folder in reversed(folders):
        with suppress(OSError, ToolError), located(ctx, folder, follow=False) as place:
            os.rmdir(place.name, dir_fd=place.folder_fd)


def _change(place: Place, found: Snapshot | None, transform: Transform) -> Change:
    before = found.data if found else None
    after = transform(place.path, before)
    if len(after) > MAX_CHANGE_BYTES:
        raise too_large(place.path, len(after))
    return Change(place.path, before, after)


def _refuse_protected(place: Place, found: Snapshot | None) -> None:
    """Replacing needs no permission on the file itself, so a write-protected one has to be asked for."""
    if found and not (found.mode & 0o222 and os.access(place.name, os.W_OK, dir_fd=place.folder_fd)):
        raise ToolError(f"{place.path!r} is write-protected; change its permissions first, or write to another file.")


def _refuse_changed(saved: SavedFile, now: Snapshot | None) -> None:
    if digest(now.data if now else None) == saved.after:
        return
    what = "was deleted or moved" if now is None else "was changed" if saved.after else "was made again"
    raise ToolError(f"{saved.path!r} {what} since; taking the change back would lose that. Nothing was done.")


def _shown(path: str, data: bytes | None) -> str | None:
    """A file's content as a diff shows it, None if it is not text; invalid bytes as escapes."""
    if data is None or binary_kind(data[:8192]):
        return None
    try:
        text = decode(path, data)
    except ToolError:
        return None
    return text.content.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _fingerprint(data: bytes) -> str:
    return f"{binary_kind(data[:8192]) or 'undecodable text'}, {human_size(len(data))}, SHA-256 {digest(data)}"


def _misleading(character: str) -> bool:
    """Characters that break a line or turn the direction of what is shown, and so could fake a preview."""
    return unicodedata.category(character) in ("Cc", "Zl", "Zp", "Cs") or character in _DIRECTION_MARKS
