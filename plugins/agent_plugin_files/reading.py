"""Text out of files: a window of one file's lines, or the lines in many files that hold something."""

from __future__ import annotations

import codecs
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from time import monotonic
from typing import BinaryIO

from agent_core import ToolArgumentError, ToolContext, ToolError
from agent_core.tools.workspace import open_file
from agent_plugin_files.listing import matches, walk
from agent_plugin_files.text import binary_kind, byte_order_mark, counted, decode, printable, refuse_binary

WHOLE_FILE_BYTES = 5_000_000
"""Up to here a file is read whole and its lines are counted; beyond, only as far as the window reaches."""
MAX_CHARACTERS = 200_000
MAX_LINES = 5000
_LONGEST_LINE = 1_000_000
_QUOTED = 2000
_MAX_MATCHES = 200
_MAX_SEARCHED_BYTES = 500_000_000
_SEARCH_S = 30.0
_EXPRESSION_S = 1.0


@dataclass(frozen=True)
class FileText:
    """Lines of a text file."""

    path: str
    content: str
    lines: int
    """How many lines `content` holds."""
    total_lines: int | None
    """Of the whole file; None where it is too large to count."""
    truncated: bool
    """Whether the file goes on after `content`."""
    encoding: str
    text: str
    """What was read, in a form to quote: shortened if it is long."""


@dataclass(frozen=True)
class Match:
    """A line that holds what was searched for."""

    path: str
    line: int
    content: str


@dataclass(frozen=True)
class SearchResult:
    """Where something occurs."""

    matches: list[Match]
    files: list[str]
    """The files that hold it."""
    files_searched: int
    truncated: bool
    text: str


