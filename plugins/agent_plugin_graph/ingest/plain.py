"""Markdown and plain text: headings and paragraphs with their lines."""

from __future__ import annotations

import re
from pathlib import Path

from agent_plugin_graph.ingest.document import Block, Document, UnreadableError

_HEADING = re.compile(r"(#{1,6})\s+(.+?)\s*#*\s*")
_UNDERLINE = re.compile(r"(=+|-{3,})\s*")
_FENCE = re.compile(r"\s*(```|~~~)")
_FRONT_MATTER = re.compile(r"---\s*")


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


def read_markdown(path: Path, raw: bytes) -> Document:
    """A Markdown file by its headings."""
    return markdown_document(decoded(raw), _name(path))


def markdown_document(text: str, name: str) -> Document:
    """Markdown by its headings; `name` is its title where it has none."""
    blocks: list[Block] = []
    above: dict[int, str] = {}
    paragraph: list[str] = []
    started, fenced = 1, False
    lines = text.splitlines()
    skipped = _front_matter(lines)

    def close(line: int) -> None:
        text = "\n".join(paragraph).strip()
        if text:
            blocks.append(Block(text, tuple(above[level] for level in sorted(above)), started, line))
        paragraph.clear()

    for number, line in enumerate(lines[skipped:], start=skipped + 1):
        fenced ^= bool(_FENCE.match(line))
        heading = None if fenced else _HEADING.fullmatch(line)
        underline = None if fenced else _UNDERLINE.fullmatch(line)
        if heading or (underline and len(paragraph) == 1):
            level = len(heading[1]) if heading else 1 if underline and underline[0].startswith("=") else 2
            name = heading[2] if heading else paragraph.pop()
            close(number - 1)
            above = {upper: title for upper, title in above.items() if upper < level} | {level: name.strip()}
        elif line.strip() or fenced:
            if not paragraph:
                started = number
            paragraph.append(line)
        else:
            close(number - 1)
    close(len(lines))
    title = next((block.headings[0] for block in blocks if block.headings), name)
    return Document(title, "line", tuple(blocks))


def read_text(path: Path, raw: bytes) -> Document:
    """A text file by its paragraphs."""
    blocks: list[Block] = []
    paragraph: list[str] = []
    lines = decoded(raw).splitlines()
    for number, line in enumerate([*lines, ""], start=1):
        if line.strip():
            paragraph.append(line)
        elif paragraph:
            blocks.append(Block("\n".join(paragraph).strip(), (), number - len(paragraph), number - 1))
            paragraph = []
    return Document(_name(path), "line", tuple(blocks))


def _front_matter(lines: list[str]) -> int:
    """How many lines of settings stand before the text."""
    if lines and _FRONT_MATTER.fullmatch(lines[0]):
        for number, line in enumerate(lines[1:100], start=2):
            if _FRONT_MATTER.fullmatch(line):
                return number
    return 0


def _name(path: Path) -> str:
    return path.stem.replace("_", " ").replace("-", " ").strip() or path.name
