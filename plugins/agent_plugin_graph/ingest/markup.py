"""HTML pages by their headings and blocks; scripts, styles and navigation are left out."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from textwrap import dedent
from typing import Any

from agent_plugin_graph.ingest.document import Block, Document, UnreadableError

_HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}
_INLINE = frozenset(
    {
        "a",
        "abbr",
        "b",
        "bdi",
        "bdo",
        "cite",
        "code",
        "data",
        "del",
        "dfn",
        "em",
        "font",
        "i",
        "ins",
        "kbd",
        "label",
        "mark",
    }
    | {"q", "s", "samp", "small", "span", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr"}
)
"""Elements within a line of text; every other one begins a new block."""
_CELLS = ("td", "th")
_CONTENTS = 4
"""Links in a row that make a table of contents."""
_LEFT_OUT = ("head", "script", "style", "nav", "noscript", "template", "svg", "form", "iframe")


def read_html(path: Path, raw: bytes) -> Document:
    """An HTML page; places are the lines of its source."""
    from lxml import etree, html  # pyright: ignore[reportAttributeAccessIssue]

    try:
        root = html.document_fromstring(raw, parser=html.HTMLParser(no_network=True, huge_tree=False))
    except (etree.LxmlError, ValueError) as error:
        raise UnreadableError("it holds no HTML") from error
    title = " ".join((root.findtext(".//title") or "").split())
    etree.strip_elements(root, *_LEFT_OUT, with_tail=False)
    reader = _Reader()
    for event, element in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        if event == "start":
            reader.start(element)
        elif event == "end":
            reader.end(element)
        reader.text(element.text if event == "start" else element.tail)
    blocks = reader.blocks()
    return Document(title or next((b.headings[0] for b in blocks if b.headings), path.stem), "line", tuple(blocks))


class _Reader:
    """Gathers text until a block ends; what a heading holds stands above the blocks that follow."""

    def __init__(self) -> None:
        self._found: list[tuple[Block, bool]] = []
        """Each block, and whether it is nothing but links to other places of the page."""
        self._above: dict[int, str] = {}
        self._gathered: list[str] = []
        self._line = 1
        self._verbatim = 0
        self._linked = 0
        """Characters of the block that belong to links within the page."""
        self._in_link = False

    def start(self, element: Any) -> None:
        if element.tag not in _INLINE and element.tag not in _CELLS:
            self._close()
            self._line = int(element.sourceline or self._line)
        self._verbatim += element.tag == "pre"
        if element.tag == "a":
            self._in_link = str(element.get("href") or "").startswith("#")

    def end(self, element: Any) -> None:
        if element.tag in _HEADINGS:
            text, level = self._taken(), _HEADINGS[element.tag]
            if text:
                self._above = {upper: name for upper, name in self._above.items() if upper < level} | {level: text}
        elif element.tag in _CELLS:
            self._gathered.append(" | ")
        elif element.tag not in _INLINE:
            self._close()
        self._verbatim -= element.tag == "pre"
        self._in_link &= element.tag != "a"

    def text(self, text: str | None) -> None:
        if text:
            self._gathered.append(text)
            self._linked += len("".join(text.split())) * self._in_link

    def blocks(self) -> list[Block]:
        """All of them, but for tables of contents: runs of links to places of the same page."""
        kept: list[Block] = []
        for are_links, run in groupby(self._found, lambda found: found[1]):
            together = [block for block, _ in run]
            if not (are_links and len(together) >= _CONTENTS):
                kept += together
        return kept

    def _close(self) -> None:
        linked = self._linked
        if text := self._taken():
            headings = tuple(self._above[level] for level in sorted(self._above))
            are_links = linked >= len("".join(text.split()))
            last = self._line + text.count("\n")
            self._found.append((Block(text, headings, self._line, last), are_links))

    def _taken(self) -> str:
        """What was gathered: as it is written where lines count, else in one line."""
        text = "".join(self._gathered)
        self._gathered.clear()
        self._linked = 0
        if self._verbatim:
            return dedent(text.expandtabs()).strip("\n").rstrip()
        return " ".join(text.split()).strip(" |")
