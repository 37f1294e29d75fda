"""Renaming, deleting and making things whole: what does not look into a file's content."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass

from agent_core import FinishedCall, Preview, ToolArgumentError, ToolContext, ToolError
from agent_core.tools.workspace import Place, kind_of, located, resolve, tool_error
from agent_plugin_files.changes import Change, SavedFile, keep, missing_folders, remove_folders, writable_name
from agent_plugin_files.storage import MAX_CHANGE_BYTES, locked, rename_new, snapshot
from agent_plugin_files.text import human_size


@dataclass(frozen=True)
class Renaming:
    """A move: from where to where, below the workspace."""

    source: str
    destination: str
    folders: tuple[str, ...]
    """Folders that have to be made for it."""


def planned_move(ctx: ToolContext, source: str, destination: str) -> Renaming:
    """Where `source` would go: into `destination` if that is a folder.

    Raises:
        ToolArgumentError: nothing to move, or something is at the destination already.
    """
    writable_name(ctx, source)
    with located(ctx, source, follow=False) as place:
        found = _existing(place)
        start = place
    if stat.S_ISLNK(found.st_mode):
        raise ToolError(f"{source!r} is a symbolic link; links are not moved. Name the file itself.")
    parts = writable_name(ctx, destination)
    if _is_folder(ctx, parts):
        parts = (*parts, start.name)
    end = "/".join(parts)
    if end == start.path:
        raise ToolArgumentError(f"{source!r} is there already.")
    if end.startswith(f"{start.path}/"):
        raise ToolArgumentError(f"{source!r} cannot be moved into itself.")
    missing = missing_folders(ctx, parts[:-1])
    if not missing:
        with located(ctx, end, follow=False) as place:
            if place.status() is not None:
                raise ToolArgumentError(f"{end!r} exists already; name another destination, or delete it first.")
    return Renaming(start.path, end, missing)


def preview_move(ctx: ToolContext, source: str, destination: str) -> Preview:
    """The two names, and the folders that would be made."""
    move = planned_move(ctx, source, destination)
    made = "".join(f"New folder {folder}/\n" for folder in move.folders)
    return Preview(f"{made}Move {move.source}\n  to {move.destination}\n")


def move(ctx: ToolContext, source: str, destination: str) -> Renaming:
    """Carry a move out; never onto something that exists."""
    planned = planned_move(ctx, source, destination)
    ctx.save_for_undo({"from": planned.source, "to": planned.destination, "folders": list(planned.folders)})
    try:
        _rename(ctx, planned.source, planned.destination, make_folders=True)
    except BaseException:
        remove_folders(ctx, planned.folders)
        raise
    return planned


def undo_move(ctx: ToolContext, call: FinishedCall) -> str:
    """Move it back, whatever it holds now; refuse if either name is taken or gone."""
    if call.saved is None:
        return "Nothing was moved, so there is nothing to take back."
    source, destination = call.saved["from"], call.saved["to"]
    with located(ctx, source, make_folders=True, follow=False) as place:
        taken = place.status() is not None
    if taken:
        raise ToolError(f"{source!r} exists again; moving {destination!r} back would overwrite it. Nothing was done.")
    _rename(ctx, destination, source, make_folders=True)
    remove_folders(ctx, tuple(call.saved["folders"]))
    return f"Moved {destination} back to {source}."


def _rename(ctx: ToolContext, source: str, destination: str, *, make_folders: bool) -> None:
    with (
        located(ctx, source, follow=False) as start,
        located(ctx, destination, make_folders=make_folders, follow=False) as end,
    ):
        _existing(start)
        if end.status() is not None:
            raise ToolArgumentError(f"{end.path!r} exists already; name another destination.")
        rename_new(start, end)


def planned_deletion(ctx: ToolContext, path: str) -> tuple[Change, int, bool]:
    """What deleting `path` removes: the change, the file's mode, and whether its content is kept for undo."""
    writable_name(ctx, path)
    with located(ctx, path, follow=False) as place:
        return _deletion(place)


def _deletion(place: Place) -> tuple[Change, int, bool]:
    found = _existing(place)
    if not stat.S_ISREG(found.st_mode):
        raise ToolError(f"{place.path!r} is {kind_of(found.st_mode)}; only regular files are deleted.")
    if found.st_size > MAX_CHANGE_BYTES:
        return Change(place.path, b"", None), stat.S_IMODE(found.st_mode), False
    kept = snapshot(place)
    return Change(place.path, kept.data if kept else None, None), stat.S_IMODE(found.st_mode), True


def preview_deletion(ctx: ToolContext, path: str) -> Preview:
    """The content that would go; for a file too large to keep, that there is no way back."""
    change, _, kept = planned_deletion(ctx, path)
    if kept:
        return Preview(f"Delete {change.path}\n{change.preview().text}", "diff")
    with located(ctx, path, follow=False) as place:
        size, changed = _existing(place).st_size, _existing(place).st_mtime_ns
    return Preview(
        f"Delete {change.path} ({human_size(size)}, version {changed}).\n"
        f"It is larger than {human_size(MAX_CHANGE_BYTES)}, so this cannot be undone.\n"
    )


def delete(ctx: ToolContext, path: str) -> str:
    """Delete a regular file, kept for undo if it is small enough; returns its path."""
    writable_name(ctx, path)
    with located(ctx, path, follow=False) as place, locked(place):
        change, mode, kept = _deletion(place)
        if kept:
            keep(ctx, change, mode)
        else:
            ctx.save_for_undo(SavedFile(place.path, None, mode, None, [], kept=False).__dict__)
        os.unlink(place.name, dir_fd=place.folder_fd)
        return place.path


def make_folders(ctx: ToolContext, path: str) -> tuple[str, ...]:
    """Make a folder and those above it; returns the ones that were missing."""
    parts = writable_name(ctx, path)
    missing = missing_folders(ctx, parts)
    ctx.save_for_undo({"folders": list(missing)})
    if missing:
        with located(ctx, path, make_folders=True) as place:
            os.mkdir(place.name, dir_fd=place.folder_fd)
    return missing


def preview_folders(ctx: ToolContext, path: str) -> Preview:
    """The folders that would be made."""
    missing = missing_folders(ctx, writable_name(ctx, path))
    return Preview("".join(f"New folder {folder}/\n" for folder in missing) or f"{path} exists already.\n")


def undo_folders(ctx: ToolContext, call: FinishedCall) -> str:
    """Remove the folders again, unless something was put into them."""
    folders: list[str] = call.saved["folders"] if call.saved else []
    if not folders:
        return "No folder had been made, so there is nothing to take back."
    remove_folders(ctx, tuple(folders))
    if missing_folders(ctx, resolve(ctx, folders[0])):
        return f"Removed {folders[0]}/."
    raise ToolError(f"{folders[0]!r} is not empty any more and was left; delete what is in it first.")


def _existing(place: Place) -> os.stat_result:
    found = place.status()
    if found is None:
        raise tool_error(FileNotFoundError(), place.path)
    return found


def _is_folder(ctx: ToolContext, parts: tuple[str, ...]) -> bool:
    try:
        return not missing_folders(ctx, parts)
    except ToolArgumentError:  # It, or something above it, is a file.
        return False
