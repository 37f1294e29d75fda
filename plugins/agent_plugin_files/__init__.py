"""The `files` plugin: list, read, search, write, edit, move and delete files of the workspace.

Nothing outside the workspace can be reached, every change is shown as a diff before it is made and can be undone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from agent_core import Preview, Tool, ToolContext, hookimpl, tool
from agent_plugin_files import changes, listing, moving, reading
from agent_plugin_files.edits import edited, written
from agent_plugin_files.text import counted, human_size


@dataclass(frozen=True)
class FileChange:
    """What a change did."""

    path: str
    size_bytes: int
    """Of the file as it is now; 0 if it is gone."""
    text: str


@tool(
    read_only=True,
    idempotent=True,
    private_data=True,
    untrusted_content=True,  # a file's name is text too, and not always its owner's
    examples=[
        "List the files in this folder",
        "What are the three largest files here?",
        "Which CSV files are in the data folder?",
        "Which file was changed last?",
        "Find all python files, in the subfolders too",
        "How many files does the folder 'src' contain?",
        "Count the text files in this directory",
        "Show the contents of the folder 'data/raw'",
        "What's in this folder?",
        "What have I got in here?",
    ],
)
def list_files(
    ctx: ToolContext,
    folder: str = ".",
    pattern: str | None = None,
    sort_by: Literal["name", "size", "modified"] = "name",
    order: Literal["ascending", "descending"] | None = None,
    limit: int | None = None,
    recursive: bool = False,
    include_hidden: bool = False,
) -> listing.FileList:
    """List the files in a folder, with size and date: all, the largest, the newest, or those matching a pattern.

    Args:
        folder: The folder to look in; "." is the folder the user works in.
        pattern: Only names like this, with * for anything: "*.csv", "report*".
        sort_by: By name, by size (largest or smallest files) or by when they were modified (newest, oldest, most
            recently, most recent, latest, edited last, changed last).
        order: "ascending" is A to Z, smallest first, oldest first; "descending" is the reverse. Left out: names
            ascending, sizes and dates descending.
        limit: How many files at most, such as 3 for the three largest.
        recursive: Look in the subfolders too.
        include_hidden: Also names that begin with a dot.
    """
    return listing.list_folder(ctx, folder, pattern, sort_by, order, limit, recursive, include_hidden)


@tool(
    read_only=True,
    idempotent=True,
    private_data=True,
    untrusted_content=True,
    examples=[
        "Read notes.txt",
        "What does the file config/settings.yaml say?",
        "Show me the contents of README.md",
        "Open todo.md and tell me what is in it",
        "What is written in letter.txt?",
        "Show 20 lines of server.log from line 100",
    ],
)
def read_file(ctx: ToolContext, path: str, start_line: int = 1, max_lines: int = 2000) -> reading.FileText:
    """Read a text file and show its contents, or some of its lines.

    Args:
        path: The file to read, such as notes.txt or docs/plan.md.
        start_line: The first line to read, counted from 1.
        max_lines: How many lines at most.
    """
    return reading.read_window(ctx, path, start_line, max_lines)


@tool(
    read_only=True,
    idempotent=True,
    private_data=True,
    untrusted_content=True,
    examples=[
        "Search my files for 'invoice 4411'",
        "Which files mention the Hamburg office?",
        "Which of my documents talk about 'heat pumps'?",
        "Is there a file that says something about the Lisbon trip?",
        "Find TODO in the python files",
        "Where in this folder does the word deadline occur?",
    ],
)
def search_files(
    ctx: ToolContext,
    query: str,
    pattern: str | None = None,
    folder: str = ".",
    case_sensitive: bool = False,
    regular_expression: bool = False,
) -> reading.SearchResult:
    """Search inside the text files of a folder and its subfolders for a word or phrase; says file and line.

    Args:
        query: The word or phrase to search for.
        pattern: Only in files with names like this: "*.py".
        folder: The folder to search in; "." is the folder the user works in.
        case_sensitive: Tell upper from lower case.
        regular_expression: The query is a regular expression, not plain text.
    """
    return reading.search(ctx, query, folder, pattern, case_sensitive, regular_expression)


def _preview_write(ctx: ToolContext, path: str, content: str, append: bool = False) -> Preview:
    return changes.planned(ctx, path, written(content, append)).preview()


@tool(
    destructive=True,
    preview=_preview_write,
    undo=changes.undo,
    rule_args=("path",),
    examples=[
        "Write 'Call the plumber' to todo.txt",
        "Save the result in summary.md",
        "Create a file hello.txt that says Hello world",
        "Append 'milk' to shopping.txt",
        "Add a line with today's total to log/totals.txt",
    ],
)
def write_file(ctx: ToolContext, path: str, content: str, append: bool = False) -> FileChange:
    """Write text to a file: create it, replace what it holds, or append at its end.

    Args:
        path: The file to write, such as summary.txt; missing folders are made.
        content: The text to write, exactly.
        append: Add the text at the end (the bottom), on a new line, and keep what the file holds already.
    """
    change = changes.carry_out(ctx, path, written(content, append))
    size = len(change.after or b"")
    verb = "Created" if change.before is None else "Added to" if append else "Replaced"
    now = f"now {human_size(size)}" if change.before is not None else human_size(size)
    return FileChange(change.path, size, f"{verb} {change.path} ({now}).")


def _preview_edit(ctx: ToolContext, path: str, old: str, new: str, all: bool = False) -> Preview:
    return changes.planned(ctx, path, edited(old, new, all)).preview()


@tool(
    destructive=True,
    preview=_preview_edit,
    undo=changes.undo,
    rule_args=("path",),
    examples=[
        "Replace 'Tuesday' with 'Thursday' in invitation.txt",
        "In config.ini change port=80 to port=8080",
        "Rename every 'colour' to 'color' in style.css",
        "Remove the line 'draft' from report.md",
    ],
)
def edit_file(ctx: ToolContext, path: str, old: str, new: str, all: bool = False) -> FileChange:
    """Edit a text file: replace a piece of its text by another and leave the rest untouched.

    Args:
        path: The file to edit.
        old: The exact text to replace; it must occur once, unless all is true.
        new: The text to put in its place; empty removes it.
        all: Replace every occurrence.
    """
    change = changes.carry_out(ctx, path, edited(old, new, all))
    return FileChange(change.path, len(change.after or b""), f"Edited {change.path}.")


@tool(
    preview=moving.preview_move,
    undo=moving.undo_move,
    examples=[
        "Rename draft.txt to final.txt",
        "Move report.pdf to the archive folder",
        "Put photo.jpg into pictures/2027",
    ],
)
def move_file(ctx: ToolContext, source: str, destination: str) -> FileChange:
    """Move or rename a file or folder; never over one that exists.

    Args:
        source: The file or folder to move.
        destination: Its new name, or the folder to put it into.
    """
    renaming = moving.move(ctx, source, destination)
    return FileChange(renaming.destination, 0, f"Moved {renaming.source} to {renaming.destination}.")


@tool(
    destructive=True,
    preview=moving.preview_deletion,
    undo=changes.undo,
    rule_args=("path",),
    examples=["Delete old.txt", "Remove the file drafts/letter.md", "Get rid of temp.log", "Throw away junk.tmp"],
)
def delete_file(ctx: ToolContext, path: str) -> FileChange:
    """Delete a file.

    Args:
        path: The file to delete.
    """
    deleted = moving.delete(ctx, path)
    return FileChange(deleted, 0, f"Deleted {deleted}.")


@tool(
    idempotent=True,
    preview=moving.preview_folders,
    undo=moving.undo_folders,
    examples=[
        "Make a folder called archive",
        "Create the directory reports/2027",
        "I need a new folder named invoices",
    ],
)
def make_folder(ctx: ToolContext, path: str) -> FileChange:
    """Make a new folder, with the folders above it.

    Args:
        path: The folder to make.
    """
    made = moving.make_folders(ctx, path)
    return FileChange(path, 0, f"Made {counted(len(made), 'folder')}: {path}." if made else f"{path} exists already.")


@hookimpl
def agent_core_tools() -> list[Tool]:
    """The tools of this plugin."""
    return [list_files, read_file, search_files, write_file, edit_file, move_file, delete_file, make_folder]