def read_window(ctx: ToolContext, path: str, start_line: int, max_lines: int) -> FileText:
    """Read lines of a text file; see the tool `read_file`."""
    if start_line < 1 or max_lines < 1:
        raise ToolArgumentError(f"start_line {start_line} and max_lines {max_lines} count from 1.")
    max_lines = min(max_lines, MAX_LINES)
    with open_file(ctx, path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > WHOLE_FILE_BYTES:
            lines, encoding = _stream(ctx, path, file, size)
            window = list(islice(lines, start_line - 1, start_line + max_lines))
            total = None
        else:
            text = decode(path, file.read(WHOLE_FILE_BYTES))
            every = text.content.split("\n")
            every = [f"{line}\n" for line in every[:-1]] + every[-1:]
            every = every if every[-1] else every[:-1]
            window, total, encoding = every[start_line - 1 : start_line + max_lines], len(every), text.encoding
    if not window and start_line > 1:
        known = f" {path!r} has {counted(total, 'line')}." if total is not None else ""
        raise ToolArgumentError(f"start_line {start_line} is after the end.{known}")
    kept = _within_budget(window[:max_lines])
    return _file_text(path, kept, start_line, total, len(kept) < len(window), encoding)


def _within_budget(lines: list[str]) -> list[str]:
    """As many lines as `MAX_CHARACTERS` allow, at least a part of the first."""
    room = MAX_CHARACTERS
    kept: list[str] = []
    for line in lines:
        if len(line) > room and kept:
            break
        kept.append(line[:room])
        room -= len(line)
    return kept


def _file_text(path: str, lines: list[str], start: int, total: int | None, more: bool, encoding: str) -> FileText:
    raw = "".join(lines)
    content = printable(raw)
    invalid = sum("\udc80" <= character <= "\udcff" for character in raw)
    more = more or (total is not None and start - 1 + len(lines) < total)
    notes: list[str] = []
    if more or start > 1:
        of = f" of {total:,}" if total is not None else ""
        notes.append(f"lines {start:,}-{start + len(lines) - 1:,}{of}")
    if invalid:
        notes.append(f"{counted(invalid, 'byte')} not valid {encoding}, shown as \ufffd")
    head = f"{path} ({'; '.join(notes)})" if notes else path
    quoted = content if len(content) <= _QUOTED else content[:_QUOTED] + "\n..."
    text = f"{head} is empty." if not content else f"{head}:\n{quoted}"
    return FileText(path, content, len(lines), total, more, encoding, text)


def _stream(ctx: ToolContext, path: str, file: BinaryIO, size: int) -> tuple[Iterator[str], str]:
    """The lines of a file too large to hold, each at most `_LONGEST_LINE` long."""
    head = file.read(8192)
    refuse_binary(path, head, size)
    mark, encoding = byte_order_mark(head)
    file.seek(len(mark))
    errors = "surrogateescape" if encoding == "utf-8" else "replace"
    reader = codecs.getreader(encoding)(file, errors)

    def lines() -> Iterator[str]:
        pending = ""
        while not ctx.cancelled.is_set():
            block = reader.read(1 << 16)
            pieces = (pending + block).split("\n")
            pending = pieces.pop()
            yield from (f"{piece}\n" for piece in pieces)
            if len(pending) > _LONGEST_LINE or not block:
                if pending:
                    yield pending
                pending = ""
            if not block:
                return

    return lines(), encoding


def search(
    ctx: ToolContext, query: str, folder: str, pattern: str | None, case_sensitive: bool, regular_expression: bool
) -> SearchResult:
    """Find lines in the text files below `folder`; see the tool `search_files`."""
    hit = _matcher(query, case_sensitive, regular_expression)
    found: list[Match] = []
    searched, budget, deadline = 0, _MAX_SEARCHED_BYTES, monotonic() + _SEARCH_S
    complete = True
    for entry in walk(ctx, folder, recursive=True, hidden=False):
        if entry.is_folder or not matches(entry.path, pattern):
            continue
        budget -= entry.status.st_size
        if budget < 0 or monotonic() > deadline or len(found) >= _MAX_MATCHES:
            complete = False
            break
        for number, line in _lines_if_text(ctx, "/".join(entry.parts)):
            if number == 1:
                searched += 1
            if (span := hit(line)) is not None:
                found.append(Match(entry.path, number, _excerpt(line, span)))
                if len(found) >= _MAX_MATCHES:
                    complete = False
                    break
    files = list(dict.fromkeys(match.path for match in found))
    return SearchResult(found, files, searched, not complete, _search_text(query, found, files, searched, complete))


def _lines_if_text(ctx: ToolContext, path: str) -> Iterator[tuple[int, str]]:
    """Numbered lines of a file; nothing if it is binary, or cannot be opened (any more)."""
    try:
        with open_file(ctx, path) as file:
            head = file.read(8192)
            if binary_kind(head):
                return
            file.seek(0)
            lines, _ = _stream(ctx, path, file, 0)
            yield from enumerate(lines, 1)
    except ToolError:
        return


def _matcher(query: str, case_sensitive: bool, regular_expression: bool) -> Callable[[str], tuple[int, int] | None]:
    """A function from a line to where in it the query is found."""
    if not query.strip() or len(query) > 1000:
        raise ToolArgumentError("query must hold between 1 and 1,000 characters.")
    if regular_expression:
        return _expression(query, case_sensitive)
    wanted = query if case_sensitive else query.casefold()

    def literal(line: str) -> tuple[int, int] | None:
        at = (line if case_sensitive else line.casefold()).find(wanted)
        return None if at < 0 else (at, at + len(wanted))

    return literal


def _expression(query: str, case_sensitive: bool) -> Callable[[str], tuple[int, int] | None]:
    """A regular expression under a time limit: some take longer than the universe on a short line."""
    import regex

    try:
        compiled = regex.compile(query, 0 if case_sensitive else regex.IGNORECASE)
    except (regex.error, RecursionError) as error:
        raise ToolArgumentError(f"{query!r:.100} is not a regular expression ({error}); or search for text.") from None
    spent = 0.0

    def match(line: str) -> tuple[int, int] | None:
        nonlocal spent
        start = monotonic()
        try:
            result = compiled.search(line, timeout=max(_EXPRESSION_S - spent, 0.001), concurrent=True)
        except TimeoutError:
            raise ToolArgumentError(f"The expression {query!r:.100} takes too long; use a simpler one.") from None
        taken = monotonic() - start
        spent += taken if taken > 0.001 else 0.0  # Only slow lines use the budget up: many quick ones are no attack.
        return result.span() if result else None

    return match


def _excerpt(line: str, span: tuple[int, int]) -> str:
    """The line, or what stands around the match in a very long one."""
    line = printable(line.rstrip("\r\n"))
    if len(line) <= 300:
        return line
    start = max(0, span[0] - 100)
    return ("..." if start else "") + line[start : start + 300] + ("..." if start + 300 < len(line) else "")


def _search_text(query: str, found: list[Match], files: list[str], searched: int, complete: bool) -> str:
    if not found:
        partly = "" if complete else " Not everything was searched; name a folder or a pattern."
        return f"{query!r:.100} was not found in {counted(searched, 'text file')}.{partly}"
    head = f"{query!r:.100} occurs in {counted(len(found), 'line')} of {counted(len(files), 'file')}:"
    lines = [f"{match.path}:{match.line}: {match.content.strip()}" for match in found[:20]]
    if len(found) > 20 or not complete:
        lines.append("... and more" if not complete else f"... and {len(found) - 20} more")
    return "\n".join([head, *lines])
