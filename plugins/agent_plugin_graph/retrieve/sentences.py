"""Sentences, list items and table rows of a passage, and what each is read with: a list's lead-in, a table's head."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_GAP = re.compile(r"(?<=[.!?])[\"'”’)*_]*\s+(?![a-z])|(?<=[。！？])|\s*\n\s*")
_MARKED = re.compile(r"[-*+|#>•]|\d+[.)]\s")
_ITEM = re.compile(r"\s*(?:[-*+•]|\d+[.)])\s")
_RULE = re.compile(r"[\s|:+=-]+")
"""The line between a table's head and its rows."""
_WRAPPED = 50
"""A line of this many characters that goes on in the next one was wrapped; a shorter one is a line of its own."""

Span = tuple[int, int]
"""Where something begins and ends in its passage."""


def sentences(text: str) -> Iterator[Span]:
    """Where each sentence, list item and table row of `text` begins and ends."""
    start = 0
    for gap in _GAP.finditer(text):
        line = gap.start() - text.rfind("\n", 0, gap.start())
        wrapped = (
            gap.group().count("\n") == 1
            and text[gap.start() - 1 : gap.start()] not in ".!?:;|"
            and line > _WRAPPED
            and not _MARKED.match(text, gap.end())
        )
        if not wrapped and text[start : gap.start()].strip():
            yield start, gap.start()
            start = gap.end()
    if text[start:].strip():
        yield start, len(text)


def leads(text: str, spans: Sequence[Span]) -> list[int | None]:
    """For each of the sentences the place of the one that it is read with; None for one that stands by itself.

    An item of a list is read with what introduces the list, a row of a table with the table's head.
    """
    found: list[int | None] = []
    table: int | None = None
    intro: int | None = None
    for place, (start, end) in enumerate(spans):
        written = text[start:end]
        if written.startswith("|"):
            table = place if table is None else table
            found.append(table if table != place and not _RULE.fullmatch(written) else None)
            continue
        table = None
        if _ITEM.match(written):
            found.append(intro)
            continue
        # What goes on within an item is still in the list.
        inside = intro is not None and "\n" not in text[spans[place - 1][1] : start]
        found.append(intro if inside and intro != place - 1 else None)
        if not inside or intro == place - 1:
            opens = place + 1 < len(spans) and _ITEM.match(text, spans[place + 1][0]) is not None
            intro = place if written.endswith(":") or opens else None
    return found


def joined(text: str, before: Span, after: Span) -> bool:
    """Whether two neighbouring ones are of one paragraph, one list or one table."""
    ends = text.count("\n", before[1], after[0])
    marked = {_MARKED.match(text, start) is not None for start, _ in (before, after)}
    return not ends or (ends == 1 and len(marked) == 1)
