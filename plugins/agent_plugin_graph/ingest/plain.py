"""Markdown, reStructuredText and plain text: headings and paragraphs with their lines."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent

from agent_plugin_graph.ingest.document import Block, Document, UnreadableError

_HEADING = re.compile(r"(#{1,6})\s+(.+?)\s*#*\s*")
_UNDERLINE = re.compile(r"(=+|-{3,})\s*")
_FENCE = re.compile(r"\s*(`{3,}|~{3,})")
_FRONT_MATTER = re.compile(r"---\s*")
_TITLE = re.compile(r"title:\s*(.+)", re.IGNORECASE)
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_MARKS = re.compile(r"[`*]+|<a\b[^>]*>|</a>|\{#[\w-]+\}\s*$")
_ADORNMENT = re.compile(r"([!-/:-@\[-`{-~])\1{2,}\s*")
"""A line of one punctuation character, as it stands under (and over) the titles of reStructuredText."""


def decoded(raw: bytes) -> str:
    """Bytes as text: UTF-8 or UTF-16 by their mark, else UTF-8, else Windows-1252.

    Raises:
        UnreadableError: these are no characters.
    """
    encoding = "utf-16" if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        text = raw.decode("cp1252", errors="replace")
    if "\0" in text:
        raise UnreadableError("it is not text")
    return text


class _Gatherer:
    """Blocks of a text that is read line by line; what a heading says stands above the blocks that follow."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.headings: list[tuple[int, str]] = []
        """Level and text of every heading, in order."""
        self._above: dict[int, str] = {}
        self._lines: list[str] = []
        self._first = 1
        self._empty: tuple[int, int, str] | None = None
        """Line, level and text of the last heading, until there is something below it."""

    def line(self, number: int, line: str) -> None:
        """Another line of the paragraph."""
        if not self._lines:
            self._first = number
        self._lines.append(line)

    def close(self, number: int) -> None:
        """The paragraph ended with that line."""
        if text := dedent("\n".join(self._lines)).rstrip():
            headings = tuple(self._above[level] for level in sorted(self._above))
            self.blocks.append(Block(text, headings, self._first, number))
            self._empty = None
        self._lines.clear()

    def heading(self, number: int, level: int, text: str) -> None:
        """A heading, on that line."""
        self.close(number - 1)
        self._keep_empty(level)
        self.headings.append((level, text))
        self._above = {upper: name for upper, name in self._above.items() if upper < level} | {level: text}
        self._empty = number, level, text

    def end(self, number: int) -> None:
        """The text ended with that line."""
        self.close(number)
        self._keep_empty(0)

    def _keep_empty(self, level: int) -> None:
        """A heading with nothing below it is a text itself; one with headings below it stands above their text."""
        if self._empty and level <= self._empty[1]:
            number, _, text = self._empty
            self.blocks.append(Block(text, tuple(self._above[upper] for upper in sorted(self._above)), number, number))
        self._empty = None

    def single(self) -> str:
        """The paragraph, if it is a single line, which is then taken for something else; else nothing."""
        return self._lines.pop() if len(self._lines) == 1 else ""

    def underlined(self, line: str) -> tuple[str, bool]:
        """The title that this line stands under, taken out of the paragraph, and whether it stands over it too."""
        over = len(self._lines) == 2 and self._lines[0].rstrip() == line.rstrip()
        if (len(self._lines) == 1 or over) and len(self._lines[-1].rstrip()) <= len(line.rstrip()) + 1:
            title = self._lines[-1].strip()
            self._lines.clear()
            return title, over
        return "", False

    def title(self) -> str:
        """The heading that is above all others; nothing where there is none."""
        levels = [level for level, _ in self.headings]
        return self.headings[0][1] if levels and levels.count(levels[0]) == 1 and levels[0] == min(levels) else ""


def read_markdown(path: Path, raw: bytes) -> Document:
    """A Markdown file by its headings."""
    return markdown_document(decoded(raw), _name(path))


def markdown_document(text: str, name: str) -> Document:
    """Markdown by its headings; `name` is its title where it gives itself none."""
    found = _Gatherer()
    lines = text.splitlines()
    skipped = _front_matter(lines)
    fence = ""
    for number, line in enumerate(lines[skipped:], start=skipped + 1):
        mark = _FENCE.match(line)
        if mark and (not fence or mark[1].startswith(fence)):
            fence = "" if fence else mark[1]
        heading = None if fence else _HEADING.fullmatch(line)
        underline = None if fence else _UNDERLINE.fullmatch(line)
        if heading:
            found.heading(number, len(heading[1]), _unmarked(heading[2]))
        elif underline and (above := found.single()):
            found.heading(number - 1, 1 if line.startswith("=") else 2, _unmarked(above))
        elif line.strip() or fence:
            found.line(number, line)
        else:
            found.close(number - 1)
    found.end(len(lines))
    told = next((match[1].strip("\"' ") for line in lines[1:skipped] if (match := _TITLE.fullmatch(line.strip()))), "")
    return Document(told or found.title() or name, "line", tuple(found.blocks))


def read_text(path: Path, raw: bytes) -> Document:
    """A text file by its paragraphs, and by the headings that are underlined in it, as reStructuredText does."""
    found = _Gatherer()
    lines = decoded(raw).splitlines()
    levels: list[str] = []
    for number, line in enumerate(lines, start=1):
        title, over = found.underlined(line) if _ADORNMENT.fullmatch(line) else ("", False)
        if title:
            style = line[0] * (1 + over)
            levels += [] if style in levels else [style]
            found.heading(number - 1, levels.index(style), title)
        elif line.strip():
            found.line(number, line)
        else:
            found.close(number - 1)
    found.end(len(lines))
    return Document(found.title() or _name(path), "line", tuple(found.blocks))


def _unmarked(heading: str) -> str:
    """A heading as it is read: without the marks of links, code and emphasis."""
    return _MARKS.sub("", _LINK.sub(r"\1", heading)).strip() or heading


def _front_matter(lines: list[str]) -> int:
    """How many lines of settings stand before the text."""
    if lines and _FRONT_MATTER.fullmatch(lines[0]):
        for number, line in enumerate(lines[1:100], start=2):
            if _FRONT_MATTER.fullmatch(line):
                return number
    return 0


def _name(path: Path) -> str:
    return path.stem.replace("_", " ").replace("-", " ").strip() or path.name
