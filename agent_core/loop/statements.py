"""The statements of an answer, each with what it cites, and those that nothing carries."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agent_core.loop.sources import CITATION, Source, cited_in, numbered

_CODE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_BEHIND = re.compile(r"([.!?])((?:\s*\[\d{1,4}\])+)")
_ADDRESS = re.compile(r"\(?\b\w{2,10}://\S+|<[^<>\s]+>")
_MARKS = re.compile(r"^\s*(?:[-*+•>|]|#{1,6}|\d{1,3}[.)])\s+|(?<!\w)[*_`]{1,3}|[*_`]{1,3}(?!\w)")
_TALK = re.compile(r"\b(?:I|I'm|I've|we|you|your|me|let me|please)\b|\?\s*$|:\s*$", re.IGNORECASE)
"""What is said to the reader, asked, or leads over to a list is no statement about the sources."""
_FEWEST_WORDS = 4
_MOST = 200
"""Sentences of an answer that are judged; nobody reads more notes than that."""
_LONGEST = 1_500
_SURE = 0.85
_FEWEST_ABSENT = 2
"""With this doubt, and so many names and figures that stand nowhere, a sentence without a citation is named: it may sum
up several others, or lead from one to the next."""


@dataclass(frozen=True)
class Unsupported:
    """A statement that its sources do not carry."""

    sentence: str
    cited: tuple[Source, ...]
    """Empty for a sentence that names no source, in an answer that names some."""
    reasons: tuple[str, ...]


def unsupported_in(text: str, sources: Sequence[Source], known: str = "") -> list[Unsupported]:
    """The statements of an answer that its sources do not carry; nothing where the answer names no source.

    Args:
        text: The answer.
        sources: Those in the results of the run.
        known: What else was said or returned, for sentences that name no source.
    """
    from agent_core.loop.support import judge

    numbers = numbered(text, sources)
    statements = [(sentence, cited_in(sentence, numbers, sources)) for sentence in _sentences(text)][:_MOST]
    if not any(cited for _, cited in statements):
        return []
    found: list[Unsupported] = []
    for sentence, cited in statements:
        plain = _plain(sentence, sources)
        if len(plain.split()) < _FEWEST_WORDS:
            continue
        if cited:
            judged = judge(plain, [one.text for one in cited])
            if not judged.supported:
                found.append(Unsupported(plain, tuple(dict.fromkeys(cited)), judged.reasons))
        elif not _TALK.search(sentence):
            judged = judge(plain, [*(one.text for one in sources), known])
            if judged.doubt >= _SURE and judged.absent >= _FEWEST_ABSENT:
                found.append(Unsupported(plain, (), judged.reasons))
    return found


def _sentences(text: str) -> Iterator[str]:
    """The sentences of an answer as they stand there; citations behind a full stop belong to the sentence before it."""
    from agent_core.loop.support.reading import sentences

    prose = _BEHIND.sub(r"\2\1", _CODE.sub("\n\n", text))
    for line in prose.splitlines():
        yield from sentences(line[: 20 * _LONGEST])


def _plain(sentence: str, sources: Sequence[Source]) -> str:
    """A sentence without its citations, the sources that it names, and marks of lists."""
    for name in sorted({one.source for one in sources if one.source in sentence}, key=len, reverse=True):
        sentence = sentence.replace(f"({name})", " ").replace(name, " ") if name else sentence
    plain = _MARKS.sub("", _ADDRESS.sub(" ", CITATION.sub(" ", sentence)))
    return re.sub(r"\s+([.,;:!?])", r"\1", " ".join(plain.split()))[:_LONGEST]
