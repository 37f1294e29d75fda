"""Documents cut into passages: along headings and paragraphs, sentences where a paragraph is too long."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby, pairwise
from urllib.parse import quote

from agent_plugin_graph.ingest.document import Block, Document
from agent_plugin_graph.passage import Passage

MOST_CHARACTERS = 900
"""Of a passage: a few paragraphs, which can be quoted whole."""
_MOST_APART = 100
_PLAIN_WORDS = re.compile(r"[^\W_]+(?:[ ,][^\W_]+){1,7}")
"""Words of a page as they stand there: no marks of Markdown among them."""
_ROWS = re.compile(r"\s*(?:[|*+•-]|\d+[.)])\s*\S.*\n\s*\S")
"""How a list or table begins."""
_LINE_END = re.compile(r"\n")
_SENTENCE_END = re.compile(r"(?<=[.!?。！？])\s+")


def passages_of(document: Document, source: str) -> list[Passage]:
    """The passages of a document, in order; each is titled by its heading, and the document's title opens the first."""
    found: list[Passage] = []
    for number, pieces in enumerate(_gathered(document)):
        first, last = pieces[0], pieces[-1]
        headings = first.headings or (document.title,)
        title = first.key or headings[-1]
        above = [heading for heading in (document.title, *headings) if heading != title]
        found.append(
            Passage(
                id=f"{source}#{number}",
                title=title,
                text=_text(document, pieces),
                source=source,
                locator=_locator(document, first, last),
                link=_link(document, source, first),
                names=(document.title,) if number == 0 and document.title != title else (),
                context=" > ".join(dict.fromkeys(above)),
            )
        )
    return found


def _gathered(document: Document) -> Iterator[list[Block]]:
    """Blocks under one heading, as many together as a passage holds; a block with a key stays alone."""
    alone = iter(range(len(document.blocks)))
    for _, under in groupby(document.blocks, lambda b: (b.headings, b.part, b.key, next(alone) if b.key else 0)):
        gathered: list[Block] = []
        for block in (piece for whole in under for piece in _cut(whole)):
            size = sum(len(piece.text) for piece in gathered)
            if gathered and (size + len(block.text) > MOST_CHARACTERS or _page_turns(document, gathered[-1], block)):
                yield gathered
                gathered = []
            gathered.append(block)
        yield gathered


def _page_turns(document: Document, before: Block, block: Block) -> bool:
    return document.unit == "page" and before.last != block.first


def _cut(block: Block) -> Iterator[Block]:
    """A block in pieces of at most `MOST_CHARACTERS`.

    A list or table is cut at the ends of lines, other text at those of sentences, else of words, else anywhere.
    """
    by_rows = bool(_ROWS.match(block.text))
    rest, first = block.text, block.first
    by_lines = block.text.count("\n") == block.last - block.first
    while len(rest) > MOST_CHARACTERS:
        head = rest[:MOST_CHARACTERS]
        ends = [match.start() for match in (_LINE_END if by_rows else _SENTENCE_END).finditer(head)]
        cut = ends[-1] if ends else head.rfind(" ")
        cut = cut if cut > MOST_CHARACTERS // 4 else MOST_CHARACTERS
        piece, following = rest[:cut].rstrip(), rest[cut:].lstrip()
        lines = rest[: len(rest) - len(following)].count("\n") if by_lines else 0
        yield replace(block, text=piece, first=first, last=first + piece.count("\n") if by_lines else block.last)
        rest, first = following, first + lines
    if rest:
        yield replace(block, text=rest, first=first)


def _text(document: Document, pieces: list[Block]) -> str:
    """The pieces with as many line ends between them as in the document: a line of it is a line of the passage."""
    text = pieces[0].text
    for before, piece in pairwise(pieces):
        apart = piece.first - before.last if document.unit == "line" else 1
        text += "\n" * min(max(apart, 1), _MOST_APART) + piece.text
    return text


def _locator(document: Document, first: Block, last: Block) -> str:
    place = f"{document.unit} {first.first}"
    if last.last != first.first:
        place = f"{document.unit}s {first.first}-{last.last}"
    return f"{first.part} {place}".lstrip()


def _link(document: Document, source: str, first: Block) -> str:
    if is_address(source) and document.unit != "page":
        return _fragment(source, first)
    match document.unit:
        case "line":
            return f"{source}:{first.first}"
        case "page":
            return f"{source}#page={first.first}"
        case "row":
            return f"{source}#{first.part}!A{first.first}" if first.part else f"{source}:{first.first}"
        case unit:
            return f"{source}#{unit}={first.first}"


def is_address(source: str) -> bool:
    """Whether a source is on the web, and no file."""
    return source.startswith(("http://", "https://"))


def _fragment(url: str, first: Block) -> str:
    """The page at the words with which the passage begins, as browsers understand it (a text fragment)."""
    words = _PLAIN_WORDS.match(first.text)
    return f"{url}#:~:text={quote(words[0], safe='')}" if words else url
