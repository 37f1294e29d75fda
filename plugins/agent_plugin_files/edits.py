"""What write_file and edit_file make of a file's content; encodings and line ends stay those of the file."""

from __future__ import annotations

from itertools import islice

from agent_core import ToolArgumentError
from agent_plugin_files.changes import Transform
from agent_plugin_files.text import Text, decode, encodable

_PLACES_NAMED = 10


def written(content: str, append: bool) -> Transform:
    """Replace everything by `content`, or add it at the end, on a line of its own."""
    encodable("content", content)

    def transform(path: str, before: bytes | None) -> bytes:
        if not append or not before:
            return content.encode()
        text = decode(path, before)
        gap = "" if not text.content or text.content.endswith("\n") else text.newline
        return text.having(text.content + gap + text.with_newlines(content)).encode()

    return transform


def edited(old: str, new: str, everywhere: bool) -> Transform:
    """Replace `old`, which must occur exactly once unless `everywhere`, by `new`."""
    if not old:
        raise ToolArgumentError("old is empty; give the exact text to replace, or use write_file to add text.")
    encodable("old", old)
    encodable("new", new)

    def transform(path: str, before: bytes | None) -> bytes:
        if before is None:
            raise ToolArgumentError(f"There is no file {path!r} to edit; write_file makes one.")
        text = decode(path, before)
        wanted, replacement = text.with_newlines(old), text.with_newlines(new)
        count = text.content.count(wanted)
        if count == 0:
            raise ToolArgumentError(
                f"{old!r:.200} does not occur in {path!r}{_nearly(text, old)}; read the file first."
            )
        if count > 1 and not everywhere:
            lines = ", ".join(map(str, _lines_of(text.content, wanted)))
            more = ", ..." if count > _PLACES_NAMED else ""
            raise ToolArgumentError(
                f"{old!r:.200} occurs {count} times in {path!r} (lines {lines}{more}); "
                "give more of the text around it, or set all to true."
            )
        return text.having(text.content.replace(wanted, replacement)).encode()

    return transform


def _lines_of(content: str, wanted: str) -> list[int]:
    """The line numbers of the first occurrences."""

    def positions() -> list[int]:
        found: list[int] = []
        start = content.find(wanted)
        while start >= 0 and len(found) < _PLACES_NAMED:
            found.append(start)
            start = content.find(wanted, start + len(wanted))
        return found

    return [content.count("\n", 0, position) + 1 for position in positions()]


def _nearly(text: Text, old: str) -> str:
    """Where the text does occur if case and white space are left aside: the usual slip."""
    first = " ".join(old.casefold().split())
    lines = enumerate(text.content.split("\n"), 1)
    near = list(islice((n for n, line in lines if first and first in " ".join(line.casefold().split())), 3))
    return f" (line {near[0]} has it with other case or spaces)" if near else ""
